"""When something repeats: the daily, weekly and monthly rules of iCalendar files, in wall time.

The rules are somebody else's. So every step through the calendar is one of our own, is paid for
by `spend`, and ends with the days that are asked for, also when a rule never comes true.
"""

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY: Final = re.compile(r"([+-]?\d{1,2})?(MO|TU|WE|TH|FR|SA|SU)")
DAYS_OF_PERIOD: Final = {"DAILY": 1, "WEEKLY": 7}
MONTHLY: Final = "MONTHLY"
FREQUENCIES: Final = frozenset({*DAYS_OF_PERIOD, MONTHLY})
MONTHS: Final = 12
Ordinals = Iterator[int]


@dataclass(frozen=True, slots=True)
class Repeat:
    """One rule. `days` are weekdays with their place in the month, or 0 for each of them."""

    frequency: str
    interval: int = 1
    count: int | None = None
    until: datetime | None = None
    days: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    week_start: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError for what has no meaning here."""
        has_places = any(place for place, _ in self.days)
        if (
            self.frequency not in FREQUENCIES
            or self.interval < 1
            or (self.count is not None and self.count < 1)
            or ((has_places or self.month_days) and self.frequency != MONTHLY)
            or not all(1 <= abs(day) <= 31 for day in self.month_days)
        ):
            raise ValueError("this rule is not understood")


def weekday(text: str) -> tuple[int, int]:
    """The place and the weekday of "MO", "2MO" or "-1FR". Raises ValueError."""
    found = DAY.fullmatch(text.upper())
    if found is None:
        raise ValueError("no weekday")
    return int(found[1] or 0), WEEKDAYS.index(found[2])


def occurrences(
    start: datetime, rule: Repeat, *, since: date, last: date, spend: Callable[[], None]
) -> Iterator[datetime]:
    """The wall times in order, up to a last day. Earlier ones than `since` may be left out.

    `spend` is called once for each day, week or month that is looked at, and may raise.
    """
    ends = min(last, rule.until.date()) if rule.until else last
    found = 0
    for ordinals in _periods(start.date(), rule, since, ends):
        spend()
        for ordinal in ordinals:
            if ordinal < start.toordinal():
                continue
            wall = datetime.combine(date.fromordinal(ordinal), start.time())
            if ordinal > last.toordinal() or (rule.until and wall > rule.until):
                return
            found += 1
            if rule.count is not None and found > rule.count:
                return
            yield wall


def _periods(start: date, rule: Repeat, since: date, last: date) -> Iterator[Ordinals]:
    """The days of each period that the rule comes to. A counted rule is followed from its start."""
    since = start if rule.count is not None else max(since, start)
    if rule.frequency == MONTHLY:
        base, end = _month(start), _month(last)
        first = base + (_month(since) - base) // rule.interval * rule.interval
        for month in range(first, end + 1, rule.interval):
            yield _days_of_month(month, start, rule)
        return
    size = DAYS_OF_PERIOD[rule.frequency]
    base = start.toordinal()
    if size > 1:
        base -= (start.weekday() - rule.week_start) % size
    step = size * rule.interval
    first = base + (since.toordinal() - base) // step * step
    wanted = {day for _, day in rule.days}
    if size > 1 and not wanted:
        wanted = {start.weekday()}
    for ordinal in range(first, last.toordinal() + 1, step):
        days = range(ordinal, ordinal + size)
        yield (day for day in days if not wanted or (day - 1) % 7 in wanted)


def _month(day: date) -> int:
    return day.year * MONTHS + day.month - 1


def _days_of_month(month: int, start: date, rule: Repeat) -> Ordinals:
    year, number = month // MONTHS, month % MONTHS + 1
    length = calendar.monthrange(year, number)[1]
    first = date(year, number, 1).toordinal()
    plain = not rule.days and not rule.month_days
    for day in range(1, length + 1):
        if plain:
            fits = day == start.day
        else:
            fits = _fits_days(first, day, length, rule) and _fits_month_days(day, length, rule)
        if fits:
            yield first + day - 1


def _fits_days(first: int, day: int, length: int, rule: Repeat) -> bool:
    places = {0, (day - 1) // 7 + 1, -((length - day) // 7 + 1)}
    weekday_of = (first + day - 2) % 7
    return not rule.days or any(
        place in places and wanted == weekday_of for place, wanted in rule.days
    )


def _fits_month_days(day: int, length: int, rule: Repeat) -> bool:
    return not rule.month_days or day in rule.month_days or day - length - 1 in rule.month_days
