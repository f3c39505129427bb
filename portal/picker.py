"""A week of days with their free times, to choose from: for booking and for moving a visit."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from flask import request

from app.kernel.clock import local_date
from app.kernel.period import Period
from app.scheduling.rules import Slot
from app.scheduling.rules.timetable import clashes
from app.web.fields import clock_time, local
from app.web.http import clinic_zone
from portal import asking
from portal.blueprint import portal
from portal.words import long_day, today

A_DAY = timedelta(days=1)
WEEK = timedelta(days=7)
# How far one look goes: the most that the availability service answers at once.
REACH = timedelta(days=61)
MORNING, AFTERNOON, EVENING = "Morning", "Afternoon", "Evening"
IN_CLASS = "During your class"


@dataclass(frozen=True, slots=True)
class Link:
    """Where to, and what it says."""

    label: str
    href: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the strip; `free` counts the different times."""

    on: date
    free: int
    is_current: bool
    href: str

    @property
    def weekday(self) -> str:
        """Mon."""
        return f"{self.on:%a}"

    @property
    def day(self) -> int:
        """Of the month."""
        return self.on.day

    @property
    def month(self) -> str:
        """Nov."""
        return f"{self.on:%b}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picker:
    """What the page shows: a week, the chosen day's times, and the ways on."""

    days: list[Day]
    on: date
    times: list[tuple[str, list[Link]]]
    earlier: str | None
    later: str | None
    next_free: Link | None
    is_week_empty: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where times come from, how far ahead, and the addresses of days and times.

    `classes_on` says when the student has class; such times stay bookable, but come last.
    `usual` is the key of a provider whose times come first, `usual_title` what stands above them.
    """

    find: Callable[[date, date], list[Slot]]
    last: date
    day_href: Callable[[date, date | None], str]
    time_href: Callable[[Slot], str]
    classes_on: Callable[[date], list[Period]] = lambda day: []
    usual: str = ""
    usual_title: str = ""


@portal.app_template_global("is_part")
def is_part() -> bool:
    """Whether a script asks only for the part that changes; going back loads whole pages."""
    headers = request.headers
    return bool(headers.get("HX-Request")) and not headers.get("HX-History-Restore-Request")


def pick(source: Source) -> Picker:
    """The week and the day that the address asks for; at first the first free day.

    Days in the past or beyond the last one are moved to the nearest possible.
    """
    first, on = asking.day("from"), asking.day("on")
    start = today()
    last = max(source.last, start)
    if first is None and on is None:
        ahead = _found(source, start, min(start + REACH, last))
        week = _week_of(min(ahead, default=start), start)
        return _picker(source, week, None, ahead, last)
    week = _week_of(min(max(first or on or start, start), last), start)
    free = _found(source, week, min(week + WEEK - A_DAY, last))
    if max(free, default=start - A_DAY) < (on or week) and week + WEEK <= last:
        # Nothing from the chosen day on: look further, to say when the next free time is.
        free |= _found(source, week + WEEK, min(week + WEEK + REACH, last))
    return _picker(source, week, on, free, last)


def _week_of(day: date, start: date) -> date:
    """Weeks are counted from today, so that the first one is never half over."""
    return start + WEEK * ((day - start) // WEEK)


def _found(source: Source, first: date, last: date) -> dict[date, list[Slot]]:
    """One slot for each start, the usual provider's if possible, by the clinic's day.

    Who else could see the patient is settled later.
    """
    zone = clinic_zone()
    usual_first = sorted(source.find(first, last), key=lambda one: one.provider != source.usual)
    starts = {slot.starts_at: slot for slot in reversed(usual_first)}
    ordered = [starts[start] for start in sorted(starts)]
    return {
        day: list(of_day)
        for day, of_day in groupby(ordered, lambda slot: local_date(slot.starts_at, zone))
    }


def _picker(
    source: Source, week: date, on: date | None, free: dict[date, list[Slot]], last: date
) -> Picker:
    days = [day for day in (week + A_DAY * i for i in range(7)) if day <= last]
    current = on if on in days else next((day for day in days if day in free), days[0])
    return Picker(
        days=[
            Day(day, len(free.get(day, ())), day == current, source.day_href(week, day))
            for day in days
        ],
        on=current,
        times=_times(source, free.get(current, []), source.classes_on(current)),
        earlier=source.day_href(week - WEEK, None) if week > today() else None,
        later=source.day_href(week + WEEK, None) if week + WEEK <= last else None,
        next_free=None if current in free else _next_free(source, current, free),
        is_week_empty=free.keys().isdisjoint(days),
    )


def _times(
    source: Source, slots: list[Slot], classes: list[Period]
) -> list[tuple[str, list[Link]]]:
    parts = [(_part(source, slot, classes), slot) for slot in slots]
    ranks = {source.usual_title: 0, IN_CLASS: 2}
    parts.sort(key=lambda one: ranks.get(one[0], 1))
    links = [(part, Link(_clock(slot), source.time_href(slot))) for part, slot in parts]
    return [
        (part, [link for _, link in of_part])
        for part, of_part in groupby(links, lambda one: one[0])
    ]


def _part(source: Source, slot: Slot, classes: list[Period]) -> str:
    if clashes(Period(slot.starts_at, slot.ends_at), classes):
        return IN_CLASS
    is_usual = source.usual_title and slot.provider == source.usual
    return source.usual_title if is_usual else _part_of_day(slot)


def _part_of_day(slot: Slot) -> str:
    wall = local(slot.starts_at)
    hour = wall.hour if wall else 0
    return MORNING if hour < 12 else AFTERNOON if hour < 17 else EVENING


def _clock(slot: Slot) -> str:
    wall = local(slot.starts_at)
    return clock_time(wall.time()) if wall else ""


def _next_free(source: Source, current: date, free: dict[date, list[Slot]]) -> Link | None:
    """The first free time after the chosen day, as far as we looked."""
    day = min((day for day in free if day > current), default=None)
    if day is None:
        return None
    label = f"{long_day(day)}, {_clock(free[day][0])}"
    return Link(label, source.day_href(_week_of(day, today()), day))
