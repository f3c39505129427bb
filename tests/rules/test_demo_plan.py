"""The plan of the sample clinic holds on any day: week-ends, holidays, new year, midnight."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from app.demo.plan import A_DAY, MINUTE, Ending, Frame, Offer, plan_visits
from app.kernel.period import Period

MANILA = ZoneInfo("Asia/Manila")
CLEANING = Offer(
    "dental-cleaning", 60 * MINUTE, 30 * MINUTE, 10 * MINUTE, A_DAY, 1, needs_approval=True
)
DENTAL = Offer("dental", 30 * MINUTE, 15 * MINUTE, 5 * MINUTE, 120 * MINUTE, 4)
VACCINATION = Offer("vaccination", 10 * MINUTE, 10 * MINUTE, 0 * MINUTE, 60 * MINUTE, 1)
OFFERS = {"DENT001": [DENTAL, CLEANING], "NURSE01": [VACCINATION]}
STUDENTS = [str(number) for number in range(200)]
DAYS = {
    "a busy Wednesday": datetime(2026, 11, 25, 10, 10, tzinfo=MANILA),
    "a lunch break": datetime(2026, 11, 25, 12, 30, tzinfo=MANILA),
    "a Saturday": datetime(2026, 11, 28, 9, 0, tzinfo=MANILA),
    "a Sunday": datetime(2026, 11, 29, 23, 59, tzinfo=MANILA),
    "midnight": datetime(2026, 11, 24, 0, 0, tzinfo=MANILA),
    "new year": datetime(2027, 1, 1, 8, 0, tzinfo=MANILA),
    "before opening": datetime(2026, 11, 24, 7, 59, tzinfo=MANILA),
    "after closing": datetime(2026, 11, 24, 17, 1, tzinfo=MANILA),
}


@pytest.fixture(params=DAYS.values(), ids=list(DAYS))
def frame(request):
    """The same plan on different days."""
    return Frame(request.param.astimezone(UTC), MANILA)


def opening(frame, closed=()):
    """Monday to Friday, 8 to 12 and 1 to 5."""
    days = {
        day: [span(day, 8, 12), span(day, 13, 17)]
        for day in frame.days()
        if day.weekday() < 5 and day not in closed
    }
    return dict.fromkeys(OFFERS, days)


def span(day, first, last):
    return Period(*(datetime.combine(day, time(hour), MANILA) for hour in (first, last)))


def planned(frame, closed=()):
    return plan_visits(frame, opening(frame, closed), OFFERS, STUDENTS)


def test_the_same_day_is_planned_the_same_way_twice(frame):
    assert planned(frame) == planned(frame)


def test_visits_lie_inside_opening_hours_on_the_grid(frame):
    for visit in planned(frame):
        day = visit.starts_at.astimezone(MANILA).date()
        inside = [
            span
            for span in opening(frame)[visit.provider][day]
            if span.contains(Period(visit.starts_at, visit.starts_at + visit.offer.lasts_for))
        ]
        assert len(inside) == 1
        assert (visit.starts_at - inside[0].starts_at) % visit.offer.step == timedelta(0)


def test_visits_of_a_provider_keep_their_buffers(frame):
    for provider in OFFERS:
        visits = sorted(
            (visit for visit in planned(frame) if visit.provider == provider),
            key=lambda visit: visit.starts_at,
        )
        for one, other in pairwise(visits):
            gap = max(one.offer.gap, other.offer.gap)  # SCH-14
            assert one.starts_at + one.offer.lasts_for + gap <= other.starts_at


def test_everything_was_booked_before_now_and_in_time(frame):
    for visit in planned(frame):
        assert visit.booked_at < frame.now
        assert visit.booked_at < visit.starts_at - visit.offer.notice


def test_history_and_the_days_ahead_both_have_visits(frame):
    starts = [visit.starts_at for visit in planned(frame)]

    assert sum(start < frame.now for start in starts) > 100
    assert sum(start > frame.now for start in starts) > 40


def test_some_requests_wait_for_an_answer(frame):
    waiting = [visit for visit in planned(frame) if visit.ending is None]

    assert len(waiting) >= 2
    assert all(visit.offer is CLEANING and visit.starts_at > frame.now for visit in waiting)


def test_nobody_has_two_visits_on_one_day(frame):
    days = [(v.student, v.starts_at.astimezone(MANILA).date()) for v in planned(frame)]

    assert len(days) == len(set(days))


def test_closed_days_have_no_visits(frame):
    closed = {frame.today + A_DAY * i for i in range(3)}

    days = {visit.starts_at.astimezone(MANILA).date() for visit in planned(frame, closed)}

    assert not days & closed


def test_all_endings_occur_in_believable_shares():
    frame = Frame(datetime(2026, 11, 25, 2, 10, tzinfo=UTC), MANILA)
    endings = [visit.ending for visit in planned(frame) if visit.starts_at < frame.now]

    assert set(endings) >= set(Ending) - {Ending.DECLINED}
    assert endings.count(Ending.COMPLETED) > len(endings) / 2


def test_a_clinic_that_is_never_open_has_no_visits():
    frame = Frame(datetime(2026, 11, 25, 2, 10, tzinfo=UTC), MANILA)
    never: dict[str, dict[date, list[Period]]] = {provider: {} for provider in OFFERS}

    assert plan_visits(frame, never, OFFERS, STUDENTS) == []
