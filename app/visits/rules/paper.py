"""Paper forms of an outage: their numbers, and which times on them make sense. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.visits.errors import TooLateToUndo
from app.visits.errors.paper import UnknownPaperNumber

UNDO_WITHIN = timedelta(minutes=10)
OLDEST_DAYS = 31
MOST_FORMS = 100
LARGEST_NUMBER = 2**31 - 1
LONGEST_WRITER = 120
FIRST_HOUR = time(6)


class PaperOutcome(StrEnum):
    """What the form says became of the patient."""

    SEEN = "seen"
    LEFT = "left"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class PaperTimes:
    """The wall times on a form; None where the field is empty."""

    on_date: date
    arrived: time | None = None
    started: time | None = None
    ended: time | None = None


@dataclass(frozen=True, slots=True)
class VisitTimes:
    """The same as instants. `started_at` is None for somebody who left."""

    arrived_at: datetime
    started_at: datetime | None
    ended_at: datetime


def paper_text(number: int) -> str:
    """The number as it is printed, P-000123."""
    return f"P-{number:06d}"


def paper_number(text: str) -> int:
    """The number that somebody typed or scanned: P-000123, p 123, or 123.

    Raises UnknownPaperNumber.
    """
    digits = text.strip().upper().removeprefix("P").lstrip("- ")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 10:
        raise UnknownPaperNumber(text.strip()[:20] or "(empty)")
    number = int(digits)
    if not 0 < number <= LARGEST_NUMBER:
        raise UnknownPaperNumber(text.strip()[:20])
    return number


def problems_of_day(
    on_date: date, *, printed_at: datetime, now: datetime, zone: ZoneInfo
) -> list[str]:
    """Why the day cannot be the one of a form printed at that moment."""
    today, printed = now.astimezone(zone).date(), printed_at.astimezone(zone).date()
    if on_date > today:
        return ["This day has not come yet."]
    if on_date < printed:
        return [f"This form was printed on {printed:%d %B %Y}, so it cannot be of an earlier day."]
    if (today - on_date).days > OLDEST_DAYS:
        return [f"Forms can be entered for {OLDEST_DAYS} days. Please ask an administrator."]
    return []


def problems_of_times(
    times: PaperTimes, outcome: PaperOutcome, *, now: datetime, zone: ZoneInfo
) -> dict[str, list[str]]:
    """Why the times cannot be: what is missing, out of order, or still to come, by field."""
    if outcome is PaperOutcome.MISSED:
        return {}
    found: dict[str, list[str]] = {}
    if times.arrived is None:
        found["arrived"] = ["Please enter when the patient came."]
    if times.ended is None:
        word = "left" if outcome is PaperOutcome.LEFT else "was done"
        found["ended"] = [f"Please enter when the patient {word}."]
    if outcome is PaperOutcome.SEEN and times.started is None:
        found["started"] = ["Please enter when the provider began."]
    if not found:
        found = _disorder(times, outcome)
    if not found and times.ended is not None and _instant(times, times.ended, zone) > now:
        found["ended"] = ["This time has not come yet."]
    return found


def _disorder(times: PaperTimes, outcome: PaperOutcome) -> dict[str, list[str]]:
    started = times.started if outcome is PaperOutcome.SEEN else None
    if started and times.arrived and started < times.arrived:
        return {"started": ["The provider cannot begin before the patient came."]}
    if started and times.ended and times.ended < started:
        return {"ended": ["The visit cannot end before it began."]}
    if times.arrived and times.ended and times.ended < times.arrived:
        return {"ended": ["The patient cannot leave before coming."]}
    return {}


def _instant(times: PaperTimes, moment: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(times.on_date, moment, zone)


def visit_times(times: PaperTimes, outcome: PaperOutcome, zone: ZoneInfo) -> VisitTimes | None:
    """The instants of times without problems; None for a visit that was missed."""
    if outcome is PaperOutcome.MISSED or times.arrived is None or times.ended is None:
        return None
    has_start = outcome is PaperOutcome.SEEN and times.started is not None
    return VisitTimes(
        _instant(times, times.arrived, zone),
        _instant(times, times.started, zone) if has_start and times.started else None,
        _instant(times, times.ended, zone),
    )


def check_fresh(settled_at: datetime, now: datetime) -> None:
    """An entry can be taken back while it is fresh. Raises TooLateToUndo."""
    if now - settled_at > UNDO_WITHIN:
        raise TooLateToUndo("An entry from paper can be undone only within 10 minutes.")


def is_paper_due(
    wall: datetime, hours: Iterable[tuple[time, time]], last_written: datetime | None
) -> bool:
    """Whether the folder for an outage needs a new set.

    The first one of a day from six o'clock on, then one an hour while the clinic is open. The
    job looks every hour; a set that is younger than 50 minutes is young enough.
    """
    if wall.time() < FIRST_HOUR:
        return False
    if last_written is None or last_written.astimezone(wall.tzinfo).date() < wall.date():
        return True
    if wall - last_written < timedelta(minutes=50):
        return False
    return any(opens <= wall.time() <= closes for opens, closes in hours)
