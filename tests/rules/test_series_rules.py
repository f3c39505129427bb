"""When the visits of a series take place (SCH-32)."""

from datetime import date, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scheduling.errors.series import BadSeries
from app.scheduling.rules.series import (
    Frequency,
    Pattern,
    check_pattern,
    occurrence_days,
    occurrences,
    windows_of,
)
from tests.rules.clinic import BERLIN, INTERESTING_DAYS

TUESDAY = date(2026, 12, 8)  # the second Tuesday of its month


def pattern(**more):
    values = {
        "frequency": Frequency.WEEKLY,
        "every": 1,
        "first_on": TUESDAY,
        "local_time": time(9),
        "count": 3,
    }
    return Pattern(**values | more)


PATTERNS = st.builds(
    Pattern,
    frequency=st.sampled_from(Frequency),
    every=st.integers(1, 4),
    first_on=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    local_time=st.times().map(lambda moment: moment.replace(second=0, microsecond=0)),
    count=st.integers(1, 12),
)


def test_every_two_weeks_means_fourteen_days():
    assert occurrence_days(pattern(every=2)) == [
        date(2026, 12, 8),
        date(2026, 12, 22),
        date(2027, 1, 5),
    ]


def test_monthly_keeps_the_second_tuesday():
    assert occurrence_days(pattern(frequency=Frequency.MONTHLY)) == [
        date(2026, 12, 8),
        date(2027, 1, 12),
        date(2027, 2, 9),
    ]


def test_a_fifth_weekday_that_a_month_lacks_is_skipped():
    fifth = pattern(frequency=Frequency.MONTHLY, first_on=date(2026, 12, 29))

    assert occurrence_days(fifth) == [date(2026, 12, 29), date(2027, 3, 30), date(2027, 6, 29)]


def test_the_clock_on_the_wall_stays_when_the_clocks_change():
    times = occurrences(pattern(first_on=date(2026, 10, 20), count=2), BERLIN)

    assert times[1] - times[0] == timedelta(days=7, hours=1)
    assert [moment.astimezone(BERLIN).hour for moment in times] == [9, 9]


@given(PATTERNS, st.sampled_from(sorted({zone for zone, _ in INTERESTING_DAYS})))
def test_each_occurrence_lies_on_its_day_at_its_wall_time(rule, zone_name):
    zone = ZoneInfo(zone_name)
    days, times = occurrence_days(rule), occurrences(rule, zone)

    assert times == sorted(times)
    for day, instant in zip(days, times, strict=True):
        local = instant.astimezone(zone)
        assert day.weekday() == rule.first_on.weekday()
        # A wall time that the clock skips means the instant after the gap.
        assert local.time() == rule.local_time or local.time() > rule.local_time
        assert local.date() == day or local.date() == day + timedelta(days=1)


@given(PATTERNS)
def test_monthly_keeps_the_week_of_the_month(rule):
    days = occurrence_days(rule)

    assert days[0] == rule.first_on
    if rule.frequency is Frequency.MONTHLY:
        assert {(day.day - 1) // 7 for day in days} == {(rule.first_on.day - 1) // 7}


@given(PATTERNS)
def test_windows_hold_every_day_and_none_is_longer_than_62_days(rule):
    days = occurrence_days(rule)
    windows = windows_of(days)

    assert all((last - first).days < 62 for first, last in windows)
    assert all(sum(first <= day <= last for first, last in windows) == 1 for day in days)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": 61}, "count"),
        ({"every": 0}, "every"),
        ({"every": 13}, "every"),
        ({"first_on": date(1, 1, 1)}, "first_on"),
        ({"first_on": date(9999, 12, 31)}, "first_on"),
        ({"every": 12, "count": 60}, "count"),
    ],
)
def test_a_rule_out_of_bounds_is_refused_beside_its_field(wrong, field):
    with pytest.raises(BadSeries) as refused:
        check_pattern(pattern(**wrong))

    assert list(refused.value.errors) == [field]
