"""Who may look at retention, hold records, draw up lists and approve them."""

from app.kernel.permission import PermissionEnum, Role

KEEPERS = {Role.ADMIN, Role.PRIVACY_OFFICER}


class Permission(PermissionEnum):
    """<domain>:<resource>:<action>, in alphabetical order."""

    CERTIFICATE_READ = "retention:disposal-certificate:read", KEEPERS
    DISPOSAL_APPROVE = "retention:disposal:approve", KEEPERS
    DISPOSAL_READ = "retention:disposal:read", KEEPERS
    DISPOSAL_WRITE = "retention:disposal:write", KEEPERS
    HOLD_READ = "retention:legal-hold:read", KEEPERS
    HOLD_WRITE = "retention:legal-hold:write", KEEPERS
