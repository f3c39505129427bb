"""What repeats when: the same as another implementation says, and never more work than allowed."""

import sys
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil import rrule as other
from hypothesis import given, settings
from hypothesis import strategies as st

from app.scheduling.errors.calendars import BadTimetable
from app.scheduling.rules.repeats import Repeat, occurrences, weekday
from app.scheduling.rules.timetable import LARGEST_FILE, Window, parse_timetable
from tests.rules.test_timetable_rules import calendar, event

FREQUENCIES = {"DAILY": other.DAILY, "WEEKLY": other.WEEKLY, "MONTHLY": other.MONTHLY}
WEEKDAYS = (other.MO, other.TU, other.WE, other.TH, other.FR, other.SA, other.SU)
WINDOW = Window(date(2026, 11, 23), ZoneInfo("Asia/Manila"))
SINCE, LAST = date(2026, 11, 23), date(2027, 3, 1)
NINE = datetime.combine(SINCE, time(9))
DAY = timedelta(days=1)


@st.composite
def rules(draw):
    """A start within two years of the window, and a rule."""
    start = NINE + timedelta(days=draw(st.integers(-800, 40)))
    frequency = draw(st.sampled_from(list(FREQUENCIES)))
    is_monthly = frequency == "MONTHLY"
    # Weekdays with and without a place in one rule are a union; the other one wants both.
    is_placed = is_monthly and draw(st.booleans())
    places = st.sampled_from([1, 2, 5, -1, -2] if is_placed else [0])
    counted = draw(st.booleans())
    month_days = st.lists(st.sampled_from([1, 13, 29, 31, -1]), max_size=2)
    return start, Repeat(
        frequency,
        interval=draw(st.integers(1, 5)),
        count=draw(st.integers(1, 40)) if counted else None,
        until=draw(
            st.none()
            if counted
            else st.none() | st.integers(-30, 120).map(lambda d: NINE + d * DAY)
        ),
        days=tuple(draw(st.lists(st.tuples(places, st.integers(0, 6)), max_size=3))),
        month_days=tuple(draw(month_days)) if is_monthly else (),
        week_start=draw(st.integers(0, 6)),
    )


@settings(max_examples=300, deadline=None, derandomize=True)
@given(rules())
def test_the_times_are_those_that_another_implementation_finds(drawn):
    start, rule = drawn
    expected = other.rrule(
        FREQUENCIES[rule.frequency],
        dtstart=start,
        interval=rule.interval,
        count=rule.count,
        until=rule.until,
        byweekday=[WEEKDAYS[day](place) if place else WEEKDAYS[day] for place, day in rule.days]
        or None,
        bymonthday=rule.month_days or None,
        wkst=rule.week_start,
    ).between(datetime.combine(SINCE, time.min), datetime.combine(LAST, time.max), inc=True)

    found = occurrences(start, rule, since=SINCE, last=LAST, spend=lambda: None)

    assert [wall for wall in found if wall.date() >= SINCE] == expected


def test_a_rule_that_never_comes_true_ends_with_the_days_asked_for():
    """Every seventh day from a Monday on, but only on Tuesdays."""
    never = Repeat("DAILY", interval=7, days=(weekday("TU"),))
    steps = []

    found = occurrences(NINE, never, since=SINCE, last=LAST, spend=lambda: steps.append(1))

    assert list(found) == []
    assert len(steps) == 15


def test_a_class_of_long_ago_costs_no_more_than_a_new_one():
    steps = []
    rule = Repeat("WEEKLY")

    list(
        occurrences(
            datetime.combine(date.min, time(9)),
            rule,
            since=SINCE,
            last=LAST,
            spend=lambda: steps.append(1),
        )
    )

    assert len(steps) <= 16


@pytest.mark.parametrize("text", ["", "XX", "2", "MOTU", "123MO", "2 MO"])
def test_what_is_no_weekday_is_refused(text):
    with pytest.raises(ValueError, match="weekday"):
        weekday(text)


@pytest.mark.parametrize(
    "values",
    [
        {"frequency": "HOURLY"},
        {"frequency": "DAILY", "interval": 0},
        {"frequency": "DAILY", "count": 0},
        {"frequency": "WEEKLY", "days": ((2, 0),)},
        {"frequency": "WEEKLY", "month_days": (1,)},
        {"frequency": "MONTHLY", "month_days": (0,)},
    ],
)
def test_a_rule_without_a_meaning_is_refused(values):
    with pytest.raises(ValueError, match="not understood"):
        Repeat(**values)


def filled(make, *, most=2_000):
    """A calendar with as many of these events as fit into the largest file."""
    events, size = [], 200
    for number in range(most):
        one = make(number)
        size += len(one) + 2
        if size > LARGEST_FILE:
            break
        events.append(one)
    return calendar(*events)


NEVER = "RRULE:FREQ=DAILY;INTERVAL=7;BYDAY=TU"
HOSTILE = {
    "rules that never come true": lambda number: event(NEVER, f"UID:{number}"),
    "rules of other millennia": lambda number: event(
        "RRULE:FREQ=DAILY;COUNT=3000000", start="DTSTART:00010101T090000", end="DURATION:PT1H"
    ),
    "the thirtieth of February": lambda number: event(
        "RRULE:FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30",
        start="DTSTART:20200201T090000",
        end="DURATION:PT1H",
    ),
    "an interval of ages": lambda number: event(f"RRULE:FREQ=WEEKLY;INTERVAL={10**12}"),
    "one day left out very often": lambda number: event(
        NEVER, "EXDATE:" + ",".join(["20261130T090000"] * 60)
    ),
    "one long list of days": lambda number: event(
        "RDATE:" + ",".join(["20261124T090000"] * 60_000)
    ),
    "lines that are not read": lambda number: event(*["DESCRIPTION:" + "x" * 400] * 1),
    "folded to the last letter": lambda number: event("SUMMARY:" + "\r\n a" * 100),
    "all days of every month": lambda number: event(
        "RRULE:FREQ=MONTHLY;BYMONTHDAY=" + ",".join(map(str, range(1, 32)))
    ),
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_largest_file_is_read_with_bounded_work(make):
    """Counts calls, not seconds: the same on every machine."""
    text, calls = filled(make), 0

    def count(frame, what, argument):
        nonlocal calls
        calls += what in ("call", "c_call")

    sys.setprofile(count)
    try:
        parse_timetable(text, window=WINDOW)
    except BadTimetable:
        pass
    finally:
        sys.setprofile(None)

    assert len(text) <= LARGEST_FILE
    assert calls < 6 * LARGEST_FILE, f"{calls:,}"
