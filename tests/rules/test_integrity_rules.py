"""When a proof is due, what its result means, and what is signed (BAK-02)."""

from datetime import datetime, timedelta

import pytest

from app.integrity.rules import Finding, RunStatus, canonical, is_due, outcome, warning
from app.kernel.invariant import Invariant

ONE = Invariant("tests.one", "BAK-02", "It holds.", "SELECT 'a'")
HOURS = timedelta(hours=1)


@pytest.mark.parametrize(
    ("hour", "last", "due"),
    [
        (3, None, True),
        (14, None, True),
        (3, 24 * HOURS, True),
        (3, 19 * HOURS, False),
        (0, 24 * HOURS, False),
        (5, 24 * HOURS, False),
        (14, 25 * HOURS, False),
        (14, 26 * HOURS, True),
    ],
)
def test_the_proof_is_due_at_night_or_when_a_night_was_missed(hour, last, due):
    assert is_due(datetime(2026, 11, 24, hour), last_started=last) is due  # noqa: DTZ001


@pytest.mark.parametrize(
    ("finding", "problems", "status"),
    [
        (Finding(ONE), 0, RunStatus.PASSED),
        (Finding(ONE, count=1, rows=("visit 1",)), 0, RunStatus.FAILED),
        (Finding(ONE, problem="It took longer than 1 seconds."), 0, RunStatus.FAILED),
        (Finding(ONE), 1, RunStatus.FAILED),
    ],
)
def test_only_a_proof_that_asked_everything_and_found_nothing_has_passed(finding, problems, status):
    assert outcome([Finding(ONE), finding], audit_problems=problems) is status


@pytest.mark.parametrize(
    ("status", "days", "sentence"),
    [
        (RunStatus.PASSED, 1, ""),
        (RunStatus.PASSED, 3, "The last proof is 3 days old."),
        (RunStatus.FAILED, 0, "The last proof found data that breaks a rule."),
        (RunStatus.BROKEN, 0, "The last proof did not come to its end."),
    ],
)
def test_the_banner_says_what_is_wrong_with_the_last_proof(status, days, sentence):
    assert warning(status, age=timedelta(days=days)) == sentence


def test_the_same_facts_are_signed_as_the_same_bytes():
    assert (
        canonical({"b": 1, "a": "ñ"}) == canonical({"a": "ñ", "b": 1}) == '{"a":"ñ","b":1}'.encode()
    )
    with pytest.raises(ValueError, match="JSON"):
        canonical({"a": float("nan")})
