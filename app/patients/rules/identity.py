"""Identifiers, phone numbers, e-mails and ages."""

import re
from datetime import date
from typing import Final

from app.patients.errors import InvalidValue
from app.patients.rules.values import Conventions

OLDEST_YEARS: Final = 120
MAXIMUM_EMAIL: Final = 254
_EMAIL: Final = re.compile(r"[^@\s<>\"(),:;\\\[\]]+@[a-z0-9-]+(\.[a-z0-9-]+)*\.[a-z]{2,}")
# Spreadsheets drop the leading zero; ten digits that begin with 9 are still a mobile number.
_PHILIPPINE_MOBILE: Final = re.compile(r"(?:\+?63|0)?(9[0-9]{9})")
_PHILIPPINE_LANDLINE: Final = re.compile(r"(?:\+?63|0)([2-8][0-9]{7,9})")
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")


def normal_university_id(text: str, conventions: Conventions) -> str:
    """A student or staff ID in capitals; leading zeros are part of it.

    Raises InvalidValue when it fits none of the configured patterns.
    """
    typed = (text or "").strip().upper()
    if len(typed) > 32 or not typed.isascii():
        raise InvalidValue("university_id", "This is not a university ID.")
    if not any(re.fullmatch(p, typed, re.IGNORECASE) for p in conventions.id_patterns):
        hint = " Were leading zeros lost?" if typed.isdigit() else ""
        raise InvalidValue("university_id", f"This is not a university ID, such as 20251234.{hint}")
    return typed


def normal_phone(text: str, *, region: str, field: str = "phone") -> str:
    """A phone number as E.164 (+639171234567), or an empty text.

    Philippine numbers may begin with 09 or 639; others need their + and country code.
    Raises InvalidValue for anything else.
    """
    typed = re.sub(r"[\s().\-/]", "", text or "")
    if not typed:
        return ""
    if typed.startswith("00"):
        typed = "+" + typed[2:]
    if region == "PH" or typed.startswith("+63"):
        found = _PHILIPPINE_MOBILE.fullmatch(typed) or _PHILIPPINE_LANDLINE.fullmatch(typed)
        if found:
            return f"+63{found.group(1)}"
    if not typed.isascii() or not _E164.fullmatch(typed) or typed.startswith("+63"):
        raise InvalidValue(field, "This is not a phone number, such as 0917 123 4567.")
    return typed


def normal_email(text: str, *, field: str = "email") -> str:
    """An e-mail address in lower case, or an empty text. Raises InvalidValue for others."""
    typed = (text or "").strip().lower()
    if not typed:
        return ""
    if len(typed) > MAXIMUM_EMAIL or not typed.isprintable() or not _EMAIL.fullmatch(typed):
        raise InvalidValue(field, "This is not an e-mail address.")
    return typed


def normal_philhealth(text: str) -> str:
    """The twelve digits of a PhilHealth number, or an empty text. Raises InvalidValue."""
    typed = re.sub(r"[\s-]", "", text or "")
    if typed and not re.fullmatch(r"[0-9]{12}", typed):
        raise InvalidValue("philhealth_number", "A PhilHealth number has 12 digits.")
    return typed


def check_birth_date(born_on: date | None, *, today: date) -> None:
    """Raises InvalidValue for a day to come or more than 120 years ago."""
    if born_on is None:
        return
    if born_on > today:
        raise InvalidValue("born_on", "The birth date is in the future.")
    if today.year - born_on.year > OLDEST_YEARS:
        raise InvalidValue("born_on", "The birth date is too long ago.")


def age_on(born_on: date, day: date) -> int:
    """Completed years on a civil day; who was born on 29 February is a year older on 1 March."""
    return day.year - born_on.year - ((day.month, day.day) < (born_on.month, born_on.day))


def is_identifier(text: str) -> bool:
    """Whether a search is for a university ID rather than a name: it holds a digit."""
    return any(letter.isdigit() for letter in text)
