"""The walk-in queue: arriving, whose turn it is, and appointments in step (SCH-33, SCH-07)."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.kernel import clock
from app.kernel.errors import Forbidden
from app.notifications.models import Communication
from app.scheduling import errors as scheduling_errors
from app.scheduling import services as scheduling
from app.scheduling.queries import appointments
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from app.security.models import AuditEvent
from app.visits import errors, queries, services
from app.visits.rules import VisitStatus
from tests.factories.scheduling import SYSTEM, at, create_crowd

pytestmark = pytest.mark.usefixtures("clinic")
TODAY = at("09:00").date()
S = VisitStatus


@pytest.fixture
def crowd():
    return create_crowd(6)


def arrive(person, patient, **more):
    return services.receive_walk_in(
        person.actor, patient=patient, type_code=more.pop("type_code", "consultation"), **more
    )


def line():
    entries = queries.queue(TODAY, type_code="consultation")
    return [one.visit.token for one in entries if one.position is not None]


def next_one(person, **more):
    return services.call_next(person.actor, type_code="consultation", **more)


@pytest.fixture
def booked(people):
    wish = Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id)
    return scheduling.book_appointment(people.sam.actor, wish=wish).id


def status_of(appointment_id):
    return appointments.known_appointment(appointment_id).status


def test_walk_ins_get_numbers_by_service_and_a_second_tap_gets_the_same(people, crowd):
    first = arrive(people.rosa, crowd[0])
    second = arrive(people.rosa, crowd[1])
    other = arrive(people.neil, crowd[2], type_code="vaccination")

    assert [first.token, second.token, other.token] == ["C-001", "C-002", "V-001"]
    assert arrive(people.rosa, crowd[0]).id == first.id
    assert first.campus == "Downtown"
    assert line() == ["C-001", "C-002"]


def test_a_walk_in_is_in_the_audit_trail_and_the_history(db, people, crowd):
    visit = arrive(people.rosa, crowd[0])

    actions = db.scalars(select(AuditEvent.action).where(AuditEvent.object_type == "Visit")).all()
    assert actions == ["visits:visit:arrive"]
    assert [one.step for one in queries.events_of(visit.id)] == ["arrive"]


def test_what_cannot_arrive_is_refused(people, crowd):
    arrive(people.rosa, crowd[0])
    with pytest.raises(errors.AlreadyHere):
        arrive(people.rosa, crowd[0], type_code="vaccination")
    with pytest.raises(errors.UnknownArrival):
        arrive(people.rosa, "nobody")
    with pytest.raises(errors.UnknownService):
        arrive(people.rosa, crowd[1], type_code="magic")
    with pytest.raises(errors.PriorityReasonRequired):
        arrive(people.rosa, crowd[1], priority=1)


def test_a_service_without_walk_ins_says_so(db, people, crowd):
    from app.scheduling.models import AppointmentType

    db.scalars(select(AppointmentType)).first().takes_walk_ins = False
    db.flush()
    with pytest.raises(errors.NoWalkIns):
        arrive(people.rosa, crowd[0])


def test_strangers_and_students_do_nothing_in_the_queue(people, crowd):
    visit = arrive(people.rosa, crowd[0])
    for person in (people.eve, people.cass, people.ada):
        with pytest.raises(Forbidden):
            arrive(person, crowd[1])
        with pytest.raises(Forbidden):
            next_one(person)
        with pytest.raises(Forbidden):
            services.start(person.actor, visit_id=visit.id)
        with pytest.raises(Forbidden):
            services.hold(person.actor, visit_id=visit.id)
        with pytest.raises(Forbidden):
            services.undo_check_in(person.actor, visit_id=visit.id)
        assert services.possible_steps(person.actor, visit) == []


def test_an_emergency_goes_first_and_the_called_one_is_told(db, people, crowd):
    arrive(people.rosa, crowd[0])
    urgent = arrive(people.rosa, people.sam.id, priority=1, priority_reason="fainted")

    called = next_one(people.dana, place="Room 2")

    assert (called.id, called.place, called.status) == (urgent.id, "Room 2", S.CALLED)
    assert called.provider == people.dana.id
    message = db.scalars(select(Communication)).one()
    assert (message.template, message.channel) == ("your_turn", "in-app")
    assert [one.token for one in queries.board(TODAY).called] == [urgent.token]
    assert queries.board(TODAY).next == ["C-001"]


def test_a_skipped_patient_goes_behind_the_next_three(people, crowd):
    for patient in crowd[:5]:
        arrive(people.rosa, patient)
    first = next_one(people.rosa)

    services.skip(people.rosa.actor, visit_id=first.id)

    assert line() == ["C-002", "C-003", "C-004", "C-001", "C-005"]


def test_nobody_is_called_when_nobody_waits(people):
    with pytest.raises(errors.NobodyWaiting):
        next_one(people.dana)
    with pytest.raises(errors.UnknownService):
        services.call_next(people.dana.actor, type_code="magic")
    with pytest.raises(scheduling_errors.UnknownProvider):
        next_one(people.rosa, provider="nobody")


def test_a_walk_in_runs_through_its_steps_and_back(people, crowd):
    actor, key = people.dana.actor, arrive(people.rosa, crowd[0]).id
    assert services.hold(actor, visit_id=key, reason="laboratory").status is S.ON_HOLD
    assert services.resume(actor, visit_id=key).status is S.WAITING
    assert services.call(actor, visit_id=key, place="Room 1").place == "Room 1"
    assert services.start(actor, visit_id=key).provider == people.dana.id
    assert services.send_back(actor, visit_id=key).status is S.WAITING
    assert services.start(actor, visit_id=key).status is S.IN_PROGRESS
    done = services.complete(actor, visit_id=key)
    assert (done.status, done.ended_at) == (S.COMPLETED, clock.now())
    assert services.reopen(actor, visit_id=key).ended_at is None
    with pytest.raises(errors.StepRefused):
        services.leave(actor, visit_id=key)


def test_a_stale_page_changes_nothing(people, crowd):
    visit = arrive(people.rosa, crowd[0])
    services.call(people.rosa.actor, visit_id=visit.id)
    with pytest.raises(errors.StaleVisit):
        services.call(people.rosa.actor, visit_id=visit.id, version=visit.version)
    with pytest.raises(errors.StaleVisit):
        services.start(people.rosa.actor, visit_id=visit.id, version=visit.version)
    with pytest.raises(errors.UnknownVisit):
        services.call(people.rosa.actor, visit_id=10**9)
    with pytest.raises(errors.UnknownVisit):
        services.start(people.rosa.actor, visit_id=10**9)
    with pytest.raises(errors.UnknownVisit):
        services.undo_check_in(people.rosa.actor, visit_id=10**9)


def test_a_transfer_keeps_the_number_and_changes_the_line(people, crowd):
    visit = arrive(people.rosa, crowd[0])

    moved = services.transfer(people.rosa.actor, visit_id=visit.id, type_code="vaccination")

    assert (moved.token, moved.type) == ("C-001", "vaccination")
    assert line() == []
    with pytest.raises(errors.UnknownService):
        services.transfer(people.rosa.actor, visit_id=visit.id, type_code="magic")
    with pytest.raises(scheduling_errors.UnknownProvider):
        services.transfer(
            people.rosa.actor, visit_id=visit.id, type_code="vaccination", provider="DOC901"
        )


def test_priority_can_be_given_later_with_a_reason(people, crowd):
    arrive(people.rosa, crowd[0])
    second = arrive(people.rosa, crowd[1])

    services.prioritise(people.neil.actor, visit_id=second.id, priority=2, reason="fever")

    assert line() == ["C-002", "C-001"]
    with pytest.raises(errors.UnusablePriority):
        services.prioritise(people.neil.actor, visit_id=second.id, priority=9)


def test_an_undone_arrival_voids_its_number_for_good(people, crowd):
    visit = arrive(people.rosa, crowd[0])
    assert services.undo_check_in(people.rosa.actor, visit_id=visit.id).status is S.VOID
    assert arrive(people.rosa, crowd[0]).token == "C-002"


def test_an_arrival_is_undone_within_ten_minutes_only(people, crowd):
    visit = arrive(people.rosa, crowd[0])
    with (
        clock.pretend(clock.now() + timedelta(minutes=11)),
        pytest.raises(errors.TooLateToUndo),
    ):
        services.undo_check_in(people.rosa.actor, visit_id=visit.id)


def test_a_check_in_opens_a_visit_that_keeps_step_with_its_appointment(people, booked):
    visit = services.check_in(people.rosa.actor, appointment_id=booked)
    assert (visit.token, visit.due_at, visit.provider) == ("C-001", at("09:00"), people.dana.id)
    assert services.check_in(people.rosa.actor, appointment_id=booked).id == visit.id

    services.start(people.dana.actor, visit_id=visit.id)
    assert status_of(booked) is AppointmentStatus.IN_PROGRESS
    services.complete(people.dana.actor, visit_id=visit.id)
    assert status_of(booked) is AppointmentStatus.COMPLETED

    services.change_appointment_status(
        people.dana.actor,
        appointment_id=booked,
        status=AppointmentStatus.IN_PROGRESS,
        reason="one more question",
    )
    assert queries.known_visit(visit.id).status is S.IN_PROGRESS


@pytest.mark.parametrize(
    ("status", "becomes"),
    [
        (AppointmentStatus.LEFT, S.LEFT),
        (AppointmentStatus.CONFIRMED, S.VOID),
        (AppointmentStatus.IN_PROGRESS, S.IN_PROGRESS),
    ],
)
def test_a_visit_follows_its_appointment(people, booked, status, becomes):
    visit = services.check_in(people.rosa.actor, appointment_id=booked)

    services.change_appointment_status(
        people.rosa.actor, appointment_id=booked, status=status, reason="so it was"
    )

    assert queries.known_visit(visit.id).status is becomes


def test_leaving_and_undoing_from_the_queue_reach_the_appointment(people, booked):
    visit = services.check_in(people.rosa.actor, appointment_id=booked)
    services.undo_check_in(people.rosa.actor, visit_id=visit.id)
    assert status_of(booked) is AppointmentStatus.CONFIRMED

    again = services.check_in(people.rosa.actor, appointment_id=booked)
    assert again.token == "C-002"
    services.leave(people.rosa.actor, visit_id=again.id, reason="had a class")
    assert status_of(booked) is AppointmentStatus.LEFT


def test_a_refused_status_leaves_both_as_they_were(people, booked):
    services.receive_walk_in(people.rosa.actor, patient=people.sam.id, type_code="vaccination")

    with pytest.raises(errors.AlreadyHere):
        services.check_in(people.rosa.actor, appointment_id=booked)


def test_at_a_kiosk_the_patient_checks_in_inside_the_window(people, booked):
    from dataclasses import replace

    from app.kernel.actor import Channel

    kiosk = replace(SYSTEM, channel=Channel.KIOSK)
    with pytest.raises(scheduling_errors.TransitionRefused):
        services.check_in_at_kiosk(kiosk, university_id=people.sam.id)
    with clock.pretend(at("08:40")):
        first = services.check_in_at_kiosk(kiosk, university_id=people.sam.id)
        assert services.check_in_at_kiosk(kiosk, university_id=people.sam.id).id == first.id
    with pytest.raises(errors.NothingToCheckIn):
        services.check_in_at_kiosk(kiosk, university_id=people.eve.id)
    with pytest.raises(errors.UnknownArrival):
        services.check_in_at_kiosk(kiosk, university_id="nobody")


def test_the_wait_counts_those_ahead_by_the_planned_length(people, crowd):
    keys = [arrive(people.rosa, patient).id for patient in crowd[:3]]

    standing = queries.position_and_wait(keys[2])

    assert (standing.token, standing.position) == ("C-003", 3)
    assert standing.wait == timedelta(minutes=40)
    assert standing.wait_text == "about 40 minutes"
    assert queries.position_and_wait(10**9) is None


def test_measured_durations_replace_the_planned_length(people, crowd):
    done = arrive(people.rosa, crowd[0])
    services.start(people.dana.actor, visit_id=done.id)
    with clock.pretend(clock.now() + timedelta(minutes=8)):
        services.complete(people.dana.actor, visit_id=done.id)
        arrive(people.rosa, crowd[1])
        last = arrive(people.rosa, crowd[2])
    assert queries.position_and_wait(last.id).wait == timedelta(minutes=8)


def test_at_days_end_who_still_waits_has_left(people, crowd, booked):
    walk_in = arrive(people.rosa, crowd[0])
    visit = services.check_in(people.rosa.actor, appointment_id=booked)
    assert services.close_queues(SYSTEM) == 0

    with clock.pretend(at("2026-11-24 00:10")):
        assert services.close_queues(SYSTEM) == 2
        assert services.close_queues(SYSTEM) == 0

    assert queries.known_visit(walk_in.id).status is S.LEFT
    assert queries.known_visit(visit.id).status is S.LEFT
    assert status_of(booked) is AppointmentStatus.LEFT


def test_a_forgotten_visit_does_not_keep_a_patient_out_the_next_day(people, crowd):
    old = arrive(people.rosa, crowd[0])
    with clock.pretend(at("2026-11-24 08:00")):
        assert arrive(people.rosa, crowd[0]).token == "C-001"
    assert queries.known_visit(old.id).status is S.LEFT


def test_the_numbers_of_the_day_are_counted_from_the_visits(people, crowd, booked):
    services.check_in(people.rosa.actor, appointment_id=booked)
    first = arrive(people.rosa, crowd[0])
    arrive(people.rosa, crowd[1])
    services.start(people.dana.actor, visit_id=first.id)

    assert queries.numbers_of(TODAY) == {
        "waiting": 2,
        "in_progress": 1,
        "seen": 0,
        "left": 0,
        "walk_ins": 2,
    }
    card = queries.known_visit(first.id)
    assert queries.visit_of_patient_today(card.patient_id, TODAY).id == first.id
