"""Who looks after the system, and who is told when nobody does."""

from app.kernel.permission import PermissionEnum, Role


class Permission(PermissionEnum):
    """<domain>:<resource>:<action>, in alphabetical order."""

    ALERT_ACKNOWLEDGE = "operations:alert:acknowledge", {Role.ADMIN, Role.PRIVACY_OFFICER}
    ALERT_READ = "operations:alert:read", {Role.ADMIN, Role.PRIVACY_OFFICER}
    SYSTEM_ACT = "operations:system:act", {Role.ADMIN}
    SYSTEM_READ = "operations:system:read", {Role.ADMIN}
