"""Definitions of the clinic's numbers."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.analytics.errors import RangeRefused
from app.analytics.rules import (
    LEAD_BUCKETS,
    Outcomes,
    checked_range,
    lead_bucket,
    share,
    utilisation,
)

TODAY = date(2026, 11, 23)


def test_the_no_show_rate_counts_those_whose_time_came():
    outcomes = Outcomes(kept=6, missed=2, left=2, cancelled=5, late=1, ahead=9)

    assert outcomes.no_show_rate == 0.2
    assert outcomes.cancellation_rate == 5 / 24
    assert outcomes.booked == 24


def test_a_share_of_a_small_group_is_not_given():
    assert share(1, 4) is None
    assert share(1, 5) == 0.2


def test_nobody_who_was_never_open_is_used():
    assert utilisation(30, 0) is None
    assert utilisation(30, 60) == 0.5


@given(st.timedeltas(min_value=timedelta(days=-2), max_value=timedelta(days=800)))
def test_every_lead_time_has_one_bucket(lead):
    assert lead_bucket(lead) in {name for name, _ in LEAD_BUCKETS}


@pytest.mark.parametrize(
    ("days", "name"),
    [(0, "Same day"), (1, "1 to 2 days"), (3, "3 to 6 days"), (7, "1 to 2 weeks"), (28, "4 weeks")],
)
def test_a_bucket_begins_with_its_first_day(days, name):
    assert lead_bucket(timedelta(days=days)).startswith(name)


def test_without_days_the_last_four_weeks_are_shown():
    assert checked_range(None, None, today=TODAY) == (date(2026, 10, 27), TODAY)


def test_one_day_given_is_completed_to_four_weeks():
    assert checked_range(date(2026, 11, 1), None, today=TODAY)[1] == date(2026, 11, 28)
    assert checked_range(None, date(2026, 11, 28), today=TODAY)[0] == date(2026, 11, 1)


def test_a_whole_leap_year_can_be_shown():
    year = (date(2028, 1, 1), date(2028, 12, 31))

    assert checked_range(*year, today=TODAY) == year


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        (date(2026, 11, 2), date(2026, 11, 1), "must not lie after"),
        (date(2026, 1, 1), date(2027, 1, 2), "at most 366 days"),
        (date.min, date.min, "between 1900 and 2200"),
        (None, date.min, "between 1900 and 2200"),
        (date.max, None, "between 1900 and 2200"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused(first, last, words):
    with pytest.raises(RangeRefused, match=words):
        checked_range(first, last, today=TODAY)
