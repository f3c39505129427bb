"""Who works and who studies at the sample clinic: the same people on every load."""

from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

from app.demo import names
from app.kernel.permission import Role
from app.patients.rules import (
    ContactFacts,
    EnrolmentFacts,
    PatientFacts,
    PatientRecord,
    Sex,
    term_on,
)
from app.scheduling.rules import PractitionerKind

STUDENT_COUNT: Final = 200
FIRST_STUDENT: Final = 20250001
GRADUATE: Final = "graduate"


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Somebody who works here; providers have a kind and the name that patients read."""

    id: str
    first_name: str
    last_name: str
    role: Role
    kind: PractitionerKind | None = None
    shown_as: str = ""


STAFF: Final = (
    StaffMember("ADMIN001", "Teresita", "Gonzaga", Role.ADMIN),
    StaffMember("STAFF001", "Marisol", "Cañete", Role.RECEPTIONIST),
    StaffMember(
        "DOC001",
        "Andres",
        "Villarosa",
        Role.PHYSICIAN,
        PractitionerKind.PHYSICIAN,
        "Dr. Andres Villarosa",
    ),
    StaffMember(
        "DOC002",
        "Isabel",
        "Peñalosa",
        Role.PHYSICIAN,
        PractitionerKind.PHYSICIAN,
        "Dr. Isabel Peñalosa",
    ),
    StaffMember(
        "DENT001",
        "Rafael",
        "Osmeña",
        Role.DENTIST,
        PractitionerKind.DENTIST,
        "Dr. Rafael Osmeña, DMD",
    ),
    StaffMember(
        "NURSE01",
        "Josefina",
        "Abellana",
        Role.NURSE,
        PractitionerKind.NURSE,
        "Josefina Abellana, RN",
    ),
    StaffMember("PHARM001", "Benjamin", "Uy", Role.PHARMACIST),
    StaffMember("CASH001", "Lourdes", "Ybañez", Role.CASHIER),
    StaffMember("EDU001", "Katrina", "Delos Reyes", Role.HEALTH_EDUCATOR),
    StaffMember("DPO001", "Vicente", "Borromeo", Role.PRIVACY_OFFICER),
)
RECEPTIONIST: Final = "STAFF001"


def student_ids() -> list[str]:
    """20250001 to 20250200."""
    return [str(FIRST_STUDENT + i) for i in range(STUDENT_COUNT)]


def students(today: date, *, campuses: tuple[str, ...], mail_domain: str) -> list[PatientRecord]:
    """Every student with what the clinic knows, enrolled in the term of the day."""
    taken: set[tuple[str, str]] = set()
    return [
        _student(university_id, today, campuses, mail_domain, taken)
        for university_id in student_ids()
    ]


def _student(
    university_id: str,
    today: date,
    campuses: tuple[str, ...],
    mail_domain: str,
    taken: set[tuple[str, str]],
) -> PatientRecord:
    # One source of chance per student: a change to one person leaves the others as they are.
    rng = Random(f"student/{university_id}")  # noqa: S311 - sample data, not secrets
    sex = rng.choice((Sex.FEMALE, Sex.FEMALE, Sex.MALE))
    first, last = _name(rng, sex, taken)
    enrolment = _enrolment(rng, today, campuses)
    return PatientRecord(
        facts=_facts(rng, university_id, first, last, sex, _born_on(rng, today, enrolment)),
        contacts=_contacts(rng, university_id, last, mail_domain),
        enrolment=enrolment,
    )


def _name(rng: Random, sex: Sex, taken: set[tuple[str, str]]) -> tuple[str, str]:
    """A name that nobody else on the roster has."""
    while True:
        first = rng.choice(names.WOMEN if sex is Sex.FEMALE else names.MEN)
        name = (first, rng.choice(names.SURNAMES))
        if name not in taken:
            taken.add(name)
            return name


def _enrolment(rng: Random, today: date, campuses: tuple[str, ...]) -> EnrolmentFacts:
    program, group, last_year, is_main_campus = rng.choice(names.PROGRAMS)
    term = term_on(today)
    return EnrolmentFacts(
        academic_year=term.academic_year,
        semester=term.semester,
        program=program,
        program_group=group,
        year_level=str(rng.randint(1, last_year)) if last_year else GRADUATE,
        campus=campuses[0] if is_main_campus else campuses[-1],
    )


def _born_on(rng: Random, today: date, enrolment: EnrolmentFacts) -> date:
    """First-year students are eighteen or nineteen, graduate students about twenty-five."""
    level = enrolment.year_level
    age = 25 + rng.randint(0, 8) if level == GRADUATE else 17 + int(level) + rng.randint(0, 1)
    return date(today.year - age, rng.randint(1, 12), rng.randint(1, 28))


def _facts(
    rng: Random, university_id: str, first: str, last: str, sex: Sex, born_on: date
) -> PatientFacts:
    city, postal_code, barangays = rng.choice(names.PLACES)
    groups, weights = list(names.BLOOD_TYPES), list(names.BLOOD_TYPES.values())
    has_plan = rng.random() < 0.15
    return PatientFacts(
        university_id=university_id,
        first_name=first,
        middle_name=rng.choice(names.SURNAMES),
        last_name=last,
        suffix=rng.choice(names.SUFFIXES) if sex is Sex.MALE and rng.random() < 0.15 else "",
        born_on=born_on,
        sex=sex,
        civil_status="single",
        blood_type=rng.choices(groups, weights)[0] if rng.random() < 0.6 else "",
        philhealth_number=_digits(rng, 12) if rng.random() < 0.4 else "",
        hmo_name=rng.choice(names.PLANS) if has_plan else "",
        hmo_number=_digits(rng, 10) if has_plan else "",
        address_line=f"{rng.randint(1, 240)} {rng.choice(names.STREETS)}",
        barangay=rng.choice(barangays),
        city=city,
        province="Cebu",
        postal_code=postal_code,
    )


def _contacts(rng: Random, university_id: str, last: str, mail_domain: str) -> ContactFacts:
    relation = rng.choice(names.RELATIONS)
    is_woman = relation in {"Mother", "Sister", "Aunt"}
    return ContactFacts(
        email=f"{university_id}@{mail_domain}",
        phone=_mobile(rng),
        emergency_name=f"{rng.choice(names.WOMEN if is_woman else names.MEN)} {last}",
        emergency_relationship=relation,
        emergency_phone=_mobile(rng),
    )


def _mobile(rng: Random) -> str:
    return rng.choice(("0917", "0918", "0927", "0939", "0998")) + _digits(rng, 7)


def _digits(rng: Random, count: int) -> str:
    return "".join(str(rng.randint(0, 9)) for _ in range(count))
