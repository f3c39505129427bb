"""When a patient may check in alone, and when a kiosk rests (SCH-33)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.visits.rules.check_in import (
    Expected,
    Verdict,
    gives_way,
    is_code,
    is_of_today,
    is_resting,
    verdict,
    what_to_do,
)
from app.visits.rules.steps import VisitStatus

MANILA = ZoneInfo("Asia/Manila")
NINE = datetime(2026, 11, 23, 9, 0, tzinfo=MANILA).astimezone(UTC)
MINUTE = timedelta(minutes=1)
VISIT = Expected(NINE, 30 * MINUTE, 15 * MINUTE)


@pytest.mark.parametrize(
    ("minutes", "answer"),
    [
        (-31, Verdict.TOO_EARLY),
        (-30, Verdict.READY),
        (0, Verdict.READY),
        (15, Verdict.READY),
        (16, Verdict.TOO_LATE),
        (24 * 60, Verdict.NOTHING_TODAY),
        (-24 * 60, Verdict.NOTHING_TODAY),
    ],
)
def test_the_window_opens_before_the_start_and_closes_after_the_grace(minutes, answer):
    assert verdict([VISIT], now=NINE + minutes * MINUTE, zone=MANILA) is answer


def test_the_visit_that_can_be_checked_in_counts_more_than_one_that_was_missed():
    later = Expected(NINE + timedelta(hours=1), 30 * MINUTE, 15 * MINUTE)

    assert verdict([VISIT, later], now=NINE + 45 * MINUTE, zone=MANILA) is Verdict.READY
    assert verdict([VISIT, later], now=NINE + 20 * MINUTE, zone=MANILA) is Verdict.TOO_EARLY


def test_a_patient_without_visits_is_not_expected():
    assert verdict([], now=NINE, zone=MANILA) is Verdict.NOTHING_TODAY


def test_each_refusal_says_what_to_do():
    assert "at most 30 minutes before" in what_to_do(Verdict.TOO_EARLY, 30 * MINUTE)
    assert "front desk" in what_to_do(Verdict.TOO_LATE, 30 * MINUTE)


def test_eight_numbers_that_lead_nowhere_are_mistakes_and_nine_are_guessing():
    tries = [NINE] * 8

    assert not is_resting(tries, NINE)
    assert is_resting([*tries, NINE], NINE + 59 * timedelta(seconds=1))


def test_a_kiosk_rests_for_a_minute_and_old_tries_are_forgotten():
    tries = [NINE] * 9

    assert not is_resting(tries, NINE + MINUTE)
    assert not is_resting([NINE - 5 * MINUTE] * 8 + [NINE], NINE)


def test_a_code_is_told_from_an_id():
    assert is_code("eyJhIjoxfQ.aa.bb")
    assert not is_code("20259001")


def test_a_code_is_for_one_day():
    assert is_of_today("2026-11-23", NINE.date())
    assert not is_of_today("2026-11-24", NINE.date())
    assert not is_of_today(None, NINE.date())


def test_a_number_gives_way_to_an_appointment_until_it_is_called():
    ends = {status for status in VisitStatus if gives_way(status, is_walk_in=True)}

    assert ends == {VisitStatus.WAITING, VisitStatus.ON_HOLD}
    assert not any(gives_way(status, is_walk_in=False) for status in VisitStatus)
