"""Use cases of patients: register, change, enrol, link an account, and import from a file."""

from app.patients.services.forgetting import Forgotten, forget_records, lock_records
from app.patients.services.imports import (
    continue_import,
    discard_import,
    start_import,
    upload_file,
)
from app.patients.services.patients import (
    change_patient,
    checked_today,
    deactivate_patient,
    find_patients,
    likely_duplicates,
    link_account,
    note_read,
    reactivate_patient,
    record_of_patient,
    register_patient,
    save_enrolment,
)

__all__ = [
    "Forgotten",
    "change_patient",
    "checked_today",
    "continue_import",
    "deactivate_patient",
    "discard_import",
    "find_patients",
    "forget_records",
    "likely_duplicates",
    "link_account",
    "lock_records",
    "note_read",
    "reactivate_patient",
    "record_of_patient",
    "register_patient",
    "save_enrolment",
    "start_import",
    "upload_file",
]
