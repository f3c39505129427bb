"""Who may work on requests and breaches, and who may see what is held about a person."""

from app.kernel.permission import PATIENT_ROLES, PermissionEnum, Role

KEEPERS = {Role.ADMIN, Role.PRIVACY_OFFICER}
# Lists of names and copies of whole records: not for those who only administer (SEC-01).
OFFICER = {Role.PRIVACY_OFFICER}


class Permission(PermissionEnum):
    """<domain>:<resource>:<action>, in alphabetical order."""

    AFFECTED_EXPORT = "privacy:affected-list:export", OFFICER
    AFFECTED_READ = "privacy:affected-list:read", OFFICER
    BREACH_READ = "privacy:breach-record:read", KEEPERS
    BREACH_WRITE = "privacy:breach-record:write", KEEPERS
    COPY_READ = "privacy:personal-copy:read", OFFICER
    COPY_WRITE = "privacy:personal-copy:write", OFFICER
    OWN_READ = "privacy:own-data:read", PATIENT_ROLES
    OWN_WRITE = "privacy:own-data:write", PATIENT_ROLES
    REQUEST_READ = "privacy:rights-request:read", KEEPERS
    REQUEST_WRITE = "privacy:rights-request:write", KEEPERS
