"""Who may see the clinic's numbers. They name no patient."""

from app.kernel.permission import PermissionEnum, Role


class Permission(PermissionEnum):
    """<domain>:<resource>:<action>, in alphabetical order."""

    SCHEDULING_EXPORT = "analytics:scheduling-report:export", {Role.ADMIN, Role.RECEPTIONIST}
    SCHEDULING_READ = (
        "analytics:scheduling-report:read",
        {Role.ADMIN, Role.RECEPTIONIST, Role.NURSE, Role.PHYSICIAN, Role.DENTIST},
    )
