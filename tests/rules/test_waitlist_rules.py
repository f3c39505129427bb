"""Which freed time fits whom, and when the clinic leaves people in peace (SCH-31)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.kernel.period import Period
from app.scheduling.errors.waitlist import BadWait
from app.scheduling.rules import Slot
from app.scheduling.rules.quiet import quiet_until
from app.scheduling.rules.waitlist import WaitingTimes, best_slot, check_times, earliest_offer

MANILA = ZoneInfo("Asia/Manila")
MONDAY = date(2026, 11, 23)
WEEK = WaitingTimes(first_day=MONDAY, last_day=date(2026, 11, 27))
MIDNIGHT = datetime(2026, 11, 22, 16, tzinfo=UTC)


def at(text, day=MONDAY):
    return datetime.combine(day, time.fromisoformat(text), MANILA).astimezone(UTC)


def slot(text, minutes=20, day=MONDAY):
    return Slot(1, "DOC1", at(text, day), at(text, day) + timedelta(minutes=minutes))


def best(slots, freed, times=WEEK, **more):
    freed = Period(at(freed[0]), at(freed[1]))
    more.setdefault("not_before", MIDNIGHT)
    return best_slot(slots, freed=freed, times=times, zone=MANILA, **more)


def test_the_slot_that_uses_most_of_the_freed_time_wins_then_the_earliest():
    slots = [slot("08:50"), slot("09:00"), slot("09:20")]

    assert best(slots, ("09:00", "10:00")) == slot("09:00")


def test_a_longer_visit_may_reach_into_free_time_beside_it():
    assert best([slot("08:40", 60), slot("10:00", 60)], ("09:00", "09:20")) == slot("08:40", 60)


def test_what_was_free_before_is_not_offered():
    assert best([slot("08:40"), slot("09:20")], ("09:00", "09:20")) is None


@pytest.mark.parametrize(
    ("times", "fits"),
    [
        ({"earliest": time(9), "latest": time(9, 20)}, True),
        ({"earliest": time(9, 1)}, False),
        ({"latest": time(9, 19)}, False),
        ({"first_day": date(2026, 11, 24)}, False),
        ({"last_day": date(2026, 11, 22), "first_day": date(2026, 11, 20)}, False),
    ],
)
def test_the_whole_visit_lies_within_the_wished_days_and_hours(times, fits):
    wished = WaitingTimes(**{"first_day": MONDAY, "last_day": MONDAY, **times})

    assert (best([slot("09:00")], ("09:00", "09:20"), wished) is not None) == fits


def test_the_same_time_is_not_offered_twice():
    refused = [Period(at("09:00"), at("09:20"))]

    found = best([slot("09:00"), slot("09:10"), slot("09:20")], ("09:00", "10:00"), refused=refused)

    assert found == slot("09:20")


def test_an_offer_can_be_taken_in_its_last_minute():
    half_an_hour, hour = timedelta(minutes=30), timedelta(minutes=60)

    assert earliest_offer(at("07:00"), open_for=half_an_hour, notice=hour) == at("08:30")
    assert earliest_offer(at("07:00"), open_for=half_an_hour, notice=timedelta()) == at("07:45")


@pytest.mark.parametrize(
    ("times", "field"),
    [
        ({"first_day": date(2026, 11, 28)}, "last_day"),
        ({"first_day": date(2026, 11, 1), "last_day": date(2026, 11, 22)}, "last_day"),
        ({"last_day": date(2028, 1, 1)}, "last_day"),
        ({"earliest": time(9), "latest": time(9)}, "latest"),
        ({"earliest": time(9), "latest": time(9, 19)}, "latest"),
    ],
)
def test_wishes_that_nothing_can_meet_are_refused(times, field):
    wished = WaitingTimes(**{"first_day": MONDAY, "last_day": date(2026, 11, 27), **times})

    with pytest.raises(BadWait) as refused:
        check_times(wished, visit_for=timedelta(minutes=20), today=MONDAY)

    assert list(refused.value.errors) == [field]


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        (at("20:59"), None),
        (at("21:00"), at("07:00", date(2026, 11, 24))),
        (at("06:59"), at("07:00")),
        (at("07:00"), None),
    ],
)
def test_quiet_hours_run_past_midnight(now, ends):
    assert quiet_until(now, MANILA, time(21), time(7)) == ends


def test_quiet_hours_may_lie_within_a_day_or_not_exist():
    assert quiet_until(at("12:30"), MANILA, time(12), time(13)) == at("13:00")
    assert quiet_until(at("13:00"), MANILA, time(12), time(13)) is None
    assert quiet_until(at("13:00"), MANILA, time(7), time(7)) is None
