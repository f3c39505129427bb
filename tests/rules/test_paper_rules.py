"""Numbers and times on paper forms (SCH-33)."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from app.visits.errors import TooLateToUndo
from app.visits.errors.paper import UnknownPaperNumber
from app.visits.rules.paper import (
    LARGEST_NUMBER,
    PaperOutcome,
    PaperTimes,
    check_fresh,
    is_paper_due,
    paper_number,
    paper_text,
    problems_of_day,
    problems_of_times,
    visit_times,
)

MANILA = ZoneInfo("Asia/Manila")
MONDAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 15, 0, tzinfo=MANILA)
SEEN, LEFT, MISSED = PaperOutcome
HOURS = [(time(8), time(12)), (time(13), time(17))]


@given(some.integers(1, LARGEST_NUMBER))
def test_a_printed_number_is_read_back(number):
    assert paper_number(paper_text(number)) == number


@pytest.mark.parametrize("typed", ["P-000123", "p-123", "P 123", " 123 ", "p000123"])
def test_people_type_a_number_as_they_like(typed):
    assert paper_number(typed) == 123


@pytest.mark.parametrize("typed", ["", "P", "P-0", "C-012", "P-12a", "²", "9" * 11, "P-2147483648"])
def test_what_is_no_number_of_a_form_is_refused(typed):
    with pytest.raises(UnknownPaperNumber) as refused:
        paper_number(typed)

    assert refused.value.errors["number"]


@pytest.mark.parametrize(
    ("day", "sentence"),
    [
        (MONDAY, None),
        (date(2026, 11, 24), "not come yet"),
        (date(2026, 11, 22), "printed on 23 November 2026"),
    ],
)
def test_a_form_is_of_the_day_of_its_printing_or_later_but_not_of_the_future(day, sentence):
    found = problems_of_day(day, printed_at=NOW - timedelta(hours=8), now=NOW, zone=MANILA)

    assert [sentence in one for one in found] == ([True] if sentence else [])


def test_forms_are_entered_within_a_month():
    printed = NOW - timedelta(days=60)

    assert not problems_of_day(
        MONDAY - timedelta(days=31), printed_at=printed, now=NOW, zone=MANILA
    )
    assert problems_of_day(MONDAY - timedelta(days=32), printed_at=printed, now=NOW, zone=MANILA)


@pytest.mark.parametrize(
    ("outcome", "arrived", "started", "ended", "wrong"),
    [
        (SEEN, "09:00", "09:10", "09:30", {}),
        (SEEN, "09:00", "09:00", "09:00", {}),
        (SEEN, None, None, None, {"arrived", "started", "ended"}),
        (SEEN, "09:00", "08:59", "09:30", {"started"}),
        (SEEN, "09:00", "09:10", "09:09", {"ended"}),
        (SEEN, "14:00", "14:10", "15:01", {"ended"}),
        (SEEN, "14:00", "14:10", "15:00", {}),
        (LEFT, "09:00", None, "09:20", {}),
        (LEFT, "09:00", "08:00", "09:20", {}),
        (LEFT, "09:00", None, "08:59", {"ended"}),
        (LEFT, "09:00", None, None, {"ended"}),
        (MISSED, None, None, None, {}),
    ],
)
def test_times_are_there_in_order_and_over(outcome, arrived, started, ended, wrong):
    moments = [time.fromisoformat(one) if one else None for one in (arrived, started, ended)]

    found = problems_of_times(PaperTimes(MONDAY, *moments), outcome, now=NOW, zone=MANILA)

    assert set(found) == set(wrong)


@given(some.lists(some.times(), min_size=3, max_size=3), some.sampled_from([SEEN, LEFT]))
def test_times_without_problems_become_instants_in_order(moments, outcome):
    times = PaperTimes(date(2026, 11, 20), *moments)
    if problems_of_times(times, outcome, now=NOW, zone=MANILA):
        return

    found = visit_times(times, outcome, MANILA)

    assert found.arrived_at <= (found.started_at or found.arrived_at) <= found.ended_at <= NOW
    assert (found.started_at is None) == (outcome is LEFT)


def test_a_missed_visit_has_no_times():
    assert visit_times(PaperTimes(MONDAY), MISSED, MANILA) is None


def test_an_entry_is_undone_for_ten_minutes():
    check_fresh(NOW, NOW + timedelta(minutes=10))

    with pytest.raises(TooLateToUndo, match="10 minutes"):
        check_fresh(NOW, NOW + timedelta(minutes=10, seconds=1))


@pytest.mark.parametrize(
    ("wall", "last", "due"),
    [
        ("2026-11-23 05:59", None, False),
        ("2026-11-23 06:00", None, True),
        ("2026-11-23 06:00", "2026-11-22 16:30", True),
        ("2026-11-23 07:00", "2026-11-23 06:00", False),  # nobody is there yet
        ("2026-11-23 08:00", "2026-11-23 06:00", True),
        ("2026-11-23 08:40", "2026-11-23 08:00", False),
        ("2026-11-23 09:00", "2026-11-23 08:00", True),
        ("2026-11-23 12:30", "2026-11-23 11:00", False),
        ("2026-11-23 18:00", "2026-11-23 17:00", False),
    ],
)
def test_a_set_for_an_outage_is_due_at_six_and_every_open_hour(wall, last, due):
    read = lambda text: datetime.fromisoformat(text).replace(tzinfo=MANILA)  # noqa: E731

    assert is_paper_due(read(wall), HOURS, read(last) if last else None) is due
