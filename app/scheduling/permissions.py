"""What one may do with schedules and appointments, and who may by default."""

from app.kernel.permission import PATIENT_ROLES, PermissionEnum, Role

CLINICIANS = frozenset({Role.DENTIST, Role.NURSE, Role.PHYSICIAN})
DESK = frozenset({Role.RECEPTIONIST})


class Permission(PermissionEnum):
    """<domain>:<resource>:<action>, in alphabetical order."""

    ASSIST = "scheduling:appointment:assist", {Role.NURSE}
    BOOK = "scheduling:appointment:book", DESK | CLINICIANS
    BOOK_OWN = "scheduling:appointment:book-own", PATIENT_ROLES
    CORRECT = "scheduling:appointment:correct", {Role.ADMIN}
    OVERRIDE = "scheduling:appointment:override", DESK | {Role.ADMIN}
    READ = "scheduling:appointment:read", DESK | CLINICIANS | {Role.ADMIN}
    RUN_DESK = "scheduling:appointment:run-desk", DESK
    TYPE_READ = "scheduling:appointment-type:read", DESK | CLINICIANS | {Role.ADMIN}
    TYPE_WRITE = "scheduling:appointment-type:write", {Role.ADMIN}
    CLOSURE_READ = "scheduling:closure:read", DESK | CLINICIANS | {Role.ADMIN}
    CLOSURE_WRITE = "scheduling:closure:write", DESK | {Role.ADMIN}
    PRACTITIONER_READ = "scheduling:practitioner:read", DESK | CLINICIANS | {Role.ADMIN}
    PRACTITIONER_WRITE = "scheduling:practitioner:write", {Role.ADMIN}
    SCHEDULE_READ = "scheduling:schedule:read", DESK | CLINICIANS | {Role.ADMIN}
    SCHEDULE_WRITE = "scheduling:schedule:write", DESK | {Role.ADMIN}
    SCHEDULE_WRITE_OWN = "scheduling:schedule:write-own", CLINICIANS
