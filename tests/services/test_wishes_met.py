"""Whoever books what they waited for waits no longer (SCH-31)."""

from datetime import time

import pytest
from sqlalchemy import select

from app.kernel import clock
from app.kernel.errors import Forbidden
from app.notifications.models import Communication
from app.scheduling import services
from app.scheduling.queries import waitlist
from app.scheduling.rules import AppointmentStatus
from app.scheduling.rules.waitlist import EntryStatus
from app.scheduling.services import Wish, seats
from app.scheduling.services.wishes_met import end_met_wishes
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.factories.sessions import create_session
from tests.factories.waitlist import join, open_offers, put_on_list, run_jobs

pytestmark = pytest.mark.usefixtures("clinic")


def book(person, starts_at="2026-11-24 10:00", **more):
    wish = Wish(**{"type": "consultation", "starts_at": at(starts_at), **more})
    return services.book_appointment(person.actor, wish=wish)


def status_of(entry):
    return waitlist.entry(entry.id).status


def test_a_visit_within_the_wish_ends_the_wait_and_the_patient_is_told(db, people):
    entry = join(people.sam)
    booked = book(people.sam)

    services.settle_waitlist(SYSTEM)
    services.settle_waitlist(SYSTEM)

    fresh = waitlist.entry(entry.id)
    told = db.scalars(select(Communication).where(Communication.event == "waitlist.met")).all()
    assert (fresh.status, fresh.appointment_id) == (EntryStatus.FULFILLED, booked.id)
    assert [one.channel for one in told] == ["in-app"]
    assert told[0].link == f"/portal/appointments/{booked.id}"


@pytest.mark.parametrize(
    ("wish", "visit"),
    [
        ({}, {"starts_at": "2026-11-25 10:00"}),
        ({"latest": time(10, 0)}, {}),
        ({"earliest": time(10, 10)}, {}),
        ({"provider": "DOC902"}, {"provider": "DOC901"}),
        ({}, {"type": "vaccination"}),
    ],
)
def test_another_day_time_provider_or_kind_ends_no_wait(people, wish, visit):
    entry = join(people.sam, **wish)
    book(people.sam, **visit)

    assert end_met_wishes(SYSTEM) == 0
    assert status_of(entry) is EntryStatus.WAITING


def test_a_visit_from_before_the_wish_ends_no_wait(people):
    book(people.sam)
    with clock.pretend(at("07:30")):
        entry = join(people.sam)

    assert end_met_wishes(SYSTEM) == 0
    assert status_of(entry) is EntryStatus.WAITING


def test_the_wish_of_somebody_else_goes_on(people):
    mine, theirs = join(people.sam), join(people.eve)
    book(people.sam)

    assert end_met_wishes(SYSTEM) == 1
    assert (status_of(mine), status_of(theirs)) == (EntryStatus.FULFILLED, EntryStatus.WAITING)


def test_a_kept_time_goes_to_the_next_one(db, people):
    [later] = create_crowd(1)
    given_up = book(people.eve, "2026-11-24 09:00", provider="DOC901")
    entry = join(people.sam)
    put_on_list(later)
    services.change_status(
        people.eve.actor,
        appointment_id=given_up.id,
        status=AppointmentStatus.CANCELLED,
        reason="Ill",
    )
    run_jobs(db)
    book(people.sam)

    assert end_met_wishes(SYSTEM) == 1
    run_jobs(db)

    [kept] = open_offers(db)
    assert waitlist.offer(kept.id).patient.university_id == later
    assert status_of(entry) is EntryStatus.FULFILLED


def test_who_has_their_visit_is_offered_no_other_even_before_the_list_is_settled(db, people):
    given_up = book(people.eve, "2026-11-24 09:00", provider="DOC901")
    join(people.sam)
    book(people.sam)
    services.change_status(
        people.eve.actor,
        appointment_id=given_up.id,
        status=AppointmentStatus.CANCELLED,
        reason="Ill",
    )

    run_jobs(db)

    assert open_offers(db) == []


def test_a_visit_that_was_given_up_again_ends_no_wait(people):
    entry = join(people.sam)
    booked = book(people.sam)
    services.change_status(
        people.sam.actor, appointment_id=booked.id, status=AppointmentStatus.CANCELLED
    )

    assert end_met_wishes(SYSTEM) == 0
    assert status_of(entry) is EntryStatus.WAITING


def test_students_end_no_waits(people):
    with pytest.raises(Forbidden):
        end_met_wishes(people.eve.actor)


def test_who_takes_a_seat_by_themselves_waits_no_longer(db, people):
    session_id = create_session()
    entry = join(people.sam, type="vaccination")
    seats.take_seat(people.sam.actor, session_id=session_id)

    services.settle_waitlist(SYSTEM)

    met = waitlist.entry(entry.id)
    told = db.scalars(select(Communication.link).where(Communication.event == "waitlist.met")).all()
    assert (met.status, met.session_id) == (EntryStatus.FULFILLED, session_id)
    assert told == [f"/portal/sessions/{session_id}"]


def test_a_seat_on_another_day_ends_no_wait(people):
    session_id = create_session("2026-11-25 09:00")
    entry = join(people.sam, type="vaccination")
    seats.take_seat(people.sam.actor, session_id=session_id)

    services.settle_waitlist(SYSTEM)

    assert waitlist.entry(entry.id).status is EntryStatus.WAITING
