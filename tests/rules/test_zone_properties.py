"""Slots in zones with gaps, repeats, half-hour shifts and changes at midnight (SCH-10, SCH-16).

The expected times come from an oracle that knows no rules of time zones: it looks at the clock
on the wall minute by minute, and opens and closes the door when the clock says so.
"""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.scheduling.rules import Question, available_slots
from tests.rules.clinic import minutes, policy, provider

# Each with the day of the change and what is odd about it.
CHANGES = {
    "a skipped hour": ("Europe/Berlin", date(2026, 3, 29)),
    "a repeated hour": ("Europe/Berlin", date(2026, 10, 25)),
    "half an hour skipped": ("Australia/Lord_Howe", date(2026, 10, 4)),
    "half an hour repeated": ("Australia/Lord_Howe", date(2026, 4, 5)),
    "a skipped midnight in Cairo": ("Africa/Cairo", date(2026, 4, 24)),
    "a repeated hour before midnight in Cairo": ("Africa/Cairo", date(2026, 10, 29)),
    "a skipped midnight in Beirut": ("Asia/Beirut", date(2026, 3, 29)),
    "a repeated hour before midnight in Beirut": ("Asia/Beirut", date(2026, 10, 24)),
    "a skipped midnight in Sao Paulo": ("America/Sao_Paulo", date(2018, 11, 4)),
    "a repeated hour before midnight in Sao Paulo": ("America/Sao_Paulo", date(2018, 2, 17)),
    "a skipped day": ("Pacific/Apia", date(2011, 12, 30)),
    "a skipped day of another island": ("Pacific/Kwajalein", date(1993, 8, 21)),
    "no change at all": ("Asia/Manila", date(2026, 11, 24)),
}
SPANS = (
    (time(8), time(17)),
    (time(20), time(4)),
    (time(23, 30), time(0, 30)),
    (time(22, 15), time(2, 15)),
    (time(0), time(3)),
    (time(1, 45), time(2, 45)),
    (time(12), time(0)),
)
A_DAY = timedelta(days=1)


@cache
def clock_on_the_wall(place: str, day: date) -> list[tuple[datetime, datetime]]:
    """Each minute around the day: the instant, and what the clock shows then."""
    first = datetime.combine(day, time(), UTC) - 4 * A_DAY
    instants = [first + minutes(count) for count in range(8 * 24 * 60)]
    return [(one, one.astimezone(ZoneInfo(place)).replace(tzinfo=None)) for one in instants]


def first_showing(place: str, around: date, wanted: datetime) -> datetime:
    """The first instant at which the clock shows a time or a later one."""
    return next(one for one, shown in clock_on_the_wall(place, around) if shown >= wanted)


def expected(
    place: str, day: date, span: tuple[time, time], lasts: int, step: int
) -> list[datetime]:
    """The starts of the day, found by watching the clock."""
    opens, closes = span
    doors = []
    for shift in (-2, -1, 0, 1):
        on = day + shift * A_DAY
        until = on if closes > opens else on + A_DAY
        start = first_showing(place, day, datetime.combine(on, opens))
        end = first_showing(place, day, datetime.combine(until, closes))
        doors.append((start, end))
    starts = [
        start + minutes(count)
        for start, end in doors
        for count in range(0, (end - start) // minutes(1), step)
        if stays_open(doors, start + minutes(count), lasts)
    ]
    zone = ZoneInfo(place)
    return [one for one in starts if one.astimezone(zone).date() == day]


def stays_open(doors: list[tuple[datetime, datetime]], start: datetime, lasts: int) -> bool:
    """Whether some door is open in each minute of a visit."""
    return all(
        any(opens <= start + minutes(count) < closes for opens, closes in doors)
        for count in range(lasts)
    )


@settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(SPANS),
    st.sampled_from([10, 20, 45, 60]),
    st.sampled_from([15, 20, 60]),
    st.integers(-1, 1),
)
@pytest.mark.parametrize("change", CHANGES)
def test_the_slots_are_those_of_somebody_who_watches_the_clock(change, span, lasts, step, shift):
    place, changed = CHANGES[change]
    day = changed + shift * A_DAY
    weekly = f"{span[0]:%H:%M}-{span[1]:%H:%M}"
    question = Question(
        policy=policy(lasts, step),
        providers=(provider(weekly),),
        first=day,
        last=day,
        now=datetime.combine(day, time(), UTC) - 9 * A_DAY,
        zone=ZoneInfo(place),
    )

    found = [slot.starts_at for slot in available_slots(question)]

    assert found == expected(place, day, span, lasts, step)


@pytest.mark.parametrize("change", CHANGES)
def test_every_zone_here_is_as_odd_as_its_name_says(change):
    """Otherwise newer time zone data would quietly turn these into tests of ordinary days."""
    place, day = CHANGES[change]
    shown = [wall for _, wall in clock_on_the_wall(place, day)]
    repeated = [wall for wall, times in Counter(shown).items() if times > 1]
    skipped = (max(shown) - min(shown)) // minutes(1) + 1 - len(set(shown))

    if "skipped" in change:
        assert skipped >= (24 * 60 if "day" in change else 30)
    if "repeated hour" in change or "half an hour repeated" in change:
        assert len(repeated) >= 30
    if "midnight" in change:
        midnight = datetime.combine(day, time())
        near = midnight if "skipped" in change else midnight + timedelta(hours=23)
        assert (near not in shown) if "skipped" in change else (near in repeated)
