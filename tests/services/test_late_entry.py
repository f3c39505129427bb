"""Entering paper forms after an outage, marked as late (SCH-01, SCH-07, SCH-33, SCH-35)."""

from datetime import date, time

import pytest
from sqlalchemy import select

from app.infra.db import transaction
from app.integrity.queries import broken_invariants
from app.kernel import clock
from app.kernel.errors import Forbidden
from app.scheduling import services as scheduling
from app.scheduling.errors import TransitionRefused
from app.scheduling.models import NoShowPoint
from app.scheduling.queries import appointments, sessions
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from app.scheduling.services.late import follow_paper
from app.security.models import AuditEvent
from app.visits import queries, services
from app.visits.errors import TooLateToUndo
from app.visits.errors.paper import (
    AlreadyRecorded,
    NothingToUndo,
    NotOnThisDay,
    PaperAlreadyEntered,
    PaperIsVoid,
    UnknownPaperNumber,
    UnusableEntry,
)
from app.visits.queries import paper
from app.visits.rules import PaperOutcome, VisitStatus
from app.visits.services.late import LateEntry, enter_form, known_of_day, undo_form
from app.visits.services.paper import draw_numbers, void_number
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.factories.sessions import create_session

pytestmark = pytest.mark.usefixtures("clinic")
MONDAY = date(2026, 11, 23)
SEEN, LEFT, MISSED = PaperOutcome
TO = AppointmentStatus


def print_forms(count=10):
    """The numbers without the PDF."""
    with transaction() as tx:
        draw_numbers(tx, SYSTEM, kind="desk", count=count, for_date=MONDAY)


def enter(person, who, **more):
    """Enter form 1: a consultation with Dana from 9:10 to 9:30, unless said otherwise."""
    known = {
        "number": "P-000001",
        "patient": getattr(who, "id", who),
        "on_date": MONDAY,
        "outcome": SEEN,
        "type_code": "consultation",
        "provider": "DOC901",
        "campus": "Downtown",
        "arrived": time(9),
        "started": time(9, 10),
        "ended": time(9, 30),
        "written_by": "Nurse Neil",
    }
    return enter_form(person.actor, entry=LateEntry(**(known | more)))


@pytest.fixture
def forms():
    print_forms()


@pytest.fixture
def noon(forms):
    """The outage is over at noon."""
    with clock.pretend(at("12:00")):
        yield


@pytest.fixture
def booked(people):
    """Sam's consultation with Dana at 9:00."""
    wish = Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id)
    return scheduling.book_appointment(people.sam.actor, wish=wish).id


def booked_entry(person, who, booked, **more):
    return enter(person, who, appointment_id=booked, type_code="", provider="", **more)


def assert_nothing_is_broken(db):
    """BAK-02: every invariant of every domain holds, also those about history and claims."""
    assert [one.invariant.id for one in broken_invariants(db.connection())] == []


def status_of(booked):
    return appointments.known_appointment(booked).status


def point_of(db, booked):
    return db.scalar(
        select(NoShowPoint.status)
        .where(NoShowPoint.appointment_id == booked)
        .execution_options(populate_existing=True)
    )


def test_a_walk_in_on_paper_becomes_a_visit_that_is_marked_as_late(db, people, noon):
    """SCH-33."""
    entered = enter(people.neil, people.sam)

    visit = entered.visit
    assert (visit.status, visit.provider, visit.paper) == (
        VisitStatus.COMPLETED,
        people.dana.id,
        "P-000001",
    )
    assert (visit.arrived_at, visit.started_at, visit.ended_at) == (
        at("09:00"),
        at("09:10"),
        at("09:30"),
    )
    assert visit.entered_late_at == at("12:00")
    assert (visit.is_walk_in, visit.token, visit.on_date) == (True, "C-001", MONDAY)
    events = queries.events_of(visit.id)
    assert [(one.step, one.to_status, one.at) for one in events] == [
        ("enter-late", "completed", at("12:00"))
    ]
    assert events[0].reason == "Entered late from paper form P-000001"
    form = paper.form(1)
    assert (form.status, form.written_by, form.visit_id) == ("entered", "Nurse Neil", visit.id)
    assert "visits:paper:entered" in db.scalars(select(AuditEvent.action)).all()
    assert_nothing_is_broken(db)


def test_numbers_in_the_queue_go_on_after_those_of_the_paper(people, noon):
    """SCH-33."""
    crowd = create_crowd(1)
    assert enter(people.rosa, people.sam).visit.token == "C-001"
    assert enter(people.rosa, people.eve, number="P-2").visit.token == "C-002"

    walk_in = services.receive_walk_in(
        people.rosa.actor, patient=crowd[0], type_code="consultation", campus="Downtown"
    )

    assert walk_in.token == "C-003"


def test_a_booked_patient_who_came_is_completed_without_a_gap_in_history(db, people, booked, noon):
    """SCH-07."""
    visit = booked_entry(people.neil, people.sam, booked).visit

    assert status_of(booked) is TO.COMPLETED
    assert (visit.appointment_id, visit.provider, visit.campus) == (
        booked,
        people.dana.id,
        appointments.known_appointment(booked).campus,
    )
    last = appointments.history(booked)[-1]
    assert (last.to_status, last.reason) == (
        "completed",
        "Entered late from paper form P-000001",
    )
    assert_nothing_is_broken(db)


def test_nobody_is_punished_whose_paper_says_they_came(db, people, booked, noon):
    """SCH-35: the system was back, marked the visit as missed, and then the form was entered."""
    scheduling.mark_no_shows(SYSTEM)
    assert (status_of(booked), point_of(db, booked)) == (TO.NO_SHOW, "counted")

    with clock.pretend(at("2026-11-24 08:00")):
        booked_entry(people.rosa, people.sam, booked)
        scheduling.mark_no_shows(SYSTEM)

    assert (status_of(booked), point_of(db, booked)) == (TO.COMPLETED, "void")
    assert_nothing_is_broken(db)


def test_a_late_entry_never_takes_time_that_somebody_else_has(db, people, noon):
    """SCH-01: the time was given away after the visit was marked as missed."""
    wish = Wish(type="vaccination", starts_at=at("14:00"), provider=people.neil.id)
    shot = scheduling.book_appointment(people.sam.actor, wish=wish).id
    with clock.pretend(at("14:16")):
        scheduling.mark_no_shows(SYSTEM)
    session = create_session("2026-11-23 14:00")
    assert (status_of(shot), point_of(db, shot)) == (TO.NO_SHOW, "counted")

    with clock.pretend(at("17:00")):
        entered = booked_entry(
            people.rosa, people.sam, shot, arrived=time(14), started=time(14, 1), ended=time(14, 9)
        )

    assert "given to somebody else" in entered.remark
    visit = entered.visit
    assert (visit.appointment_id, visit.type, visit.campus) == (None, "vaccination", "Downtown")
    assert (status_of(shot), point_of(db, shot)) == (TO.NO_SHOW, "void")
    assert sessions.group_session(session).status == "open"
    assert_nothing_is_broken(db)


def test_somebody_left_and_somebody_did_not_come(db, people, booked, noon):
    """SCH-35."""
    left = enter(people.rosa, people.eve, outcome=LEFT, started=None, provider="").visit
    missed = booked_entry(people.rosa, people.sam, booked, outcome=MISSED, number="P-2")

    assert (left.status, left.started_at) == (VisitStatus.LEFT, None)
    assert (missed.visit, status_of(booked)) == (None, TO.NO_SHOW)
    assert point_of(db, booked) == "counted"
    assert paper.form(2).outcome == "missed"
    assert_nothing_is_broken(db)


def test_a_booked_patient_left_on_paper(db, people, booked, noon):
    booked_entry(people.rosa, people.sam, booked, outcome=LEFT)

    assert status_of(booked) is TO.LEFT
    assert_nothing_is_broken(db)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"patient": "99999999"}, "patient"),
        ({"written_by": " "}, "written_by"),
        ({"type_code": "flying"}, "type"),
        ({"provider": ""}, "provider"),
        ({"provider": "NURSE901"}, "provider"),
        ({"outcome": MISSED}, "appointment"),
        ({"started": time(8)}, "started"),
        ({"ended": time(12, 1)}, "ended"),
        ({"on_date": date(2026, 11, 24)}, "on_date"),
        ({"on_date": date(2026, 11, 22)}, "on_date"),
    ],
)
def test_what_makes_no_sense_is_said_beside_its_field(people, noon, more, field):
    with pytest.raises(UnusableEntry) as refused:
        enter(people.rosa, people.sam, **more)

    assert list(refused.value.errors) == [field]
    assert paper.form(1) is None


def test_a_number_is_entered_once_and_never_unknown_or_void(people, noon):
    enter(people.rosa, people.sam)
    void_number(people.rosa.actor, number="P-3")

    with pytest.raises(PaperAlreadyEntered, match="P-000001 was entered already, for"):
        enter(people.rosa, people.eve)
    with pytest.raises(UnknownPaperNumber, match="P-000011"):
        enter(people.rosa, people.eve, number="P-11")
    with pytest.raises(PaperIsVoid):
        enter(people.rosa, people.eve, number="P-3")
    for number, refusal in (("P-1", PaperAlreadyEntered), ("P-3", PaperIsVoid)):
        with pytest.raises(refusal):
            known_of_day(people.rosa.actor, number=number, patient=people.eve.id, on_date=MONDAY)


def test_a_visit_that_is_there_already_is_shown_and_may_be_confirmed_as_another(people, noon):
    with clock.pretend(at("09:05")):
        present = services.receive_walk_in(
            people.rosa.actor, patient=people.sam.id, type_code="consultation", campus="Downtown"
        )
    known = known_of_day(people.rosa.actor, number="P-1", patient=people.sam.id, on_date=MONDAY)
    assert [one.id for one in known.visits] == [present.id]

    with pytest.raises(AlreadyRecorded, match="has the visit C-001") as refused:
        enter(people.rosa, people.sam)
    assert refused.value.visit_id == present.id

    assert enter(people.rosa, people.sam, another=True).visit.token == "C-002"


def test_an_appointment_that_is_settled_or_of_others_is_refused(people, booked, noon):
    with pytest.raises(NotOnThisDay, match="not of this patient"):
        booked_entry(people.rosa, people.eve, booked)
    with pytest.raises(NotOnThisDay, match="not of this patient"):
        booked_entry(people.rosa, people.sam, 10**9)
    with clock.pretend(at("2026-11-24 08:00")), pytest.raises(NotOnThisDay, match="another day"):
        booked_entry(
            people.rosa, people.sam, booked, on_date=date(2026, 11, 24), ended=time(7),
            arrived=time(6), started=time(6),
        )  # fmt: skip
    booked_entry(people.rosa, people.sam, booked)
    with pytest.raises(AlreadyRecorded, match="it is completed"):
        booked_entry(people.rosa, people.sam, booked, number="P-2")


def test_a_visit_that_nobody_could_keep_was_not_missed(people, booked, forms):
    """SCH-19."""
    with clock.pretend(at("09:05")), pytest.raises(NotOnThisDay, match="may still come"):
        booked_entry(people.rosa, people.sam, booked, outcome=MISSED)


def test_an_entry_is_undone_for_ten_minutes_and_the_form_entered_again(db, people, booked, noon):
    """SCH-07."""
    visit = booked_entry(people.rosa, people.sam, booked).visit

    assert undo_form(people.rosa.actor, number="P-1") == "P-000001"

    assert queries.known_visit(visit.id).status is VisitStatus.VOID
    assert (status_of(booked), paper.form(1).status) == (TO.CONFIRMED, "open")
    assert_nothing_is_broken(db)
    with pytest.raises(NothingToUndo):
        undo_form(people.rosa.actor, number="P-1")
    again = booked_entry(people.rosa, people.sam, booked).visit
    assert (again.token, status_of(booked)) == ("C-002", TO.COMPLETED)
    with clock.pretend(at("12:11")), pytest.raises(TooLateToUndo):
        undo_form(people.rosa.actor, number="P-1")
    assert_nothing_is_broken(db)


def test_left_missed_and_void_are_undone_too(db, people, booked, noon):
    booked_entry(people.rosa, people.sam, booked, outcome=LEFT)
    undo_form(people.rosa.actor, number="P-1")
    assert status_of(booked) is TO.CONFIRMED
    booked_entry(people.rosa, people.sam, booked, outcome=MISSED)
    undo_form(people.rosa.actor, number="P-1")
    assert (status_of(booked), point_of(db, booked)) == (TO.CONFIRMED, "void")
    void_number(people.rosa.actor, number="P-1")
    undo_form(people.rosa.actor, number="P-1")

    enter(people.rosa, people.eve)

    assert_nothing_is_broken(db)


def test_a_visit_that_was_reopened_is_not_undone_from_the_paper(people, noon):
    visit = enter(people.rosa, people.sam).visit
    services.reopen(people.dana.actor, visit_id=visit.id, reason="Not done")

    with pytest.raises(NothingToUndo, match="reopened"):
        undo_form(people.rosa.actor, number="P-1")


def test_who_left_on_paper_and_was_brought_back_is_not_undone_from_the_paper(people, noon):
    left = enter(people.rosa, people.sam, outcome=LEFT, started=None, ended=time(11, 55)).visit
    services.bring_back(people.rosa.actor, visit_id=left.id)

    with pytest.raises(NothingToUndo, match="reopened"):
        undo_form(people.rosa.actor, number="P-1")


def test_an_appointment_settled_at_this_moment_is_not_settled_twice(people, booked, noon):
    """SCH-07: the table of statuses has the last word, whatever was read before."""
    booked_entry(people.rosa, people.sam, booked)

    with pytest.raises(TransitionRefused):
        follow_paper(people.rosa.actor, appointment_id=booked, status=TO.COMPLETED, reason="twice")


def test_a_visit_that_was_undone_is_nobodys_visit_of_the_day(people, noon):
    visit = enter(people.rosa, people.sam).visit

    undo_form(people.rosa.actor, number="P-1")

    assert queries.visit_of_patient_today(visit.patient_id, MONDAY) is None


@pytest.mark.parametrize("name", ["sam", "dana", "ada"])
def test_entering_is_for_the_desk_and_nurses(people, noon, name):
    person = getattr(people, name)
    for deed in (
        lambda: enter(person, people.sam),
        lambda: undo_form(person.actor, number="P-1"),
        lambda: known_of_day(person.actor, number="P-1", patient=people.sam.id, on_date=MONDAY),
    ):
        with pytest.raises(Forbidden):
            deed()


def test_times_on_paper_change_no_prediction_of_the_wait(people, noon):
    """SCH-33: they are rounded, so nobody's wait is predicted from them."""
    crowd = create_crowd(2)
    enter(people.rosa, people.sam, arrived=time(8), started=time(8), ended=time(11))
    for patient in crowd:
        waiting = services.receive_walk_in(
            people.rosa.actor, patient=patient, type_code="consultation", campus="Downtown"
        )

    standing = queries.position_and_wait(waiting.id)

    assert standing.wait.total_seconds() == 20 * 60
