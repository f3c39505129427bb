"""Points of missed visits: what counts, and what they do (SCH-35)."""

from datetime import timedelta

import pytest

from app.scheduling import rules
from app.scheduling.errors import BadText, ReasonRequired
from app.scheduling.errors.points import PointNotContestable, PointNotDecidable
from app.scheduling.rules import AppointmentStatus, PatientFacts, PointsPolicy, ReasonCode
from app.scheduling.rules.points import (
    PointStatus,
    check_decision,
    check_objection,
    does_count,
)
from tests.rules.clinic import DANA, at, policy, provider, question, starts

POLICY = PointsPolicy(for_approval=2, for_horizon=3, horizon=timedelta(hours=22))
NOON = at("12:00")
LATER = NOON + timedelta(days=90)


def asked(points: int, *, by_patient: bool = True):
    """What is free on Monday from eight to twelve, for somebody with points."""
    return question(
        provider("08:00-12:00"),
        policy=policy(60),
        patient=PatientFacts(points=points),
        points_policy=POLICY if by_patient else None,
    )


def test_enough_points_shorten_how_far_ahead_a_patient_books():
    assert starts(rules.available_slots(asked(2))) == ["08:00", "09:00", "10:00", "11:00"]
    assert starts(rules.available_slots(asked(3))) == ["08:00", "09:00", "10:00"]


def test_listing_and_refusing_agree_on_the_shorter_horizon():
    reason = rules.why_not(asked(3), DANA, at("11:00"))

    assert reason.code is ReasonCode.TOO_FAR
    assert reason.sentence == "This visit can be booked at most 22 hours ahead."
    assert rules.why_not(asked(3), DANA, at("10:00")) is None


def test_points_never_lengthen_a_horizon():
    short = question(
        provider("08:00-12:00"),
        policy=policy(60, horizon=timedelta(hours=20)),
        patient=PatientFacts(points=3),
        points_policy=POLICY,
    )

    assert starts(rules.available_slots(short)) == ["08:00"]


def test_staff_and_overrides_are_not_bound_by_points():
    assert len(rules.available_slots(asked(9, by_patient=False))) == 4
    assert len(rules.available_slots(asked(9).without_limits())) == 4
    assert not asked(9, by_patient=False).needs_approval


@pytest.mark.parametrize(("points", "waits"), [(0, False), (1, False), (2, True), (3, True)])
def test_enough_points_make_a_booking_wait_for_approval(points, waits):
    assert asked(points).needs_approval is waits
    status = rules.first_status(policy(), booked_by_staff=False, missed_too_many=waits)
    assert (status is AppointmentStatus.PENDING) is waits
    by_staff = rules.first_status(policy(), booked_by_staff=True, missed_too_many=waits)
    assert by_staff is AppointmentStatus.CONFIRMED


@pytest.mark.parametrize("status", PointStatus)
def test_points_count_until_they_expire_or_are_taken_back(status):
    counts = status in {"counted", "contested", "upheld"}

    assert does_count(status, expires_at=LATER, now=LATER - timedelta(seconds=1)) is counts
    assert not does_count(status, expires_at=LATER, now=LATER)


@pytest.mark.parametrize("status", list(PointStatus)[1:])
def test_only_a_counted_point_can_be_objected_to(status):
    with pytest.raises(PointNotContestable):
        check_objection(status, "I was there.", expires_at=LATER, now=NOON)


def test_an_expired_point_needs_no_objection():
    with pytest.raises(PointNotContestable):
        check_objection(PointStatus.COUNTED, "I was there.", expires_at=NOON, now=NOON)


@pytest.mark.parametrize(
    ("text", "refusal"), [("  ", ReasonRequired), ("x" * 501, BadText), ("\x00", BadText)]
)
def test_objections_and_decisions_need_a_decent_text(text, refusal):
    with pytest.raises(refusal) as objection:
        check_objection(PointStatus.COUNTED, text, expires_at=LATER, now=NOON)
    with pytest.raises(refusal) as decision:
        check_decision(PointStatus.CONTESTED, PointStatus.UPHELD, text)

    assert (list(objection.value.errors), list(decision.value.errors)) == (
        ["objection"],
        ["decision"],
    )


def test_staff_decide_objections_and_may_be_kind_without_one():
    assert check_decision(PointStatus.CONTESTED, PointStatus.UPHELD, " no ") == "no"
    assert check_decision(PointStatus.CONTESTED, PointStatus.WAIVED, "ill") == "ill"
    assert check_decision(PointStatus.COUNTED, PointStatus.WAIVED, "ill") == "ill"


@pytest.mark.parametrize(
    ("status", "target"),
    [("counted", "upheld"), ("upheld", "waived"), ("waived", "upheld"), ("contested", "void")],
)
def test_other_decisions_are_refused(status, target):
    with pytest.raises(PointNotDecidable):
        check_decision(PointStatus(status), PointStatus(target), "because")
