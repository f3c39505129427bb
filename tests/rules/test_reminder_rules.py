"""When reminders leave, and that they leave people in peace (SCH-30, NOT-03)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from app.kernel.errors import Invalid
from app.scheduling.rules.quiet import QuietHours
from app.scheduling.rules.reminders import (
    EARLY,
    check_leads,
    due_lead,
    look_ahead,
    send_at,
)
from tests.rules.clinic import INTERESTING_DAYS, MANILA, MONDAY, at, clock_times, minutes

# Apia left out 30 December 2011; its quiet morning never was.
SKIPPED = (
    QuietHours(time(0), time(11, 30), ZoneInfo("Pacific/Apia")),
    datetime(2011, 12, 30, 22, 0, tzinfo=UTC),
)
NIGHT = QuietHours(time(21), time(7), MANILA)
NONE = QuietHours(time(0), time(0), MANILA)
SUNDAY = MONDAY - timedelta(days=1)
LONG_AGO = at("08:00", MONDAY - timedelta(days=30))


def due(now, *, starts_at, leads=(1440, 120), created_at=LONG_AGO, quiet=NIGHT):
    return due_lead(leads, starts_at=starts_at, created_at=created_at, now=now, quiet=quiet)


def test_a_reminder_is_due_from_its_lead_on():
    visit = at("14:00")

    assert due(at("13:59", SUNDAY), starts_at=visit) is None
    assert due(at("14:00", SUNDAY), starts_at=visit) == 1440
    assert due(at("11:59"), starts_at=visit) == 1440
    assert due(at("12:00"), starts_at=visit) == 120


def test_nothing_is_due_once_the_visit_begins():
    assert due(at("13:59"), starts_at=at("14:00")) == 120
    assert due(at("14:00"), starts_at=at("14:00")) is None


@pytest.mark.parametrize(
    ("booked", "expected"), [("13:59", 120), ("14:00", 120), ("12:00", 120), ("11:59", 120)]
)
def test_after_a_pause_only_the_shortest_due_lead_counts(booked, expected):
    created = at(booked, SUNDAY - timedelta(days=1))

    assert due(at("13:00"), starts_at=at("14:00"), created_at=created) == expected


def test_a_visit_booked_within_the_lead_needs_no_such_reminder():
    visit = at("14:00")

    assert due(at("15:00", SUNDAY), starts_at=visit, created_at=at("14:00", SUNDAY)) is None
    assert due(at("12:30"), starts_at=visit, created_at=at("12:00")) is None


def test_a_reminder_planned_into_the_night_leaves_in_the_morning():
    visit = at("08:00")

    assert due(at("06:59"), starts_at=visit, leads=[120]) is None
    assert due(at("07:00"), starts_at=visit, leads=[120]) == 120


def test_for_an_early_visit_it_leaves_before_the_night():
    visit = at("07:20")

    assert send_at(visit, minutes(120), NIGHT) == at("20:45", SUNDAY)
    assert due(at("20:44", SUNDAY), starts_at=visit, leads=[120]) is None
    assert due(at("20:45", SUNDAY), starts_at=visit, leads=[120]) == 120
    assert due(at("23:00", SUNDAY), starts_at=visit, leads=[120]) is None


def test_without_quiet_hours_it_leaves_in_the_night():
    assert due(at("05:20"), starts_at=at("07:20"), quiet=NONE) == 120


def test_what_must_be_looked_at_reaches_over_the_night_only_before_it_begins():
    assert look_ahead(at("12:00"), NIGHT) == at("12:00")
    assert look_ahead(at("20:45", SUNDAY), NIGHT) == at("07:00")
    assert look_ahead(at("23:00"), NIGHT) is None


@st.composite
def nights(draw):
    """Quiet hours in a zone where clocks change, and an instant near the change."""
    name, day = draw(st.sampled_from(INTERESTING_DAYS))
    zone = ZoneInfo(name)
    starts, ends = draw(clock_times()), draw(clock_times())
    noon = datetime.combine(day, time(12), zone)
    return QuietHours(starts, ends, zone), at("12:00", noon.date(), zone)


@given(nights(), st.integers(-1500, 1500), st.sampled_from([15, 60, 120, 1440, 20160]))
def test_no_reminder_leaves_in_the_quiet_hours_of_any_zone(night, shift, lead):
    quiet, noon = night
    now = noon + minutes(shift)
    wall = now.astimezone(quiet.zone).time()
    if quiet.starts < quiet.ends:
        is_quiet = quiet.starts <= wall < quiet.ends
    else:
        is_quiet = quiet.starts != quiet.ends and not quiet.ends <= wall < quiet.starts
    assume(is_quiet)

    # Within a gap of the clock a quiet span may not exist at all; then nobody reads the clock.
    if quiet.around(now):
        visit = now + minutes(10)
        assert due(now, starts_at=visit, leads=[lead], quiet=quiet) is None
        assert look_ahead(now, quiet) is None


@given(nights(), st.integers(-1500, 1500), st.sampled_from([15, 60, 120, 1440]))
@example(night=SKIPPED, shift=-1, lead=60)
def test_a_reminder_leaves_before_the_visit_and_at_most_a_day_from_its_plan(night, shift, lead):
    quiet, noon = night
    visit = noon + minutes(shift)

    leaves_at = send_at(visit, minutes(lead), quiet)

    assert leaves_at < visit
    assert abs(leaves_at - (visit - minutes(lead))) <= timedelta(hours=26) + EARLY


@given(nights(), st.integers(-1500, 1500), st.sampled_from([15, 60, 120, 1440]))
@example(night=SKIPPED, shift=-1, lead=60)
def test_when_a_reminder_leaves_its_visit_is_looked_at(night, shift, lead):
    quiet, noon = night
    visit = noon + minutes(shift)

    reach = look_ahead(send_at(visit, minutes(lead), quiet), quiet)

    assert reach is None or reach >= visit - minutes(lead)


def test_a_midnight_that_is_skipped_begins_the_quiet_hours_too():
    tehran = ZoneInfo("Asia/Tehran")  # 22 March 2022 began at 1 AM
    quiet = QuietHours(time(0, 0), time(2, 45), tehran)
    visit = datetime(2022, 3, 21, 22, 44, tzinfo=UTC)

    leaves_at = send_at(visit, minutes(60), quiet)

    assert look_ahead(leaves_at, quiet) >= visit - minutes(60)


def test_wishes_are_sorted_and_bounded():
    assert check_leads([120, 1440, 120]) == [1440, 120]
    assert check_leads([]) == []
    assert check_leads(None) is None
    for bad in ([10], [20161], [60, 120, 180, 240, 300]):
        with pytest.raises(Invalid) as refusal:
            check_leads(bad)
        assert list(refusal.value.errors) == ["lead_minutes"]
