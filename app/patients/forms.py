"""Forms of patients. What a value must look like is decided by the rules, once."""

from collections.abc import Iterable
from dataclasses import fields
from enum import StrEnum
from typing import Any

from flask_appbuilder.forms import DynamicForm
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Optional

from app.patients import rules
from app.patients.rules import (
    BloodType,
    CivilStatus,
    ContactFacts,
    EnrolmentFacts,
    ImportChoice,
    PatientFacts,
    PatientRecord,
    PatientStatus,
    Semester,
    Sex,
    YearLevel,
)
from app.web.fields import NativeDateField, TickBox
from app.web.http import settings

Choices = list[tuple[str, str]]
SEMESTERS = {
    Semester.FIRST: "1st semester",
    Semester.SECOND: "2nd semester",
    Semester.SHORT: "Short term",
}
YEAR_LEVELS = {
    YearLevel.FIRST: "1st year",
    YearLevel.SECOND: "2nd year",
    YearLevel.THIRD: "3rd year",
    YearLevel.FOURTH: "4th year",
    YearLevel.FIFTH: "5th year",
    YearLevel.GRADUATE: "Graduate",
}
PRESENCE = [("", "Any"), ("yes", "Given"), ("no", "Missing")]


def _words(choices: Iterable[StrEnum]) -> Choices:
    return [(choice.value, choice.value.capitalize()) for choice in choices]


def _or_nothing(choices: Choices, nothing: str = "Not given") -> Choices:
    return [("", nothing), *choices]


def campuses(nothing: str) -> Choices:
    """The campuses of the settings."""
    return _or_nothing([(name, name) for name in settings().campuses], nothing)


def _labels(labels: dict[Semester, str] | dict[YearLevel, str], nothing: str) -> Choices:
    return _or_nothing([(code.value, label) for code, label in labels.items()], nothing)


FACT_FIELDS = tuple(f.name for f in fields(PatientFacts) if f.name != "born_on")
CONTACT_FIELDS = tuple(f.name for f in fields(ContactFacts))
ENROLMENT_FIELDS = tuple(f.name for f in fields(EnrolmentFacts))
KEPT = [PatientStatus.ACTIVE, PatientStatus.INACTIVE]
SEX = _words([Sex.FEMALE, Sex.MALE, Sex.OTHER, Sex.UNKNOWN])
CIVIL_STATUS = _or_nothing(_words(CivilStatus))
BLOOD_TYPES = [(blood.value, blood.value) for blood in BloodType]
SUFFIXES = _or_nothing([(suffix, suffix) for suffix in rules.SUFFIXES], "None")


class PatientForm(DynamicForm):
    """Who somebody is, how to reach them and where they study."""

    university_id = StringField(
        "University ID",
        [InputRequired("Please give the university ID.")],
        description="Student ID such as 20251234, or a staff ID such as STAFF001.",
    )
    last_name = StringField("Last name", [InputRequired("Please give the last name.")])
    first_name = StringField("First name", [InputRequired("Please give the first name.")])
    middle_name = StringField("Middle name")
    suffix = SelectField("Suffix", choices=SUFFIXES)
    honorific = StringField("Honorific", description="As on certificates: Mr., Ms., Dr.")
    preferred_name = StringField("Preferred name")
    born_on = NativeDateField("Birth date", [Optional()])
    sex = SelectField("Sex", choices=SEX, default=Sex.UNKNOWN.value)
    civil_status = SelectField("Civil status", choices=CIVIL_STATUS)
    blood_type = SelectField("Blood type", choices=_or_nothing(BLOOD_TYPES))
    philhealth_number = StringField("PhilHealth number", description="12 digits.")
    hmo_name = StringField("HMO")
    hmo_number = StringField("HMO number")
    phone = StringField("Mobile phone", description="0917 123 4567 or +63 917 123 4567.")
    email = StringField("E-mail")
    address_line = StringField("Street address")
    barangay = StringField("Barangay")
    city = StringField("City or municipality")
    province = StringField("Province")
    postal_code = StringField("Postal code")
    emergency_name = StringField("Name")
    emergency_relationship = StringField("Relationship")
    emergency_phone = StringField("Phone")
    academic_year = StringField("Academic year", description="For example 2026-2027.")
    semester = SelectField("Semester", choices=_labels(SEMESTERS, "Not given"))
    program = StringField("Program", description="Short code such as BSN.")
    program_group = StringField("Program group")
    year_level = SelectField("Year level", choices=_labels(YEAR_LEVELS, "Not given"))
    campus = SelectField("Campus", choices=lambda: campuses("Not given"))


class NewPatientForm(PatientForm):
    """Registering; the tick box answers the warning about similar patients."""

    despite_duplicates = TickBox(
        "Register anyway", description="Tick this only when similar patients are somebody else."
    )


class ChangePatientForm(PatientForm):
    """Changing; the version finds out whether somebody else was faster."""

    version = HiddenField()


def record_of(values: dict[str, Any]) -> PatientRecord:
    """What was typed as a record; the service checks it."""
    texts = {name: value or "" for name, value in values.items() if name != "born_on"}
    study = {name: texts[name] for name in ENROLMENT_FIELDS}
    return PatientRecord(
        facts=PatientFacts(
            **{name: texts[name] for name in FACT_FIELDS}, born_on=values["born_on"]
        ),
        contacts=ContactFacts(**{name: texts[name] for name in CONTACT_FIELDS}),
        enrolment=EnrolmentFacts(**study) if any(study.values()) else None,
    )


class PatientSearchForm(DynamicForm):
    """The search above the list of patients; every field may stay empty."""

    name_or_id = StringField("Name or university ID", render_kw={"type": "search"})
    program = StringField("Program")
    year_level = SelectField("Year level", choices=_labels(YEAR_LEVELS, "Any"))
    campus = SelectField("Campus", choices=lambda: campuses("Any"))
    academic_year = StringField("Academic year")
    semester = SelectField("Semester", choices=_labels(SEMESTERS, "Any"))
    blood_type = SelectField("Blood type", choices=_or_nothing(BLOOD_TYPES, "Any"))
    philhealth = SelectField("PhilHealth", choices=PRESENCE)
    hmo = SelectField("HMO", choices=PRESENCE)
    status = SelectField("Status", choices=_or_nothing(_words(KEPT), "Any"))


class UploadForm(DynamicForm):
    """A file of patients."""

    file = FileField("CSV file", [FileRequired("Please choose a file.")])


class ApplyForm(DynamicForm):
    """What happens when some rows are wrong."""

    choice = RadioField(
        "When rows are wrong",
        choices=[
            (ImportChoice.ALL_OR_NOTHING.value, "All or nothing"),
            (ImportChoice.VALID_ROWS.value, "Accept the valid rows"),
        ],
        default=ImportChoice.ALL_OR_NOTHING.value,
    )
