"""What one may do with patients, and who may by default."""

from app.kernel.permission import PermissionEnum, Role

READERS = {
    Role.CASHIER,
    Role.DENTIST,
    Role.NURSE,
    Role.PHARMACIST,
    Role.PHYSICIAN,
    Role.RECEPTIONIST,
}


class Permission(PermissionEnum):
    """<domain>:<resource>:<action>, in alphabetical order. Students hold none of these."""

    ENROLMENT_READ = "patients:enrolment:read", READERS
    ENROLMENT_WRITE = "patients:enrolment:write", {Role.NURSE, Role.RECEPTIONIST}
    IMPORT_READ = "patients:patient-import:read", {Role.ADMIN, Role.RECEPTIONIST}
    IMPORT_WRITE = "patients:patient-import:write", {Role.ADMIN, Role.RECEPTIONIST}
    READ = "patients:patient:read", READERS
    WRITE = "patients:patient:write", {Role.NURSE, Role.RECEPTIONIST}
