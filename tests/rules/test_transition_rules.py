"""Which status may follow which, by whose hand and when: the states section, SCH-07."""

from datetime import timedelta
from itertools import product

import pytest

from app.kernel.errors import Conflict, Forbidden, Invalid
from app.kernel.states import TransitionRefused as KernelTransitionRefused
from app.scheduling.errors import (
    ReasonRequired,
    TooLateToCancel,
    TransitionForbidden,
    TransitionRefused,
)
from app.scheduling.rules import (
    FHIR_STATUS,
    HOLDS_TIME,
    ActorCapacity,
    AppointmentStatus,
    Context,
    allowed_transitions,
    check_transition,
    is_late_cancellation,
    needs_reason,
)
from tests.rules.clinic import MANILA, at, minutes

S, A = AppointmentStatus, ActorCapacity
START = at("10:00")
SAM, ROSA, NEIL = A.STUDENT_OWNER, A.FRONT_DESK, A.NURSE
DANA, ADA, ROBOT = A.OWN_PROVIDER, A.ADMIN, A.WORKER
FORM = A.PAPER
STAFF = {ROSA, NEIL, DANA}

# Written down a second time, from the rules, so that the table cannot drift unseen.
TABLE = {
    (S.PENDING, S.CONFIRMED): STAFF,
    (S.PENDING, S.DECLINED): STAFF,
    (S.PENDING, S.CANCELLED): STAFF | {SAM, ROBOT},
    (S.CONFIRMED, S.CANCELLED): STAFF | {SAM, ROBOT},
    (S.CONFIRMED, S.RESCHEDULED): STAFF | {SAM},
    (S.CONFIRMED, S.CHECKED_IN): {ROSA, SAM, A.KIOSK, FORM},
    (S.CONFIRMED, S.NO_SHOW): {ROSA, ROBOT, FORM},
    (S.CHECKED_IN, S.CONFIRMED): {ROSA, FORM},
    (S.CHECKED_IN, S.IN_PROGRESS): STAFF | {FORM},
    (S.CHECKED_IN, S.LEFT): STAFF | {FORM},
    (S.IN_PROGRESS, S.COMPLETED): STAFF | {FORM},
    (S.IN_PROGRESS, S.CHECKED_IN): STAFF | {FORM},
    (S.NO_SHOW, S.CHECKED_IN): {ROSA, FORM},
    (S.LEFT, S.CHECKED_IN): {FORM},
    (S.COMPLETED, S.IN_PROGRESS): {DANA, FORM},
} | {(status, S.ENTERED_IN_ERROR): {ADA} for status in S if status is not S.ENTERED_IN_ERROR}

PAIRS = list(product(S, S))


def context(*capacities, now=START, **more):
    """The clock stands at the start of the visit, its status was set just now."""
    defaults = {"starts_at": START, "status_since": now, "zone": MANILA, "reason": "Fever is gone"}
    return Context(capacities=frozenset(capacities), now=now, **(defaults | more))


def in_time(source, target, capacity):
    """A context in which nothing but the table can stand against the move."""
    now = START + minutes(15) if target is S.NO_SHOW else START
    return context(capacity, now=now, by_qr=True)


@pytest.mark.parametrize("capacity", A)
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_a_move_is_possible_exactly_if_the_table_has_it_for_that_person(source, target, capacity):
    facts = in_time(source, target, capacity)

    if (source, target) not in TABLE:
        with pytest.raises(TransitionRefused):
            check_transition(source, target, context=facts)
    elif capacity not in TABLE[source, target]:
        with pytest.raises(TransitionForbidden):
            check_transition(source, target, context=facts)
    else:
        assert check_transition(source, target, context=facts) is None


@pytest.mark.parametrize("capacity", A)
@pytest.mark.parametrize("source", S)
def test_the_moves_a_screen_offers_are_those_that_succeed(source, capacity):
    # A quarter of an hour after the start a no-show is possible; a cutoff after the start lets
    # the patient still cancel, so that time stands against no move.
    facts = context(capacity, now=START + minutes(15), by_qr=True, cutoff=-minutes(15))

    offered = allowed_transitions(source, context=facts)

    assert set(offered) == {target for target in S if capacity in TABLE.get((source, target), ())}


def test_a_refused_move_is_a_conflict_with_a_sentence():
    with pytest.raises(TransitionRefused) as refused:
        check_transition(S.CANCELLED, S.CONFIRMED, context=context(ROSA))

    assert isinstance(refused.value, Conflict)
    assert isinstance(refused.value, KernelTransitionRefused)
    assert refused.value.code == "scheduling.transition_refused"
    assert str(refused.value) == "This visit was cancelled, so nobody can confirm this visit now."


@pytest.mark.parametrize(
    ("source", "target", "sentence"),
    [
        (S.COMPLETED, S.COMPLETED, "This visit is completed already."),
        (S.COMPLETED, S.CANCELLED, "This visit is completed and can no longer be cancelled."),
    ],
)
def test_the_sentence_says_what_the_visit_is(source, target, sentence):
    with pytest.raises(TransitionRefused, match=sentence):
        check_transition(source, target, context=context(ROSA))


def test_a_move_for_others_is_forbidden_rather_than_refused():
    with pytest.raises(TransitionForbidden, match="not allowed to complete this visit") as refused:
        check_transition(S.IN_PROGRESS, S.COMPLETED, context=context(SAM))

    assert isinstance(refused.value, Forbidden)


def test_somebody_without_any_capacity_may_do_nothing():
    assert all(allowed_transitions(source, context=context()) == [] for source in S)


@pytest.mark.parametrize(
    ("source", "target"),
    [(S.PENDING, S.CANCELLED), (S.CONFIRMED, S.CANCELLED), (S.CONFIRMED, S.RESCHEDULED)],
)
def test_a_patient_gives_a_visit_up_until_the_cutoff_and_not_a_moment_later(source, target):
    cutoff = minutes(120)
    in_good_time = context(SAM, now=START - cutoff, cutoff=cutoff)
    late = context(SAM, now=START - cutoff + timedelta(microseconds=1), cutoff=cutoff)

    check_transition(source, target, context=in_good_time)

    with pytest.raises(TooLateToCancel, match="call the front desk"):
        check_transition(source, target, context=late)


@pytest.mark.parametrize("capacities", [(ROSA,), (NEIL,), (DANA,), (ROBOT,), (ROSA, SAM)])
def test_staff_may_cancel_after_the_cutoff_also_a_visit_of_their_own(capacities):
    late = context(*capacities, now=START, cutoff=minutes(120))

    check_transition(S.CONFIRMED, S.CANCELLED, context=late)


def test_administering_the_system_gives_no_right_to_cancel_late():
    with pytest.raises(TooLateToCancel):
        check_transition(
            S.CONFIRMED, S.CANCELLED, context=context(SAM, ADA, now=START, cutoff=minutes(1))
        )


def test_a_cancellation_is_late_only_after_the_cutoff():
    cutoff = minutes(120)

    assert not is_late_cancellation(context(SAM, now=START - cutoff, cutoff=cutoff))
    assert is_late_cancellation(context(ROSA, now=START - minutes(119), cutoff=cutoff))


NEEDING_REASON = [
    (S.PENDING, S.DECLINED, ROSA),
    (S.PENDING, S.CANCELLED, ROSA),
    (S.CONFIRMED, S.CANCELLED, ROBOT),
    (S.COMPLETED, S.IN_PROGRESS, DANA),
    (S.CHECKED_IN, S.ENTERED_IN_ERROR, ADA),
]


@pytest.mark.parametrize(("source", "target", "capacity"), NEEDING_REASON)
@pytest.mark.parametrize("reason", [None, "", " \n"])
def test_a_move_that_needs_a_reason_is_refused_without_one(source, target, capacity, reason):
    with pytest.raises(ReasonRequired) as refused:
        check_transition(source, target, context=context(capacity, reason=reason))

    assert isinstance(refused.value, Invalid)
    assert refused.value.errors == {"reason": ["Please give a reason."]}
    assert needs_reason(source, target)


def test_a_patient_need_not_say_why():
    check_transition(
        S.CONFIRMED, S.CANCELLED, context=context(SAM, now=START - minutes(1), reason=None)
    )


def test_most_moves_need_no_reason():
    assert not needs_reason(S.CONFIRMED, S.CHECKED_IN)
    assert not needs_reason(S.CANCELLED, S.CONFIRMED)


@pytest.mark.parametrize("clock", ["00:00", "23:59"])
@pytest.mark.parametrize("source", [S.CONFIRMED, S.NO_SHOW])
def test_check_in_is_possible_all_day_long(source, clock):
    check_transition(source, S.CHECKED_IN, context=context(ROSA, now=at(clock)))


@pytest.mark.parametrize("shift", [-timedelta(hours=10, minutes=1), timedelta(hours=14)])
@pytest.mark.parametrize("source", [S.CONFIRMED, S.NO_SHOW])
def test_check_in_on_another_day_is_refused(source, shift):
    with pytest.raises(TransitionRefused, match="only on the day of the visit"):
        check_transition(source, S.CHECKED_IN, context=context(ROSA, now=START + shift))


@pytest.mark.parametrize("shift", [-30, 0, 15])
def test_a_patient_checks_in_with_the_qr_code_around_the_start(shift):
    facts = context(SAM, now=START + minutes(shift), by_qr=True)

    check_transition(S.CONFIRMED, S.CHECKED_IN, context=facts)


@pytest.mark.parametrize("shift", [-31, 16])
def test_a_patient_who_is_too_early_or_too_late_is_sent_to_the_front_desk(shift):
    facts = context(SAM, now=START + minutes(shift), by_qr=True)

    with pytest.raises(TransitionRefused, match="ask the front desk"):
        check_transition(S.CONFIRMED, S.CHECKED_IN, context=facts)


def test_a_patient_cannot_check_in_from_home():
    with pytest.raises(TransitionForbidden, match="QR code"):
        check_transition(S.CONFIRMED, S.CHECKED_IN, context=context(SAM))


def test_a_check_in_is_undone_within_ten_minutes_and_not_later():
    check_transition(
        S.CHECKED_IN, S.CONFIRMED, context=context(ROSA, status_since=START - minutes(10))
    )

    with pytest.raises(TransitionRefused, match="within 10 minutes"):
        check_transition(
            S.CHECKED_IN, S.CONFIRMED, context=context(ROSA, status_since=START - minutes(11))
        )


@pytest.mark.parametrize("capacity", [ROSA, ROBOT])
def test_nobody_is_a_no_show_before_the_grace_period_is_over(capacity):
    check_transition(S.CONFIRMED, S.NO_SHOW, context=context(capacity, now=START + minutes(15)))

    with pytest.raises(TransitionRefused, match="15 minutes after its start"):
        check_transition(S.CONFIRMED, S.NO_SHOW, context=context(capacity, now=START + minutes(14)))


def test_nobody_is_a_no_show_when_the_clinic_was_closed_or_the_provider_away():
    facts = context(ROBOT, now=START + minutes(60), was_away=True)

    with pytest.raises(TransitionRefused, match="did not miss the visit"):
        check_transition(S.CONFIRMED, S.NO_SHOW, context=facts)


def test_a_completed_visit_is_reopened_within_a_day_and_not_later():
    day = timedelta(hours=24)
    check_transition(S.COMPLETED, S.IN_PROGRESS, context=context(DANA, status_since=START - day))

    with pytest.raises(TransitionRefused, match="within 24 hours"):
        check_transition(
            S.COMPLETED,
            S.IN_PROGRESS,
            context=context(DANA, status_since=START - day - timedelta(seconds=1)),
        )


def test_pending_to_completed_visits_hold_time_and_the_rest_does_not():
    assert {
        S.PENDING,
        S.CONFIRMED,
        S.CHECKED_IN,
        S.IN_PROGRESS,
        S.COMPLETED,
    } == HOLDS_TIME


def test_every_status_has_a_fhir_code():
    assert set(FHIR_STATUS) == set(S)
    assert FHIR_STATUS[S.CONFIRMED] == "booked"
