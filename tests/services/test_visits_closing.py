"""Bringing back who has left, and closing the day (SCH-33, SCH-35)."""

import pytest
from sqlalchemy import select

from app.kernel import clock
from app.kernel.errors import Forbidden
from app.scheduling import services as scheduling
from app.scheduling.queries import appointments
from app.scheduling.queries import sessions as session_queries
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from app.scheduling.services.seats import take_seat
from app.security.models import AuditEvent
from app.visits import errors, queries, services
from app.visits.rules import VisitStatus, VisitStep
from app.visits.services import closing
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.factories.sessions import create_session

pytestmark = pytest.mark.usefixtures("clinic")
S = VisitStatus


@pytest.fixture
def crowd():
    return create_crowd(4)


@pytest.fixture
def booked(people):
    wish = Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id)
    return scheduling.book_appointment(people.sam.actor, wish=wish).id


def arrive(person, patient, **more):
    return services.receive_walk_in(person.actor, patient=patient, type_code="consultation", **more)


def status_of(appointment_id):
    return appointments.known_appointment(appointment_id).status


def test_a_walk_in_recorded_as_left_is_brought_back_to_its_place(people, crowd):
    """SCH-33."""
    first, _ = arrive(people.rosa, crowd[0]), arrive(people.rosa, crowd[1])
    left = services.leave(people.rosa.actor, visit_id=first.id, reason="had a class")
    assert VisitStep.BRING_BACK in services.possible_steps(people.rosa.actor, left)

    back = services.bring_back(people.rosa.actor, visit_id=first.id, version=left.version)

    assert (back.status, back.token, back.due_at) == (S.WAITING, "C-001", first.due_at)
    assert (back.ended_at, back.ended_reason) == (None, "")
    assert queries.position_and_wait(first.id).position == 1
    assert [one.step for one in queries.events_of(first.id)] == ["arrive", "leave", "bring-back"]
    with pytest.raises(errors.StepRefused):
        services.bring_back(people.rosa.actor, visit_id=first.id)


def test_who_left_is_not_brought_back_late_or_twice_or_by_a_stranger(people, crowd):
    visit = arrive(people.rosa, crowd[0])
    left = services.leave(people.rosa.actor, visit_id=visit.id)

    with pytest.raises(Forbidden):
        services.bring_back(people.eve.actor, visit_id=visit.id)
    with pytest.raises(errors.UnknownVisit):
        services.bring_back(people.rosa.actor, visit_id=10**9)
    with pytest.raises(errors.StaleVisit):
        services.bring_back(people.rosa.actor, visit_id=visit.id, version=visit.version)
    with clock.pretend(at("07:11")), pytest.raises(errors.TooLateToUndo):
        services.bring_back(people.rosa.actor, visit_id=visit.id)
    with clock.pretend(at("07:11")):
        possible = services.possible_steps(people.rosa.actor, left)
    assert VisitStep.BRING_BACK not in possible


def test_who_has_taken_another_number_is_not_brought_back(people, crowd):
    visit = arrive(people.rosa, crowd[0])
    services.leave(people.rosa.actor, visit_id=visit.id)
    arrive(people.rosa, crowd[0])

    with pytest.raises(errors.AlreadyHere, match="C-002"):
        services.bring_back(people.rosa.actor, visit_id=visit.id)


def test_an_appointment_that_ended_by_leaving_is_not_brought_back(people, booked):
    """SCH-07: no status follows "left"; the patient takes a number instead."""
    visit = services.check_in(people.rosa.actor, appointment_id=booked)
    left = services.leave(people.rosa.actor, visit_id=visit.id)

    assert VisitStep.BRING_BACK not in services.possible_steps(people.rosa.actor, left)
    with pytest.raises(errors.StepRefused, match="as a walk-in"):
        services.bring_back(people.rosa.actor, visit_id=visit.id)


def test_the_end_of_the_day_shows_what_is_open(people, crowd, booked):
    over, running = (
        create_session("2026-11-23 09:00"),
        create_session("2026-11-23 15:00", ends_at=at("17:00")),
    )
    wish = Wish(type="consultation", starts_at=at("16:40"), provider=people.dana.id)
    coming = scheduling.book_appointment(people.eve.actor, wish=wish).id
    waiting, inside = arrive(people.rosa, crowd[0]), arrive(people.rosa, crowd[1])
    services.start(people.dana.actor, visit_id=inside.id)

    with clock.pretend(at("16:30")):
        day = services.day_end(people.neil.actor)

    assert [one.id for one in day.waiting] == [waiting.id]
    assert [one.id for one in day.inside] == [inside.id]
    assert [one.id for one in day.absent] == [booked]
    assert [one.id for one in day.coming] == [coming]
    assert [one.id for one in day.over] == [over]
    assert [one.id for one in day.running] == [running]
    assert not day.is_over


def test_closing_ends_what_is_over_and_twice_is_harmless(db, people, crowd, booked):
    session = create_session("2026-11-23 09:00")
    take_seat(SYSTEM, session_id=session, patient=crowd[1])
    visit = arrive(people.rosa, crowd[0])

    with clock.pretend(at("17:00")):
        closed = services.close_day(people.rosa.actor)
        again = services.close_day(people.rosa.actor)
        assert services.day_end(people.rosa.actor).is_over

    assert (closed.left, closed.missed, closed.sessions) == (1, 1, 1)
    assert again.total == 0
    assert queries.known_visit(visit.id).status is S.LEFT
    assert queries.known_visit(visit.id).ended_reason == "The day was closed."
    assert status_of(booked) is AppointmentStatus.NO_SHOW
    assert [seat.status.value for seat in session_queries.seats_of(session)] == ["missed"]
    lines = db.scalars(select(AuditEvent).where(AuditEvent.action == "visits:day:close")).all()
    assert [line.object_id for line in lines] == ["2026-11-23"]
    assert lines[0].details == {"left": 1, "missed": 1, "sessions": 1}


def test_a_patient_with_an_appointment_who_still_waits_has_left(people, booked):
    with clock.pretend(at("08:50")):
        services.check_in(people.rosa.actor, appointment_id=booked)
    with clock.pretend(at("17:00")):
        assert services.close_day(people.neil.actor).left == 1

    assert status_of(booked) is AppointmentStatus.LEFT


def test_a_day_with_somebody_at_a_provider_is_not_closed(people, crowd):
    waiting, inside = arrive(people.rosa, crowd[0]), arrive(people.rosa, crowd[1])
    services.start(people.dana.actor, visit_id=inside.id)

    with pytest.raises(errors.DayNotOver, match="C-002 is with a provider"):
        services.close_day(people.rosa.actor)
    services.start(people.dino.actor, visit_id=waiting.id)
    with pytest.raises(errors.DayNotOver, match="C-001, C-002 are with a provider"):
        services.close_day(people.rosa.actor)

    assert queries.known_visit(waiting.id).status is S.IN_PROGRESS


def test_what_somebody_changes_at_this_moment_stays(people, crowd, monkeypatch):
    """A visit that is called while the day is closed is not ended over the caller's head."""
    visit, other = arrive(people.rosa, crowd[0]), arrive(people.rosa, crowd[1])
    seen = closing.day_end(people.rosa.actor)
    services.start(people.dana.actor, visit_id=visit.id)
    monkeypatch.setattr(closing, "day_end", lambda actor: seen)

    assert services.close_day(people.rosa.actor).left == 1

    assert queries.known_visit(visit.id).status is S.IN_PROGRESS
    assert queries.known_visit(other.id).status is S.LEFT


def test_a_visit_whose_provider_was_away_is_not_missed(people, booked):
    """SCH-19: it waits for another time, and closing the day leaves it."""
    from app.scheduling.services import outages

    outages.apply_outage(
        people.rosa.actor,
        provider=people.dana.id,
        starts_at=at("08:00"),
        ends_at=at("17:00"),
        accepted={},
    )
    with clock.pretend(at("17:30")):
        day = services.day_end(people.rosa.actor)
        services.close_day(people.rosa.actor)

    assert ([one.id for one in day.to_rebook], day.absent) == ([booked], [])
    assert status_of(booked) is AppointmentStatus.CONFIRMED


@pytest.mark.parametrize("who", ["eve", "dana", "cass", "pia"])
def test_only_the_desk_and_nurses_close_the_day(people, who):
    person = getattr(people, who)
    with pytest.raises(Forbidden):
        services.day_end(person.actor)
    with pytest.raises(Forbidden):
        services.close_day(person.actor)
