"""Academic years and semesters."""

import re
from dataclasses import dataclass
from datetime import date

from app.patients.errors import InvalidValue
from app.patients.rules.values import Semester


@dataclass(frozen=True, slots=True, order=True)
class Term:
    """One semester of one academic year; later terms compare as greater."""

    academic_year: str
    semester: Semester


def term_on(day: date) -> Term:
    """The term of a civil day: first semester Aug-Dec, second Jan-May, short term Jun-Jul."""
    begins = day.year if day.month >= 8 else day.year - 1
    if day.month >= 8:
        semester = Semester.FIRST
    else:
        semester = Semester.SECOND if day.month <= 5 else Semester.SHORT
    return Term(f"{begins}-{begins + 1}", semester)


def normal_academic_year(text: str) -> str:
    """2026-2027. Raises InvalidValue when it is not two years that follow each other."""
    typed = re.sub(r"\s", "", text or "").replace("\u2013", "-").replace("/", "-")
    found = re.fullmatch(r"([0-9]{4})-([0-9]{4})", typed)
    if not found or int(found.group(2)) != int(found.group(1)) + 1:
        raise InvalidValue("academic_year", "An academic year reads like 2026-2027.")
    return typed


def normal_semester(text: str) -> Semester:
    """1, 2 or short, also when written as 1st, second or summer. Raises InvalidValue."""
    typed = (text or "").strip().lower().removesuffix(" semester").removesuffix(" term")
    spoken = {
        "1": Semester.FIRST, "1st": Semester.FIRST, "first": Semester.FIRST,
        "2": Semester.SECOND, "2nd": Semester.SECOND, "second": Semester.SECOND,
        "short": Semester.SHORT, "summer": Semester.SHORT, "3": Semester.SHORT,
    }  # fmt: skip
    if typed not in spoken:
        raise InvalidValue("semester", "The semester is 1, 2 or short.")
    return spoken[typed]
