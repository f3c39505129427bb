"""Pure decisions about patients: names, identifiers, terms, duplicates, rows of a file."""

from app.patients.rules.checks import checked, checked_enrolment
from app.patients.rules.duplicates import Trace, duplicate_score, is_likely_duplicate
from app.patients.rules.identity import (
    age_on,
    is_identifier,
    normal_email,
    normal_phone,
    normal_university_id,
)
from app.patients.rules.import_file import neutral_cell
from app.patients.rules.names import (
    full_name,
    list_name,
    normal_name,
    normal_suffix,
    plain_words,
    search_key,
)
from app.patients.rules.terms import Term, term_on
from app.patients.rules.values import (
    SUFFIXES,
    BloodType,
    CivilStatus,
    ContactFacts,
    ContactSystem,
    Conventions,
    EnrolmentFacts,
    ImportChoice,
    ImportStatus,
    PatientFacts,
    PatientRecord,
    PatientStatus,
    Semester,
    Sex,
    YearLevel,
)

__all__ = [
    "SUFFIXES",
    "BloodType",
    "CivilStatus",
    "ContactFacts",
    "ContactSystem",
    "Conventions",
    "EnrolmentFacts",
    "ImportChoice",
    "ImportStatus",
    "PatientFacts",
    "PatientRecord",
    "PatientStatus",
    "Semester",
    "Sex",
    "Term",
    "Trace",
    "YearLevel",
    "age_on",
    "checked",
    "checked_enrolment",
    "duplicate_score",
    "full_name",
    "is_identifier",
    "is_likely_duplicate",
    "list_name",
    "neutral_cell",
    "normal_email",
    "normal_name",
    "normal_phone",
    "normal_suffix",
    "normal_university_id",
    "plain_words",
    "search_key",
    "term_on",
]
