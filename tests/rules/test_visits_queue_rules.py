"""The order of the queue, its numbers' letters, and the predicted wait (SCH-33)."""

from datetime import UTC, datetime, timedelta

import pytest

from app.visits import rules
from app.visits.errors import (
    PriorityReasonRequired,
    StepRefused,
    TooLateToUndo,
    UnusablePriority,
)
from app.visits.rules import Service, Turn, VisitStatus, VisitStep

NINE = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)


def after(minutes):
    return NINE + timedelta(minutes=minutes)


def turn(key, minutes, priority=3, missed=None):
    return Turn(
        id=key,
        priority=priority,
        due_at=after(minutes),
        missed_at=after(missed) if missed is not None else None,
    )


def test_a_booked_time_counts_for_who_came_by_then_and_the_arrival_for_who_was_late():
    assert rules.due_at(arrived_at=after(-15), booked_at=NINE) == NINE
    assert rules.due_at(arrived_at=NINE, booked_at=NINE) == NINE
    assert rules.due_at(arrived_at=after(5), booked_at=NINE) == after(5)
    assert rules.due_at(arrived_at=after(5)) == after(5)


def test_priority_goes_before_time_and_equals_go_by_arrival():
    assert rules.in_order([turn(1, 0), turn(2, 9, 1), turn(3, 5, 2), turn(4, 0)]) == [2, 3, 1, 4]


def test_a_skipped_patient_goes_behind_the_next_three():
    line = [turn(1, 0, missed=30), turn(2, 1), turn(3, 2), turn(4, 3), turn(5, 4)]

    assert rules.in_order(line) == [2, 3, 4, 1, 5]
    assert rules.in_order(line, [after(30), after(31), after(32)]) == [2, 1, 3, 4, 5]
    assert rules.in_order(line, [after(31), after(32), after(33)]) == [1, 2, 3, 4, 5]


def test_a_missed_call_never_moves_a_patient_forward():
    line = [turn(1, 9, missed=30), turn(2, 1), turn(3, 2, 1)]

    assert rules.in_order(line, [after(31), after(32), after(33)]) == [3, 2, 1]


def test_a_skipped_patient_who_is_alone_is_next_again():
    assert rules.in_order([turn(1, 0, missed=5)]) == [1]


def test_services_never_share_their_letters():
    given = rules.prefixes(
        [
            Service(1, "consultation"),
            Service(2, "cleaning"),
            Service(3, "dental", "C"),
            Service(4, "cold", "c"),
            Service(5, "123"),
        ]
    )

    assert given == {3: "C", 4: "CO", 1: "CON", 2: "CL", 5: "X"}
    assert len(set(given.values())) == 5


def test_many_services_of_one_name_still_get_letters_of_their_own():
    given = rules.prefixes([Service(key, "aaa") for key in range(50)])

    assert len(set(given.values())) == 50
    assert all(len(text) <= 3 for text in given.values())


def test_the_wait_is_the_median_times_those_ahead_by_providers():
    took = [timedelta(minutes=minutes) for minutes in (10, 12, 90)]
    planned = timedelta(minutes=20)

    assert rules.predicted_wait(3, measured=took, planned=planned, at_work=2).seconds == 18 * 60
    assert rules.predicted_wait(2, measured=[], planned=planned, at_work=0).seconds == 40 * 60
    assert rules.predicted_wait(0, measured=took, planned=planned, at_work=1) == timedelta(0)


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "a few minutes"), (18, "about 20 minutes"), (120, "about 2 hours")],
)
def test_a_wait_is_said_in_round_words(minutes, words):
    assert rules.wait_in_words(timedelta(minutes=minutes)) == words


def test_who_goes_first_needs_a_reason_and_a_known_priority():
    with pytest.raises(PriorityReasonRequired):
        rules.check_priority(1, "  ")
    with pytest.raises(UnusablePriority):
        rules.check_priority(4, "why")

    assert rules.check_priority(2, " chest   pain ") == "chest pain"
    assert rules.check_priority(3, "not kept") == ""


def test_a_step_out_of_turn_is_refused_in_words():
    with pytest.raises(StepRefused, match="C-001 was seen, so nobody can call it now"):
        rules.check_step("C-001", VisitStatus.COMPLETED, VisitStep.CALL)

    assert rules.check_step("C-001", VisitStatus.WAITING, VisitStep.CALL) is VisitStatus.CALLED
    assert VisitStep.REOPEN in rules.steps_from(VisitStatus.COMPLETED)


def test_only_what_is_fresh_can_be_undone():
    rules.check_undo(NINE, after(10))
    with pytest.raises(TooLateToUndo):
        rules.check_undo(NINE, after(11))
    with pytest.raises(TooLateToUndo):
        rules.check_reopen(NINE, after(24 * 60 + 1))
    with pytest.raises(TooLateToUndo):
        rules.check_reopen(None, NINE)


def test_who_has_left_is_brought_back_while_it_is_fresh_and_without_an_appointment():
    """SCH-33: a walk-in that was recorded as left by mistake waits again."""
    left = VisitStatus.LEFT
    assert rules.check_step("C-001", left, VisitStep.BRING_BACK) is VisitStatus.WAITING
    with pytest.raises(StepRefused, match="C-001 is waiting, so nobody can bring it back now"):
        rules.check_step("C-001", VisitStatus.WAITING, VisitStep.BRING_BACK)

    rules.check_bring_back("C-001", NINE, after(10), booked=False)
    with pytest.raises(TooLateToUndo, match="within 10 minutes"):
        rules.check_bring_back("C-001", NINE, after(11), booked=False)
    with pytest.raises(TooLateToUndo):
        rules.check_bring_back("C-001", NINE, after(5), booked=False, today=False)
    with pytest.raises(TooLateToUndo):
        rules.check_bring_back("C-001", None, NINE, booked=False)
    with pytest.raises(StepRefused, match="take the patient as a walk-in"):
        rules.check_bring_back("C-001", NINE, NINE, booked=True)
