"""How likely two entries are the same person. A warning for people, never a block."""

from dataclasses import dataclass
from datetime import date
from typing import Final

from rapidfuzz import fuzz

from app.patients.rules.names import whole_words

LIKELY: Final = 75
_NAME_WEIGHT: Final = 70
_BIRTH_DATE: Final = 25
_PHONE: Final = 15


@dataclass(frozen=True, slots=True)
class Trace:
    """What two entries are compared by."""

    name: str
    born_on: date | None = None
    phone: str = ""


def duplicate_score(one: Trace, other: Trace) -> int:
    """0 to 100. Equal names give 70, an equal birth date 25 more, an equal phone 15 more.

    Two different birth dates speak against it: twins share name parts and phone.
    """
    likeness = name_likeness(one.name, other.name)
    # Half of all pairs of names are alike by half: only what is above that says something.
    score = _NAME_WEIGHT * max(0.0, likeness - 50) / 50
    if one.born_on and other.born_on:
        score += _BIRTH_DATE if _same_day(one.born_on, other.born_on) else -_BIRTH_DATE
    elif likeness == 100:
        score += 10
    if one.phone and one.phone == other.phone:
        score += _PHONE
    return round(max(0.0, min(100.0, score)))


def name_likeness(one: str, other: str) -> float:
    """0 to 100, whatever the order of the words, accents, case and short forms."""
    first, second = " ".join(whole_words(one)), " ".join(whole_words(other))
    return fuzz.token_sort_ratio(first, second)


def is_likely_duplicate(score: int) -> bool:
    """Whether people should look before they register."""
    return score >= LIKELY


def _same_day(one: date, other: date) -> bool:
    """Equal, or day and month swapped: 03/04 is read both ways."""
    if one == other:
        return True
    return (one.year, one.month, one.day) == (other.year, other.day, other.month)
