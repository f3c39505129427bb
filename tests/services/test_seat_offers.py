"""Seats that are given back are offered to those who wait (SCH-31, SCH-04)."""

from datetime import time, timedelta

import pytest
from sqlalchemy import select, update

from app.infra.outbox import RetryLater
from app.kernel import clock
from app.notifications.models import Communication
from app.patients.models import Patient
from app.scheduling import services
from app.scheduling.errors import PatientBusy
from app.scheduling.errors.sessions import SessionFull
from app.scheduling.errors.waitlist import OfferOver, UnknownOffer
from app.scheduling.queries import sessions as queries
from app.scheduling.queries import waitlist
from app.scheduling.queries.sessions import SeatView
from app.scheduling.rules.sessions import Cohort, SeatStatus
from app.scheduling.rules.waitlist import EntryStatus, HoldStatus
from app.scheduling.services import Wish, seats, sessions
from tests.factories.points import create_missed_visits
from tests.factories.scheduling import MONDAY_SEVEN, SYSTEM, at, create_crowd
from tests.factories.sessions import create_session, session_draft
from tests.factories.waitlist import (
    join,
    open_offers,
    promised_seats,
    put_on_list,
    run_seat_jobs,
)

pytestmark = pytest.mark.usefixtures("clinic")
NINE = "2026-11-24 09:00"


def entry_of(entry):
    return waitlist.entry(entry.id)


def taken(session_id):
    return queries.group_session(session_id).taken


def accept(person, offer):
    """What came of the offer, which is a seat."""
    seat = services.accept_offer(person.actor, offer_id=offer.id)
    assert isinstance(seat, SeatView)
    return seat


def give_back(patient, session_id):
    seats.cancel_seat(SYSTEM, session_id=session_id, patient=patient)


@pytest.fixture
def crowd():
    """Five more patients; the first of them has a seat."""
    return create_crowd(5)


@pytest.fixture
def full(people, crowd):
    """A vaccination day whose two seats are taken by Eve and one more."""
    session_id = create_session()
    for patient in (people.eve.id, crowd[0]):
        seats.take_seat(SYSTEM, session_id=session_id, patient=patient)
    return session_id


@pytest.fixture
def waiting(people, full):
    """Sam waits for a vaccination on that day."""
    return join(people.sam, type="vaccination")


@pytest.fixture
def offer(db, people, full, waiting):
    """Eve gives her seat back, and Sam is offered it."""
    seats.cancel_seat(people.eve.actor, session_id=full)
    run_seat_jobs(db)
    [one] = open_offers(db)
    return one


def test_a_seat_that_is_given_back_is_kept_for_who_waits_and_they_are_told(db, people, full, offer):
    told = db.scalars(select(Communication).where(Communication.event == "waitlist.offer")).all()

    assert (offer.session_id, offer.starts_at) == (full, at(NINE))
    assert offer.expires_at == clock.now() + timedelta(minutes=30)
    assert {(one.channel, one.recipient_user_id) for one in told} == {
        ("in-app", people.sam.user_id),
        ("email", people.sam.user_id),
    }
    assert told[0].link == f"/portal/waitlist/offers/{offer.id}"


def test_a_kept_seat_is_nobody_elses(people, full, offer):
    with pytest.raises(SessionFull):
        seats.take_seat(people.eve.actor, session_id=full)

    assert taken(full) == 2


def test_an_accepted_seat_is_a_seat_like_any_other(people, full, waiting, offer):
    seat = accept(people.sam, offer)

    entry = entry_of(waiting)
    assert (seat.session_id, seat.status) == (full, SeatStatus.BOOKED)
    assert queries.seat_of_patient(full, seat.patient.id).id == seat.id
    assert (entry.status, entry.session_id) == (EntryStatus.FULFILLED, full)
    assert taken(full) == 2


def test_accepting_twice_is_one_seat(people, full, offer):
    first = accept(people.sam, offer)
    again = accept(people.sam, offer)

    assert first.id == again.id
    assert taken(full) == 2


def test_staff_accept_for_somebody_on_the_phone(people, full, offer):
    assert accept(people.rosa, offer).session_id == full


def test_a_stranger_does_not_learn_of_the_offer(people, offer):
    with pytest.raises(UnknownOffer):
        accept(people.eve, offer)


def test_a_declined_seat_goes_to_the_next_one(db, people, crowd, full, waiting, offer):
    second = put_on_list(crowd[1], type="vaccination")

    services.decline_offer(people.sam.actor, offer_id=offer.id)
    run_seat_jobs(db)

    [now_open] = open_offers(db)
    assert now_open.entry_id == second.id
    assert entry_of(waiting).status is EntryStatus.WAITING
    assert taken(full) == 2


def test_an_offer_that_is_over_goes_to_the_next_one_and_they_are_told(
    db, crowd, full, waiting, offer
):
    second = put_on_list(crowd[1], type="vaccination")

    with clock.pretend(offer.expires_at):
        services.settle_waitlist(SYSTEM)
        run_seat_jobs(db)

    told = db.scalars(
        select(Communication).where(Communication.event == "waitlist.offer_over")
    ).all()
    assert [one.entry_id for one in open_offers(db)] == [second.id]
    assert told
    assert taken(full) == 2


def test_with_nobody_left_to_ask_the_seat_is_free_again(db, people, full, offer):
    services.decline_offer(people.sam.actor, offer_id=offer.id)
    run_seat_jobs(db)

    assert open_offers(db) == []
    assert taken(full) == 1
    assert seats.take_seat(people.eve.actor, session_id=full).status is SeatStatus.BOOKED


def test_an_offer_cannot_be_taken_after_its_end(people, full, offer):
    with clock.pretend(offer.expires_at), pytest.raises(OfferOver):
        accept(people.sam, offer)


def test_who_leaves_the_list_lets_the_seat_go(db, people, full, waiting, offer):
    services.withdraw_from_waitlist(people.sam.actor, entry_id=waiting.id)

    assert open_offers(db) == []
    assert taken(full) == 1


def test_in_quiet_hours_the_offer_waits(db, people, full, waiting):
    seats.cancel_seat(people.eve.actor, session_id=full)

    with clock.pretend(at("2026-11-23 22:30")), pytest.raises(RetryLater):
        run_seat_jobs(db)

    assert open_offers(db) == []
    assert taken(full) == 1


def test_nobody_is_offered_a_seat_that_they_could_not_come_to_in_time(db, people, full, waiting):
    give_back(people.eve.id, full)

    with clock.pretend(at("2026-11-24 08:16")):
        run_seat_jobs(db)

    assert open_offers(db) == []


def test_where_nobody_waits_nothing_is_promised(db, people, full):
    seats.cancel_seat(people.eve.actor, session_id=full)

    assert promised_seats(db) == []


@pytest.mark.parametrize(
    "wish",
    [
        {"type": "consultation"},
        {"latest": time(11)},
        {"first_day": at("2026-11-25 09:00").date(), "last_day": at("2026-11-25 09:00").date()},
    ],
)
def test_who_waits_for_something_else_is_not_asked(db, people, full, wish):
    join(people.sam, **{"type": "vaccination"} | wish)

    give_back(people.eve.id, full)
    run_seat_jobs(db)

    assert open_offers(db) == []


def test_who_is_of_another_program_is_not_asked(db, people, full, waiting):
    sessions.save_session(
        SYSTEM,
        session_id=full,
        draft=session_draft(cohorts=(Cohort(MONDAY_SEVEN, program="Somewhere else"),)),
    )

    give_back(people.eve.id, full)
    run_seat_jobs(db)

    assert open_offers(db) == []


def test_who_has_another_visit_then_is_not_asked(db, people, full, waiting):
    services.book_appointment(
        SYSTEM, wish=Wish(type="consultation", starts_at=at(NINE), patient=people.sam.id)
    )

    give_back(people.eve.id, full)
    run_seat_jobs(db)

    assert open_offers(db) == []


def test_a_visit_booked_meanwhile_refuses_the_seat_and_the_offer_stays(people, full, offer):
    services.book_appointment(
        SYSTEM, wish=Wish(type="consultation", starts_at=at(NINE), patient=people.sam.id)
    )

    with pytest.raises(PatientBusy):
        accept(people.sam, offer)

    assert services.offer_details(people.sam.actor, offer_id=offer.id).status is HoldStatus.OPEN


def test_who_took_another_seat_meanwhile_keeps_that_one(people, crowd, full, offer):
    give_back(crowd[0], full)
    own = seats.take_seat(people.sam.actor, session_id=full)

    seat = accept(people.sam, offer)

    assert seat.id == own.id
    assert taken(full) == 1


def test_a_session_that_is_called_off_ends_its_offers(db, people, full, waiting, offer):
    sessions.cancel_session(SYSTEM, session_id=full, reason="No vaccine")

    with pytest.raises(OfferOver):
        accept(people.sam, offer)
    services.settle_waitlist(SYSTEM)
    run_seat_jobs(db)

    assert open_offers(db) == []
    assert entry_of(waiting).status is EntryStatus.WAITING
    assert taken(full) == 0


def test_an_offer_is_good_although_booking_has_ended(people, full, offer):
    sessions.set_booking_open(SYSTEM, session_id=full, is_open=False)

    assert accept(people.sam, offer).session_id == full


def test_nothing_is_offered_of_a_session_that_gives_no_seats(db, people, full, waiting):
    give_back(people.eve.id, full)
    sessions.set_booking_open(SYSTEM, session_id=full, is_open=False)
    run_seat_jobs(db)

    assert open_offers(db) == []


def test_seats_that_are_added_are_offered_too(db, full, waiting):
    sessions.save_session(SYSTEM, session_id=full, draft=session_draft(capacity=3))
    run_seat_jobs(db)

    assert [one.session_id for one in open_offers(db)] == [full]
    assert taken(full) == 3


def test_two_seats_go_to_the_two_who_waited_longest(db, people, crowd, full, waiting):
    others = crowd[1:4]
    entries = [put_on_list(one, type="vaccination") for one in others]

    give_back(people.eve.id, full)
    give_back(crowd[0], full)
    run_seat_jobs(db)

    assert [one.entry_id for one in open_offers(db)] == [waiting.id, entries[0].id]
    assert taken(full) == 2


def test_a_seat_adds_no_hours_to_what_the_list_recovered(people, offer):
    accept(people.sam, offer)

    assert services.hours_recovered(people.rosa.actor) == []


def test_booking_that_goes_on_offers_what_is_free(db, people, full, waiting):
    sessions.set_booking_open(SYSTEM, session_id=full, is_open=False)
    give_back(people.eve.id, full)
    sessions.set_booking_open(SYSTEM, session_id=full, is_open=True)

    run_seat_jobs(db)

    assert [one.session_id for one in open_offers(db)] == [full]


def test_who_missed_too_many_visits_is_not_asked(db, people, full, waiting):
    """SCH-35: the desk gives them their seats."""
    create_missed_visits(db, people.sam, 2)

    give_back(people.eve.id, full)
    run_seat_jobs(db)

    assert open_offers(db) == []
    assert taken(full) == 1


def test_who_is_no_patient_any_more_is_not_asked(db, people, full, waiting):
    db.execute(update(Patient).values(status="inactive"))

    give_back(people.eve.id, full)
    run_seat_jobs(db)

    assert open_offers(db) == []
