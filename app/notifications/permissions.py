"""What one may do with messages, and who may by default."""

from app.kernel.permission import PermissionEnum, Role


class Permission(PermissionEnum):
    """<domain>:<resource>:<action>, in alphabetical order."""

    COMMUNICATION_READ = "notifications:communication:read", {Role.ADMIN, Role.RECEPTIONIST}
    COMMUNICATION_RESEND = "notifications:communication:resend", {Role.ADMIN, Role.RECEPTIONIST}
    INBOX_READ = "notifications:inbox:read", frozenset(Role)
    JOB_READ = "notifications:outbox-job:read", {Role.ADMIN}
    JOB_RUN = "notifications:outbox-job:run", {Role.ADMIN}
    MAIL_READ = "notifications:mail:read", {Role.ADMIN, Role.NURSE, Role.RECEPTIONIST}
