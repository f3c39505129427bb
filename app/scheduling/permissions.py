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
    ANSWER_READ = "scheduling:booking-answers:read", CLINICIANS
    OUTAGE_READ = "scheduling:outage:read", DESK | CLINICIANS
    OUTAGE_WRITE = "scheduling:outage:write", DESK
    POINT_READ = "scheduling:no-show-point:read", DESK | {Role.NURSE}
    POINT_DECIDE = "scheduling:no-show-point:decide", DESK
    QUESTIONNAIRE_READ = "scheduling:questionnaire:read", CLINICIANS | {Role.ADMIN}
    QUESTIONNAIRE_WRITE = "scheduling:questionnaire:write", {Role.ADMIN}
    RESOURCE_READ = "scheduling:resource:read", DESK | CLINICIANS | {Role.ADMIN}
    RESOURCE_WRITE = "scheduling:resource:write", {Role.ADMIN}
    RESOURCE_BLOCK = "scheduling:resource:block", DESK | {Role.ADMIN}
    SESSION_READ = "scheduling:group-session:read", DESK | CLINICIANS
    SESSION_WRITE = "scheduling:group-session:write", DESK | {Role.NURSE}
    SESSION_RUN = "scheduling:group-session:run", DESK | CLINICIANS
    WAITLIST_READ = "scheduling:waitlist:read", DESK | {Role.NURSE}
    WAITLIST_WRITE = "scheduling:waitlist:write", DESK | {Role.NURSE}
    SCHEDULE_READ = "scheduling:schedule:read", DESK | CLINICIANS | {Role.ADMIN}
    SCHEDULE_WRITE = "scheduling:schedule:write", DESK | {Role.ADMIN}
    SCHEDULE_WRITE_OWN = "scheduling:schedule:write-own", CLINICIANS
