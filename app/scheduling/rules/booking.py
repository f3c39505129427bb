"""Small checks around a booking: texts, roles, windows, versions, first status."""

import unicodedata
from datetime import UTC, date, datetime, timedelta

from app.scheduling.errors import (
    MAX_WINDOW_DAYS,
    BadText,
    NotOffered,
    OverrideNeedsReason,
    StaleVersion,
    TypeNotBookable,
    WindowAbsurd,
    WindowBackwards,
    WindowTooLong,
)
from app.scheduling.rules.facts import AppointmentStatus, TypePolicy

MAX_REASON_LENGTH = 500
DEFAULT_WINDOW_DAYS = 7
FIRST_YEAR, LAST_YEAR = 1900, 2200


def check_reason_text(text: str | None, *, field: str = "reason") -> str:
    """The reason without outer blanks and with plain line ends; "" for none.

    Raises BadText for more than 500 characters and for NUL and other characters that cannot be
    stored or printed (a lone half of a surrogate pair among them).
    """
    reason = (text or "").replace("\r\n", "\n").replace("\r", "\n").strip()
    if len(reason) > MAX_REASON_LENGTH:
        raise BadText(field, f"Please use at most {MAX_REASON_LENGTH} characters.")
    if any(unicodedata.category(char) in ("Cc", "Cs") and char not in "\n\t" for char in reason):
        raise BadText(field, "This text contains characters that cannot be stored.")
    return reason


def check_override_reason(text: str | None) -> str:
    """The reason for setting notice, horizon or limits aside. Raises OverrideNeedsReason."""
    reason = check_reason_text(text, field="override")
    if not reason:
        raise OverrideNeedsReason()
    return reason


def check_type_bookable_by(policy: TypePolicy, roles: frozenset[str]) -> None:
    """Raises TypeNotBookable unless one of the roles may book the type (SCH-13)."""
    if not policy.bookable_by & roles:
        raise TypeNotBookable()


def check_window(first: date, last: date) -> None:
    """Raises WindowBackwards, WindowTooLong for more than 62 days (both ends counted), and
    WindowAbsurd for a year outside 1900 to 2200.
    """
    if not (_is_sane(first) and _is_sane(last)):
        raise WindowAbsurd()
    if last < first:
        raise WindowBackwards()
    if (last - first).days >= MAX_WINDOW_DAYS:
        raise WindowTooLong()


def check_start(starts_at: datetime) -> datetime:
    """The start of a visit in UTC. Raises NotOffered without an offset or in an absurd year."""
    if starts_at.tzinfo is None:
        raise NotOffered("Please give the time with its offset, such as 2026-11-24T09:00+08:00.")
    if not _is_sane(starts_at.date()):
        raise NotOffered()
    return starts_at.astimezone(UTC)


def check_version(shown: int | None, present: int) -> None:
    """Raises StaleVersion when the page showed another version; None asks for no check."""
    if shown is not None and shown != present:
        raise StaleVersion()


def window_from(first: date | None, last: date | None, *, today: date) -> tuple[date, date]:
    """The checked window; a week from `first`, or from today, where an end was left open.

    Raises what check_window raises.
    """
    start = first or (min(today, last) if last else today)
    if not _is_sane(start):
        raise WindowAbsurd()
    end = last or start + timedelta(days=DEFAULT_WINDOW_DAYS - 1)
    check_window(start, end)
    return start, end


def first_status(
    policy: TypePolicy, *, booked_by_staff: bool, missed_too_many: bool = False
) -> AppointmentStatus:
    """Pending only when a patient books: for types that ask for approval, and after too many
    missed visits (SCH-35).
    """
    if (policy.needs_approval or missed_too_many) and not booked_by_staff:
        return AppointmentStatus.PENDING
    return AppointmentStatus.CONFIRMED


def moved_status(*, missed_too_many: bool = False) -> AppointmentStatus:
    """A moved visit is confirmed, but after too many missed visits a patient's own move waits
    for approval like a booking (SCH-35). What the clinic approved once stays approved.
    """
    return AppointmentStatus.PENDING if missed_too_many else AppointmentStatus.CONFIRMED


def _is_sane(day: date) -> bool:
    """Far from the ends of the calendar, where adding a day raises OverflowError."""
    return FIRST_YEAR <= day.year <= LAST_YEAR
