"""The closed sets of a patient's facts, and the plain values that rules and services share."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final


class Sex(StrEnum):
    """FHIR AdministrativeGender."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class CivilStatus(StrEnum):
    """As Philippine forms ask for it; optional."""

    SINGLE = "single"
    MARRIED = "married"
    WIDOWED = "widowed"
    SEPARATED = "separated"
    ANNULLED = "annulled"


class BloodType(StrEnum):
    """ABO group with the Rh factor; optional."""

    A_POSITIVE = "A+"
    A_NEGATIVE = "A-"
    B_POSITIVE = "B+"
    B_NEGATIVE = "B-"
    AB_POSITIVE = "AB+"
    AB_NEGATIVE = "AB-"
    O_POSITIVE = "O+"
    O_NEGATIVE = "O-"


class PatientStatus(StrEnum):
    """FHIR Patient.active as a word; nothing is known any more of a disposed one (RET-02)."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    DISPOSED = "disposed"


class Semester(StrEnum):
    """In the order of the academic year, which is also their order as text."""

    FIRST = "1"
    SECOND = "2"
    SHORT = "short"


class YearLevel(StrEnum):
    """Year of study."""

    FIRST = "1"
    SECOND = "2"
    THIRD = "3"
    FOURTH = "4"
    FIFTH = "5"
    GRADUATE = "graduate"


class ContactSystem(StrEnum):
    """FHIR ContactPoint.system."""

    PHONE = "phone"
    EMAIL = "email"


class ImportChoice(StrEnum):
    """What happens when some rows of a file are wrong."""

    ALL_OR_NOTHING = "all-or-nothing"
    VALID_ROWS = "valid-rows"


class ImportStatus(StrEnum):
    """Where an import stands. Nothing is stored in the patients' tables before `applying`."""

    CHECKING = "checking"
    CHECKED = "checked"
    APPLYING = "applying"
    DONE = "done"
    REFUSED = "refused"
    DISCARDED = "discarded"


SUFFIXES: Final = ("Jr.", "Sr.", "II", "III", "IV", "V", "VI")


@dataclass(frozen=True, slots=True)
class Conventions:
    """What the university's settings say about identifiers, phones and campuses."""

    id_patterns: tuple[str, ...] = (r"\d{8}", r"[A-Za-z]+\d+")
    phone_region: str = "PH"
    campuses: tuple[str, ...] = ("Downtown", "Talamban")


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFacts:
    """Who somebody is, as typed or as kept; `rules.checked` brings it into one form."""

    university_id: str
    first_name: str
    last_name: str
    middle_name: str = ""
    suffix: str = ""
    honorific: str = ""
    preferred_name: str = ""
    born_on: date | None = None
    sex: str = Sex.UNKNOWN
    civil_status: str = ""
    blood_type: str = ""
    philhealth_number: str = ""
    hmo_name: str = ""
    hmo_number: str = ""
    address_line: str = ""
    barangay: str = ""
    city: str = ""
    province: str = ""
    postal_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFacts:
    """How to reach a patient; empty texts where unknown."""

    email: str = ""
    phone: str = ""
    emergency_name: str = ""
    emergency_relationship: str = ""
    emergency_phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentFacts:
    """Where somebody studies in one term."""

    academic_year: str
    semester: str
    program: str
    program_group: str = ""
    year_level: str
    campus: str


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """Everything that one row of a file or one form says about a patient."""

    facts: PatientFacts
    contacts: ContactFacts = field(default_factory=ContactFacts)
    enrolment: EnrolmentFacts | None = None
