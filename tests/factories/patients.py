"""Patients for tests: the smallest valid ones, and files of many."""

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date

from app.kernel.actor import Channel, system_actor
from app.kernel.ids import PatientId
from app.patients import services
from app.patients.rules import ContactFacts, EnrolmentFacts, PatientFacts, PatientRecord

FIRST_NAMES = ("Juan", "Maria", "José", "Ma. Teresa", "Ann-Marie", "Luz", "Niño", "Angelica")
LAST_NAMES = ("Dela Cruz", "Ñuñez", "O'Brien", "Santos", "Reyes-Lim", "De los Santos", "Abad")
PROGRAMS = ("BSN", "BSTM", "BSCpE", "BSA")
BSN_FIRST_YEAR = EnrolmentFacts(
    academic_year="2026-2027", semester="1", program="BSN", year_level="1", campus="Talamban"
)
HEADER = (
    "university_id",
    "first_name",
    "last_name",
    "born_on",
    "email",
    "phone",
    "academic_year",
    "semester",
    "program",
    "year_level",
    "campus",
)


def patient_record(
    university_id: str = "20259001",
    first_name: str = "Sam",
    last_name: str = "Dela Cruz",
    *,
    email: str = "",
    phone: str = "",
    enrolment: EnrolmentFacts | None = None,
    **facts: object,
) -> PatientRecord:
    """What a form says about a patient."""
    kept = PatientFacts(university_id=university_id, first_name=first_name, last_name=last_name)
    return PatientRecord(
        facts=replace(kept, **facts),  # type: ignore[arg-type]
        contacts=ContactFacts(email=email, phone=phone),
        enrolment=enrolment,
    )


def create_patient(
    university_id: str = "20259001",
    first_name: str = "Sam",
    last_name: str = "Dela Cruz",
    **more: object,
) -> PatientId:
    """A patient in the database; an account with the same university ID is linked."""
    return services.register_patient(
        system_actor(Channel.CLI),
        record=patient_record(university_id, first_name, last_name, **more),  # type: ignore[arg-type]
        despite_duplicates=True,
    )


def student_rows(count: int) -> Iterator[tuple[str, ...]]:
    """Rows of HEADER for this many different students; the IDs begin with a zero."""
    for number in range(count):
        born = date(2000 + number % 8, 1 + number % 12, 1 + number % 28)
        yield (
            f"{number:08d}",
            FIRST_NAMES[number % len(FIRST_NAMES)],
            f"{LAST_NAMES[number % len(LAST_NAMES)]}{' ' + _letters(number)}",
            born.isoformat(),
            f"{number:08d}@usc.edu.ph",
            f"0917{number:07d}",
            "2026-2027",
            "1",
            PROGRAMS[number % len(PROGRAMS)],
            str(1 + number % 5),
            ("Downtown", "Talamban")[number % 2],
        )


def _letters(number: int) -> str:
    """A surname of its own for each number: Baba, Babe, ..."""
    syllables = ("ba", "co", "di", "fu", "ga", "ho", "li", "mu", "na", "po")
    return "".join(syllables[int(digit)] for digit in str(number)).capitalize()


def csv_file(
    rows: Iterable[Iterable[str]],
    *,
    header: Iterable[str] = HEADER,
    encoding: str = "utf-8",
) -> bytes:
    """A CSV file as bytes."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)
