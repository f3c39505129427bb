"""Races for seats with real processes: never one too many (SCH-04)."""

from collections import Counter

import pytest
from sqlalchemy import text

from app.scheduling.queries import sessions as queries
from app.scheduling.services import seats, sessions
from tests.factories.scheduling import SYSTEM, create_crowd
from tests.factories.sessions import create_session, session_draft
from tests.racing import race

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("clinic")]

COUNTED = text(
    "SELECT count(*) FROM scheduling_seat WHERE status <> 'cancelled' AND session_id = :id"
)


@pytest.fixture
def arena(app, template_database, tmp_path):
    """The URL of this test's own database and a folder for the racing sites."""
    return app.config["SQLALCHEMY_DATABASE_URI"], tmp_path


def take(number, *, crowd, session_id):
    """Each racer wants a seat for another patient."""
    seats.take_seat(SYSTEM, session_id=session_id, patient=crowd[number])
    return "seat"


def take_give_or_resize(number, *, crowd, session_id):
    """Some give seats back and take them again, one changes the capacity, the others want one."""
    if number == 0:
        sessions.save_session(SYSTEM, session_id=session_id, draft=session_draft(capacity=8))
        return "resized"
    if number < 4:
        seats.cancel_seat(SYSTEM, session_id=session_id, patient=crowd[number])
        return "given back"
    return take(number, crowd=crowd, session_id=session_id)


def test_forty_people_want_the_last_five_seats_and_five_get_one(arena, db):
    crowd = create_crowd(40)
    session_id = create_session(capacity=5)

    answers = race(*arena, take, runners=40, processes=2, crowd=crowd, session_id=session_id)

    assert Counter(answer for _, answer, _ in answers) == {
        "seat": 5,
        "scheduling.session_full": 35,
    }
    db.rollback()
    assert queries.group_session(session_id).taken == 5
    assert db.scalar(COUNTED, {"id": session_id}) == 5


def test_taking_giving_back_and_resizing_at_once_keep_the_count_true(arena, db):
    crowd = create_crowd(20)
    session_id = create_session(capacity=5)
    for patient in crowd[1:4]:
        seats.take_seat(SYSTEM, session_id=session_id, patient=patient)

    answers = race(
        *arena, take_give_or_resize, runners=20, processes=2, crowd=crowd, session_id=session_id
    )

    said = Counter(answer for _, answer, _ in answers)
    db.rollback()
    found = queries.group_session(session_id)
    assert said["given back"] == 3
    assert found.taken == db.scalar(COUNTED, {"id": session_id}) == said["seat"] <= found.capacity
    assert set(said) <= {"seat", "given back", "resized", "scheduling.session_full"}
