"""When the visits of a series take place: weekly, or monthly by weekday (SCH-32)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from zoneinfo import ZoneInfo

from app.scheduling.errors import MAX_WINDOW_DAYS
from app.scheduling.errors.series import BadSeries
from app.scheduling.rules.instants import at, wall

MOST_OCCURRENCES = 60
LONGEST_STEP = 12
LONGEST_SERIES = timedelta(days=5 * 366)
FIRST_YEAR, LAST_YEAR = 1900, 2190


class Frequency(StrEnum):
    """How a series repeats."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """The rule of a series. `every` counts weeks or months; `local_time` is wall time."""

    frequency: Frequency
    every: int
    first_on: date
    local_time: time
    count: int


def check_pattern(pattern: Pattern) -> Pattern:
    """The pattern itself. Raises BadSeries for numbers out of bounds and for a series that
    would run for more than five years.
    """
    if not 1 <= pattern.count <= MOST_OCCURRENCES:
        raise BadSeries(f"A series has 1 to {MOST_OCCURRENCES} visits.", field="count")
    if not 1 <= pattern.every <= LONGEST_STEP:
        raise BadSeries(
            f"A series repeats every 1 to {LONGEST_STEP} weeks or months.", field="every"
        )
    if not FIRST_YEAR <= pattern.first_on.year <= LAST_YEAR:
        raise BadSeries("Please choose another first day.", field="first_on")
    if len(occurrence_days(pattern)) < pattern.count:
        raise BadSeries("A series may run for at most five years.", field="count")
    return pattern


def occurrence_days(pattern: Pattern) -> list[date]:
    """The civil days of the visits, the first included; at most five years of them.

    A fifth weekday that a month does not have is skipped: the series goes on in the next one.
    """
    days = _weekly(pattern) if pattern.frequency is Frequency.WEEKLY else _monthly(pattern)
    return list(islice(days, pattern.count))


def occurrences(pattern: Pattern, zone: ZoneInfo) -> list[datetime]:
    """The instants of the visits: the same wall time on every day, across clock changes."""
    return [at(wall(day, pattern.local_time, zone)) for day in occurrence_days(pattern)]


def windows_of(days: Sequence[date]) -> list[tuple[date, date]]:
    """The days as windows of at most 62 days each, to be asked about one by one."""
    windows: list[tuple[date, date]] = []
    for day in sorted(days):
        if windows and (day - windows[-1][0]).days < MAX_WINDOW_DAYS:
            windows[-1] = windows[-1][0], day
        else:
            windows.append((day, day))
    return windows


def _weekly(pattern: Pattern) -> Iterator[date]:
    day = pattern.first_on
    while day <= pattern.first_on + LONGEST_SERIES:
        yield day
        day += timedelta(weeks=pattern.every)


def _monthly(pattern: Pattern) -> Iterator[date]:
    first = pattern.first_on
    week = (first.day - 1) // 7
    month = first.year * 12 + first.month - 1
    while date(month // 12, month % 12 + 1, 1) <= first + LONGEST_SERIES:
        opening = date(month // 12, month % 12 + 1, 1)
        day = opening + timedelta(days=(first.weekday() - opening.weekday()) % 7 + 7 * week)
        if day.month == opening.month:
            yield day
        month += pattern.every
