"""Who may look after backups, and who may bring one back. They name no patient."""

from app.kernel.permission import PermissionEnum, Role


class Permission(PermissionEnum):
    """<domain>:<resource>:<action>, in alphabetical order."""

    BACKUP_HOLD = "backup:backup:hold", {Role.ADMIN}
    BACKUP_READ = "backup:backup:read", {Role.ADMIN}
    BACKUP_RUN = "backup:backup:run", {Role.ADMIN}
    RESTORE_APPROVE = "backup:restore:approve", {Role.ADMIN}
    RESTORE_ASK = "backup:restore:ask", {Role.ADMIN}
    RESTORE_READ = "backup:restore:read", {Role.ADMIN}
