"""What one may do with accounts and the audit trail, and who may by default."""

from app.kernel.permission import STAFF_ROLES, PermissionEnum, Role


class Permission(PermissionEnum):
    """<domain>:<resource>:<action>, in alphabetical order."""

    AUDIT_READ = "security:audit-event:read", {Role.PRIVACY_OFFICER}
    AUDIT_VERIFY = "security:audit-event:verify", {Role.ADMIN, Role.PRIVACY_OFFICER}
    PASSWORD_WRITE = "security:my-password:write", STAFF_ROLES
    ROLE_READ = "security:role:read", {Role.ADMIN, Role.PRIVACY_OFFICER}
    ROLE_WRITE = "security:role:write", {Role.ADMIN}
    STAFF_ENTER = "security:staff-area:enter", STAFF_ROLES
    USER_PASSWORD_WRITE = "security:user-password:write", {Role.ADMIN}
    USER_READ = "security:user:read", {Role.ADMIN}
    USER_WRITE = "security:user:write", {Role.ADMIN}
