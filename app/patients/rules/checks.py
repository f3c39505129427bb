"""Bringing everything that is said about a patient into one form, or refusing it."""

import dataclasses
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Any, Final

from app.kernel.errors import Invalid
from app.patients.errors import InvalidValue
from app.patients.rules import identity, names, terms
from app.patients.rules.values import (
    BloodType,
    CivilStatus,
    ContactFacts,
    Conventions,
    EnrolmentFacts,
    PatientFacts,
    PatientRecord,
    Sex,
    YearLevel,
)

MAXIMUM_TEXT: Final = 120
_PROGRAM: Final = re.compile(r"[A-Za-z][A-Za-z0-9 .&/-]{0,19}")
_SEX_WORDS: Final = {"m": Sex.MALE, "f": Sex.FEMALE, "": Sex.UNKNOWN}
_YEAR_WORDS: Final = {
    "1st": "1", "2nd": "2", "3rd": "3", "4th": "4", "5th": "5", "grad": "graduate",
}  # fmt: skip


class _Problems:
    """Collects each field's sentence, so that a form shows all of them at once."""

    def __init__(self) -> None:
        self.errors: dict[str, list[str]] = {}

    def of(self, check: Callable[..., Any], *values: Any, **more: Any) -> Any:
        try:
            return check(*values, **more)
        except InvalidValue as refusal:
            for field, sentences in refusal.errors.items():
                self.errors.setdefault(field, []).extend(sentences)
            return None

    def raise_if_any(self) -> None:
        if self.errors:
            first = next(iter(self.errors.values()))[0]
            raise Invalid(first, code="patients.invalid_value", errors=self.errors)


def checked(record: PatientRecord, *, conventions: Conventions, today: date) -> PatientRecord:
    """The record in the form that is kept. Raises Invalid with a sentence for each wrong field."""
    problems = _Problems()
    kept = PatientRecord(
        facts=_facts(record.facts, conventions, today, problems),
        contacts=_contacts(record.contacts, conventions, problems),
        enrolment=_enrolment(record.enrolment, conventions, problems),
    )
    problems.raise_if_any()
    return kept


def _facts(
    facts: PatientFacts, conventions: Conventions, today: date, problems: _Problems
) -> PatientFacts:
    p = problems.of
    p(identity.check_birth_date, facts.born_on, today=today)
    texts = {
        name: p(normal_text, getattr(facts, name), field=name)
        for name in ("hmo_name", "hmo_number", "address_line", "barangay", "city", "province")
    }
    return dataclasses.replace(
        facts,
        university_id=p(identity.normal_university_id, facts.university_id, conventions),
        first_name=p(names.normal_name, facts.first_name, field="first_name", required=True),
        middle_name=p(names.normal_name, facts.middle_name, field="middle_name"),
        last_name=p(names.normal_name, facts.last_name, field="last_name", required=True),
        suffix=p(names.normal_suffix, facts.suffix),
        honorific=p(names.normal_name, facts.honorific, field="honorific"),
        preferred_name=p(names.normal_name, facts.preferred_name, field="preferred_name"),
        sex=p(normal_sex, facts.sex),
        civil_status=p(one_of, CivilStatus, facts.civil_status.lower(), field="civil_status"),
        blood_type=p(normal_blood_type, facts.blood_type),
        philhealth_number=p(identity.normal_philhealth, facts.philhealth_number),
        postal_code=p(normal_text, facts.postal_code, field="postal_code", longest=10),
        **texts,
    )


def _contacts(
    contacts: ContactFacts, conventions: Conventions, problems: _Problems
) -> ContactFacts:
    p, region = problems.of, conventions.phone_region
    kept = ContactFacts(
        email=p(identity.normal_email, contacts.email),
        phone=p(identity.normal_phone, contacts.phone, region=region),
        emergency_name=p(names.normal_name, contacts.emergency_name, field="emergency_name"),
        emergency_relationship=p(
            normal_text, contacts.emergency_relationship, field="emergency_relationship", longest=40
        ),
        emergency_phone=p(
            identity.normal_phone, contacts.emergency_phone, region=region, field="emergency_phone"
        ),
    )
    if kept.emergency_name == "" and (kept.emergency_phone or kept.emergency_relationship):
        problems.of(_refuse, "emergency_name", "Please give the name of the emergency contact.")
    if kept.emergency_name and kept.emergency_phone == "":
        problems.of(_refuse, "emergency_phone", "Please give the emergency contact's phone number.")
    return kept


def _refuse(field: str, sentence: str) -> None:
    raise InvalidValue(field, sentence)


def _enrolment(
    enrolment: EnrolmentFacts | None, conventions: Conventions, problems: _Problems
) -> EnrolmentFacts | None:
    if enrolment is None:
        return None
    p = problems.of
    return EnrolmentFacts(
        academic_year=p(terms.normal_academic_year, enrolment.academic_year),
        semester=p(terms.normal_semester, enrolment.semester),
        program=p(normal_program, enrolment.program),
        program_group=p(normal_text, enrolment.program_group, field="program_group", longest=40),
        year_level=p(normal_year_level, enrolment.year_level),
        campus=p(normal_campus, enrolment.campus, conventions.campuses),
    )


def checked_enrolment(facts: EnrolmentFacts, *, conventions: Conventions) -> EnrolmentFacts:
    """An enrolment in the form that is kept. Raises Invalid with a sentence for each field."""
    problems = _Problems()
    kept = _enrolment(facts, conventions, problems)
    problems.raise_if_any()
    assert kept is not None  # noqa: S101 - facts were given
    return kept


def normal_text(text: str, *, field: str, longest: int = MAXIMUM_TEXT) -> str:
    """One line of text with single spaces. Raises InvalidValue when too long or unprintable."""
    line = " ".join(unicodedata.normalize("NFC", text or "").split())
    if len(line) > longest:
        raise InvalidValue(field, f"This has at most {longest} characters.")
    if not line.isprintable():
        raise InvalidValue(field, "This holds a character that cannot be shown.")
    return line


def one_of(choices: type[StrEnum], text: str, *, field: str) -> str:
    """One of the words of a closed set, or an empty text. Raises InvalidValue otherwise."""
    typed = (text or "").strip()
    if typed and typed not in set(choices):
        raise InvalidValue(field, f"This is one of {', '.join(choices)}.")
    return typed


def normal_sex(text: str) -> str:
    """female, male, other or unknown; F and M are understood."""
    typed = (text or "").strip().lower()
    return _SEX_WORDS.get(typed) or one_of(Sex, typed, field="sex")


def normal_blood_type(text: str) -> str:
    """A+ and the like; "O pos" and a typographic minus are understood."""
    typed = re.sub(r"\s", "", text or "").upper().replace("\u2212", "-").replace("\u2013", "-")
    typed = re.sub(r"(POSITIVE|POS)$", "+", typed)
    typed = re.sub(r"(NEGATIVE|NEG)$", "-", typed)
    return one_of(BloodType, "" if typed == "UNKNOWN" else typed, field="blood_type")


def normal_program(text: str) -> str:
    """A program's short code such as BSN. Raises InvalidValue for anything longer or odd."""
    typed = " ".join((text or "").split())
    if not _PROGRAM.fullmatch(typed):
        raise InvalidValue("program", "The program is a short code such as BSN.")
    return typed


def normal_year_level(text: str) -> str:
    """1 to 5 or graduate. Raises InvalidValue otherwise."""
    typed = (text or "").strip().lower().removesuffix(" year")
    typed = _YEAR_WORDS.get(typed, typed)
    if not typed:
        raise InvalidValue("year_level", "The year level is 1 to 5 or graduate.")
    return one_of(YearLevel, typed, field="year_level")


def normal_campus(text: str, campuses: tuple[str, ...]) -> str:
    """A campus by its name in the settings, in any case. Raises InvalidValue otherwise."""
    known = {campus.casefold(): campus for campus in campuses}
    typed = (text or "").strip().casefold()
    if typed not in known:
        raise InvalidValue("campus", f"The campus is one of {', '.join(campuses)}.")
    return known[typed]
