"""Races for one room with real processes: no room is ever given twice (SCH-01 to SCH-03)."""

from collections import Counter

import pytest
from sqlalchemy import text

from app.scheduling import services
from app.scheduling.queries.facts import ROOM
from app.scheduling.services import Wish, resources
from app.scheduling.services.resources import ResourceDraft
from tests.factories.resources import create_room, need
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.racing import race
from tests.services.test_races import OVERLAPS

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("clinic")]


@pytest.fixture
def arena(app, template_database, tmp_path):
    """The URL of this test's own database and a folder for the racing sites."""
    return app.config["SQLALCHEMY_DATABASE_URI"], tmp_path


def book_the_room(number, *, crowd, providers):
    """Half of the racers ask for one provider, half for the other; there is one room."""
    wish = Wish(
        type="consultation",
        starts_at=at("09:00"),
        provider=providers[number % 2],
        patient=crowd[number],
    )
    return services.book_appointment(SYSTEM, wish=wish).status


def book_or_block(number, *, crowd, room):
    """The first wants the room repaired while the others book it."""
    if number == 0:
        resources.block_resource(
            SYSTEM, resource_id=room, starts_at=at("09:00"), ends_at=at("09:20")
        )
        return "blocked"
    wish = Wish(type="consultation", starts_at=at("09:00"), patient=crowd[number])
    return services.book_appointment(SYSTEM, wish=wish).status


def test_one_of_twenty_gets_the_only_room_with_two_providers(arena, people, db):
    create_room()
    need(("treatment room", 1))

    answers = race(
        *arena,
        book_the_room,
        runners=20,
        processes=2,
        crowd=create_crowd(20),
        providers=[people.dana.id, people.dino.id],
    )

    assert Counter(answer for _, answer, _ in answers) == {
        "confirmed": 1,
        "scheduling.slot_taken": 19,
    }
    assert db.scalar(OVERLAPS) == 0
    assert db.scalar(text("SELECT count(*) FROM scheduling_claim WHERE resource_kind = 3")) == 1


def test_a_room_is_either_repaired_or_booked(arena, people, db):
    room = create_room()
    need(("treatment room", 1))

    answers = race(
        *arena, book_or_block, runners=10, processes=2, crowd=create_crowd(10), room=room
    )

    counts = Counter(answer for _, answer, _ in answers)
    assert counts["blocked"] + counts["confirmed"] == 1
    assert db.scalar(OVERLAPS) == 0


def retire_or_book(number, *, crowd, room):
    """The first puts the room out of use while the others book it."""
    if number == 0:
        draft = ResourceDraft(
            kind=ROOM, category="treatment room", code="R1", name="Room R1", is_active=False
        )
        return f"retired, {resources.save_resource(SYSTEM, draft=draft, resource_id=room).flagged}"
    wish = Wish(type="consultation", starts_at=at("09:00"), patient=crowd[number])
    return services.book_appointment(SYSTEM, wish=wish).status


def test_a_room_put_out_of_use_is_given_to_nobody_who_does_not_hear_of_it(arena, people, db):
    room = create_room()
    need(("treatment room", 1))

    answers = race(
        *arena, retire_or_book, runners=10, processes=2, crowd=create_crowd(10), room=room
    )

    # SCH-19: whoever got the room before it went was flagged; nobody gets it afterwards.
    booked = sum(answer == "confirmed" for _, answer, _ in answers)
    assert [answer for number, answer, _ in answers if number == 0] == [f"retired, {booked}"]
    assert db.scalar(OVERLAPS) == 0
