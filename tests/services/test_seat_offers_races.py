"""Races for seats that are given back, with real processes: never over capacity, never lost
(SCH-31, SCH-04)."""

from collections import Counter

import pytest
from sqlalchemy import func, select, text

from app.scheduling import services
from app.scheduling.models import Hold
from app.scheduling.queries import sessions as queries
from app.scheduling.services import seats, sessions
from tests.factories.scheduling import SYSTEM, create_crowd
from tests.factories.sessions import create_session
from tests.factories.waitlist import put_on_list
from tests.racing import race
from worker.jobs import waitlist as jobs

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("clinic")]

SEATS = text("SELECT count(*) FROM scheduling_seat WHERE status <> 'cancelled'")
MANY = 12


@pytest.fixture
def arena(app, template_database, tmp_path):
    """The URL of this test's own database and a folder for the racing sites."""
    return app.config["SQLALCHEMY_DATABASE_URI"], tmp_path


@pytest.fixture
def crowd():
    """Twenty patients: four have the seats of a session, twelve wait for one."""
    return create_crowd(20)


@pytest.fixture
def session_id(crowd):
    """A session whose four seats are taken."""
    key = create_session(capacity=4)
    for patient in crowd[:4]:
        seats.take_seat(SYSTEM, session_id=key, patient=patient)
    for patient in crowd[4 : 4 + MANY]:
        put_on_list(patient, type="vaccination")
    return key


def offered(db):
    """How many seats are kept at present."""
    db.rollback()
    return db.scalar(select(func.count()).where(Hold.status == "open"))


def give_back_offer_or_take(number, *, crowd, session_id):
    """Two give their seats back, the job is delivered many times, others want a seat."""
    if number < 2:
        seats.cancel_seat(SYSTEM, session_id=session_id, patient=crowd[number])
        return "given back"
    if number < 8:
        return f"offered {jobs.offer_freed_seats(SYSTEM, session_id=session_id)}"
    seats.take_seat(SYSTEM, session_id=session_id, patient=crowd[8 + number])
    return "seat"


def answer_offers(number, *, offers):
    """Half of the racers accept, the others decline the same offers."""
    answer = services.accept_offer if number % 2 else services.decline_offer
    answer(SYSTEM, offer_id=offers[number // 2 % len(offers)])
    return answer.__name__


def accept_or_call_off(number, *, offers, session_id):
    """Two take their offers while the session is called off."""
    if number == 0:
        return f"called off {sessions.cancel_session(SYSTEM, session_id=session_id, reason='x')}"
    services.accept_offer(SYSTEM, offer_id=offers[number % len(offers)])
    return "seat"


def check_count(db, session_id):
    """Every taken seat is somebody's or kept for somebody, and there are never too many."""
    kept = offered(db)
    found = queries.group_session(session_id)
    assert found.taken == db.scalar(SEATS) + kept <= found.capacity
    return kept


def two_offers(db, crowd, session_id):
    """Two seats are given back and kept for the first two."""
    for patient in crowd[:2]:
        seats.cancel_seat(SYSTEM, session_id=session_id, patient=patient)
    jobs.offer_freed_seats(SYSTEM, session_id=session_id)
    offers = list(db.scalars(select(Hold.id).where(Hold.status == "open")))
    db.rollback()
    return offers


def test_two_freed_seats_and_many_who_wait_or_want_one(arena, db, crowd, session_id):
    answers = race(
        *arena,
        give_back_offer_or_take,
        runners=12,
        processes=2,
        crowd=crowd,
        session_id=session_id,
    )

    kept = check_count(db, session_id)
    said = Counter(answer for _, answer, _ in answers)
    assert said["given back"] == 2
    assert set(said) - {"given back", "seat", "scheduling.session_full"} <= {
        f"offered {number}" for number in (None, 0, 1, 2)
    }
    # What the racers left over goes to those who wait, with the jobs that were promised.
    jobs.offer_freed_seats(SYSTEM, session_id=session_id)
    assert check_count(db, session_id) >= kept
    assert queries.group_session(session_id).free == 0


def test_answers_at_once_lose_no_seat_and_give_none_twice(arena, db, crowd, session_id):
    offers = two_offers(db, crowd, session_id)

    race(*arena, answer_offers, runners=8, processes=2, offers=offers)

    check_count(db, session_id)
    jobs.offer_freed_seats(SYSTEM, session_id=session_id)
    check_count(db, session_id)
    assert queries.group_session(session_id).free == 0


def test_offers_of_a_session_that_is_called_off_leave_no_seat(arena, db, crowd, session_id):
    offers = two_offers(db, crowd, session_id)

    race(
        *arena,
        accept_or_call_off,
        runners=6,
        processes=2,
        offers=offers,
        session_id=session_id,
    )

    services.settle_waitlist(SYSTEM)
    assert check_count(db, session_id) == 0
    assert queries.group_session(session_id).taken == 0
