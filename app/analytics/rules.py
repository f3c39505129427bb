"""Definitions of the clinic's numbers. Each measure is defined here and nowhere else.

Shares are given only for groups of at least `SMALLEST_GROUP`: fewer say more about chance, and
about single people, than about the clinic.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from app.analytics.errors import LONGEST_DAYS, RangeRefused

SMALLEST_GROUP = 5
DEFAULT_DAYS = 28
FIRST_YEAR, LAST_YEAR = 1900, 2200
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# Days between booking and visit; the upper end is not included.
LEAD_BUCKETS: tuple[tuple[str, int], ...] = (
    ("Same day", 1),
    ("1 to 2 days", 3),
    ("3 to 6 days", 7),
    ("1 to 2 weeks", 14),
    ("2 to 4 weeks", 28),
    ("4 weeks or more", 10_000),
)


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How the visits of a group ended. Moved visits and errors are in no number.

    `kept` were seen or are here, `missed` are no-shows, `left` went before being seen,
    `cancelled` includes declined requests, `late` are cancellations after the cutoff.
    """

    kept: int = 0
    missed: int = 0
    left: int = 0
    cancelled: int = 0
    late: int = 0
    ahead: int = 0

    @property
    def booked(self) -> int:
        """All visits of the group."""
        return self.kept + self.missed + self.left + self.cancelled + self.ahead

    @property
    def no_show_rate(self) -> float | None:
        """Missed visits among those whose time came and that nobody cancelled."""
        return share(self.missed, self.kept + self.missed + self.left)

    @property
    def cancellation_rate(self) -> float | None:
        """Cancelled visits among all that were booked."""
        return share(self.cancelled, self.booked)


def share(part: int, whole: int) -> float | None:
    """The part of the whole from 0 to 1; None where the group is too small to say."""
    return part / whole if whole >= SMALLEST_GROUP else None


def utilisation(held_minutes: float, open_minutes: float) -> float | None:
    """Held time over open time, from 0 to 1 and more with overtime; None when never open."""
    return held_minutes / open_minutes if open_minutes > 0 else None


def lead_bucket(lead: timedelta) -> str:
    """The name of the bucket of a lead time; a booking after the start counts as same day."""
    days = max(0, lead.days)
    return next(name for name, below in LEAD_BUCKETS if days < below)


def checked_range(first: date | None, last: date | None, *, today: date) -> tuple[date, date]:
    """The days asked for, both included; the last four weeks when nothing was chosen.

    Raises RangeRefused for a range that runs backwards, is longer than 366 days, or is absurd.
    """
    end = last or (first + timedelta(days=DEFAULT_DAYS - 1) if first and _sane(first) else today)
    start = first or (end - timedelta(days=DEFAULT_DAYS - 1) if _sane(end) else end)
    if not (_sane(start) and _sane(end)):
        raise RangeRefused("Please choose days between 1900 and 2200.")
    if end < start:
        raise RangeRefused("The first day must not lie after the last day.")
    if (end - start).days >= LONGEST_DAYS:
        raise RangeRefused(f"Please choose at most {LONGEST_DAYS} days at once.")
    return start, end


def _sane(day: date) -> bool:
    return FIRST_YEAR <= day.year <= LAST_YEAR
