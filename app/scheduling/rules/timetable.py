"""A student's class timetable from an iCalendar file: single classes and weekly ones.

The file is somebody else's, so every step is bounded: its size, its events, and how far they
repeat. Its own definitions of time zones are not read; names of zones are looked up.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from icalendar import Event

from app.kernel.period import Period
from app.scheduling.errors.calendars import BadTimetable
from app.scheduling.rules.repeats import Repeat, occurrences, weekday

LARGEST_FILE = 1024 * 1024
MOST_ENTRIES = 2_000
MOST_STEPS = 50_000
DAYS_AHEAD = 200
LONGEST_CLASS = timedelta(hours=24)
LONGEST_TITLE = 120
A_DAY = timedelta(days=1)
# The properties that are read; all others would only cost time.
READ = re.compile(
    r"(BEGIN|END|UID|DTSTART|DTEND|DURATION|SUMMARY|STATUS|RRULE|RDATE|EXDATE|RECURRENCE-ID)[:;]",
    re.I,
)
MOST_LINES = 40_000
KNOWN_PARTS = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "WKST"}
TOO_MANY = f"This timetable has more than {MOST_ENTRIES} classes. Please leave out some."
TOO_LARGE = "This file is larger than 1 MB. Please choose a smaller one."
NO_CLASSES = f"There are no classes in the next {DAYS_AHEAD} days of this timetable."
TOO_OFTEN = "The classes of this timetable repeat too often."
ODD_REPEAT = (
    "A class repeats in a way that we do not understand: only daily, weekly and monthly ones work."
)
ODD_TIME = "A class has a time that we do not understand."


@dataclass(frozen=True, slots=True, order=True)
class ClassTime:
    """One class, as instants."""

    starts_at: datetime
    ends_at: datetime
    title: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """The clinic days that count, and the zone of times without one."""

    first: date
    zone: ZoneInfo

    @property
    def last(self) -> date:
        """The last day."""
        return self.first + timedelta(days=DAYS_AHEAD)

    def has(self, wall: datetime) -> bool:
        """Whether a wall time lies in or just around the window, in any zone."""
        return self.first - A_DAY <= wall.date() <= self.last + A_DAY


@dataclass(slots=True)
class _Series:
    """One VEVENT: its wall times in its own zone. `moved` are those that others replace."""

    uid: str
    title: str
    start: datetime
    zone: tzinfo
    lasts: timedelta
    repeats: Any
    moves: datetime | None
    is_cancelled: bool
    left_out: set[datetime] = field(default_factory=set)
    added: tuple[datetime, ...] = ()


def parse_timetable(data: bytes | str, *, window: Window) -> list[ClassTime]:
    """The classes within the window, by start. All-day events are no classes.

    Raises BadTimetable with a sentence for what cannot be read, is too large or has no classes.
    """
    series = [one for one in (_series(text, window) for text in _events(data)) if one]
    moved = {(one.uid, one.moves) for one in series if one.moves}
    classes: set[ClassTime] = set()
    spend = _purse()
    for one in series:
        if not one.is_cancelled:
            one.left_out |= {wall for uid, wall in moved if uid == one.uid and not one.moves}
            classes |= set(_classes(one, window, spend))
        if len(classes) > MOST_ENTRIES:
            raise BadTimetable(TOO_MANY)
    if not classes:
        raise BadTimetable(NO_CLASSES)
    return sorted(classes)


def _purse() -> Callable[[], None]:
    """Pays for each step through a calendar; raises BadTimetable when it is empty."""
    left = iter(range(MOST_STEPS))

    def spend() -> None:
        if next(left, None) is None:
            raise BadTimetable(TOO_OFTEN)

    return spend


def clashes(period: Period, classes: Iterable[Period]) -> bool:
    """Whether a visit would be during a class."""
    return any(period.overlaps(one) for one in classes)


def _events(data: bytes | str) -> list[str]:
    """The text of each event. Everything else in the file is left unread."""
    if len(data) > LARGEST_FILE:
        raise BadTimetable(TOO_LARGE)
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data
    except UnicodeDecodeError as error:
        raise BadTimetable() from error
    lines = re.sub(r"\r\n?", "\n", text.strip().removeprefix("\ufeff"))
    unfolded = re.sub(r"\n[ \t]", "", lines)
    if not re.match(r"BEGIN:VCALENDAR[ \t]*\n", unfolded, re.I) or "\x00" in unfolded:
        raise BadTimetable()
    if not re.search(r"\nEND:VCALENDAR[ \t]*$", unfolded, re.I):
        raise BadTimetable("This calendar file is not complete. Please download it again.")
    return _blocks(unfolded.split("\n"))


def _blocks(lines: Iterable[str]) -> list[str]:
    found: list[str] = []
    block: list[str] | None = None
    kept = 0
    for line in lines:
        word = line.strip().upper()
        if word == "BEGIN:VEVENT":
            block = []
        if block is not None and READ.match(line):
            block.append(line)
            kept += 1
        if word == "END:VEVENT" and block:
            found.append("\n".join(block))
            block = None
        if len(found) > MOST_ENTRIES or kept > MOST_LINES:
            raise BadTimetable(TOO_MANY)
    return found


def _series(text: str, window: Window) -> _Series | None:
    """One event; None for what is no class: a whole day, or without an end."""
    try:
        event = Event.from_ical(text)
        return _read(event, window.zone)
    except BadTimetable:
        raise
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError) as error:
        # What a strange file makes of somebody else's parser is a strange file, not a bug.
        raise BadTimetable(ODD_TIME) from error


def _read(event: Any, zone: ZoneInfo) -> _Series | None:
    start = event["DTSTART"].dt
    if not isinstance(start, datetime):
        return None
    own_zone: tzinfo = start.tzinfo or zone
    wall = start.replace(tzinfo=None)
    lasts = _length(event, start, zone)
    if not timedelta(0) < lasts <= LONGEST_CLASS:
        return None
    moves = event.get("RECURRENCE-ID")
    return _Series(
        uid=str(event.get("UID", "")),
        title=_title(str(event.get("SUMMARY", ""))),
        start=wall,
        zone=own_zone,
        lasts=lasts,
        repeats=event.get("RRULE") if moves is None else None,
        moves=_wall(moves.dt, own_zone, wall.time()) if moves is not None else None,
        is_cancelled=str(event.get("STATUS", "")).upper() == "CANCELLED",
        left_out=set(_listed(event, "EXDATE", own_zone, wall.time())),
        added=tuple(_listed(event, "RDATE", own_zone, wall.time())) if moves is None else (),
    )


def _length(event: Any, start: datetime, zone: ZoneInfo) -> timedelta:
    if "DURATION" in event:
        lasts: timedelta = event["DURATION"].dt
        return lasts
    if "DTEND" not in event:
        return timedelta(0)
    end = event["DTEND"].dt
    if not isinstance(end, datetime):
        return timedelta(0)
    return _instant(end, zone) - _instant(start, zone)


def _instant(moment: datetime, zone: tzinfo) -> datetime:
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _wall(moment: date | datetime, zone: tzinfo, of_start: time) -> datetime:
    """A moment as the wall time of the series; a whole day is its class of that day."""
    if not isinstance(moment, datetime):
        return datetime.combine(moment, of_start)
    return (moment.astimezone(zone) if moment.tzinfo else moment).replace(tzinfo=None)


def _listed(event: Any, name: str, zone: tzinfo, of_start: time) -> Iterator[datetime]:
    """The times that the file names one by one. A period counts from its start."""
    given = event.get(name, [])
    for dates in given if isinstance(given, list) else [given]:
        for one in dates.dts:
            moment = one.dt[0] if isinstance(one.dt, tuple) else one.dt
            yield _wall(moment, zone, of_start)


def _title(text: str) -> str:
    plain = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(plain.split())[:LONGEST_TITLE]


def _classes(one: _Series, window: Window, spend: Callable[[], None]) -> Iterator[ClassTime]:
    """The classes of one event in the window. Raises BadTimetable when there is no end to them."""
    for wall in _walls(one, window, spend):
        spend()
        if window.has(wall) and wall not in one.left_out:
            starts_at = wall.replace(tzinfo=one.zone).astimezone(UTC)
            first = starts_at.astimezone(window.zone).date()
            if window.first <= first <= window.last:
                yield ClassTime(starts_at, starts_at + one.lasts, one.title)


def _walls(one: _Series, window: Window, spend: Callable[[], None]) -> Iterator[datetime]:
    """The first time, the repeated ones, and those that the file names one by one."""
    yield from one.added
    if one.repeats is None:
        yield one.start
        return
    since, last = window.first - A_DAY, window.last + A_DAY
    yield from occurrences(one.start, _rule(one), since=since, last=last, spend=spend)


def _rule(one: _Series) -> Repeat:
    """The repetition in wall time, so that a class stays at its hour when clocks change."""
    parts = one.repeats
    if isinstance(parts, list) or not set(parts) <= KNOWN_PARTS:
        raise BadTimetable(ODD_REPEAT)
    until = parts.get("UNTIL", [None])[0]
    try:
        return Repeat(
            frequency=str(parts.get("FREQ", [""])[0]).upper(),
            interval=int(parts.get("INTERVAL", [1])[0]),
            count=parts.get("COUNT", [None])[0],
            until=None if until is None else _wall(until, one.zone, time.max),
            days=tuple(weekday(str(day)) for day in parts.get("BYDAY", [])),
            month_days=tuple(int(day) for day in parts.get("BYMONTHDAY", [])),
            week_start=weekday(str(parts.get("WKST", ["MO"])[0]))[1],
        )
    except (ValueError, TypeError, OverflowError) as error:
        raise BadTimetable(ODD_REPEAT) from error
