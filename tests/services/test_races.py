"""Races with real processes: whatever is tried at once, no time is given twice (SCH-02, SCH-03)."""

import random
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import text

from app.kernel.errors import DomainError
from app.scheduling import services
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.racing import race

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("clinic")]

OVERLAPS = text(
    """
    SELECT count(*) FROM scheduling_claim a JOIN scheduling_claim b
      ON a.id < b.id AND a.active AND b.active
     AND a.resource_kind = b.resource_kind AND a.resource_id = b.resource_id
     AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at
    """
)


@pytest.fixture
def arena(app, template_database, tmp_path):
    """The URL of this test's own database and a folder for the racing sites."""
    return app.config["SQLALCHEMY_DATABASE_URI"], tmp_path


def book_one_time(number, *, crowd, starts_at, provider):
    """Each racer wants the same time for another patient."""
    wish = Wish(type="consultation", starts_at=starts_at, provider=provider, patient=crowd[number])
    return services.book_appointment(SYSTEM, wish=wish).status


def book_at_random(number, *, crowd, times, providers):
    """Each racer books ten random times."""
    chance = random.Random(number)
    answers = Counter()
    for _ in range(10):
        wish = Wish(
            type="consultation",
            starts_at=chance.choice(times),
            provider=chance.choice([*providers, None]),
            patient=chance.choice(crowd),
        )
        try:
            answers[services.book_appointment(SYSTEM, wish=wish).status] += 1
        except DomainError as refusal:
            answers[refusal.code] += 1
    return sorted(answers.items())


def move_to_each_other(number, *, visits, times):
    """Two visits want to swap their times."""
    return services.reschedule_appointment(
        SYSTEM, appointment_id=visits[number], starts_at=times[1 - number]
    ).status


def cancel_or_book(number, *, visit, crowd, starts_at, provider):
    """The first gives a time up while all others want it."""
    if number == 0:
        return services.change_status(
            SYSTEM, appointment_id=visit, status=AppointmentStatus.CANCELLED, reason="ill"
        ).status
    return book_one_time(number, crowd=crowd, starts_at=starts_at, provider=provider)


def test_forty_people_want_the_last_slot_and_one_gets_it(arena, people, db):
    crowd = create_crowd(40)

    answers = race(
        *arena,
        book_one_time,
        runners=40,
        processes=2,
        crowd=crowd,
        starts_at=at("09:00"),
        provider=people.dana.id,
    )

    assert Counter(answer for _, answer, _ in answers) == {
        "confirmed": 1,
        "scheduling.slot_taken": 39,
    }
    assert db.scalar(OVERLAPS) == 0


def test_random_bookings_of_many_never_overlap(arena, people, db):
    times = [at("08:00") + timedelta(minutes=20) * i for i in range(12)]

    answers = race(
        *arena,
        book_at_random,
        runners=16,
        processes=2,
        crowd=create_crowd(30),
        times=times,
        providers=[people.dana.id, people.dino.id],
    )

    assert len(answers) == 16
    assert db.scalar(OVERLAPS) == 0
    assert db.scalar(text("SELECT count(*) FROM scheduling_appointment")) > 0


def test_a_swap_of_two_visits_ends_without_deadlock_or_overlap(arena, people, db):
    crowd = create_crowd(2)
    times = [at("09:00"), at("10:00")]
    visits = [
        services.book_appointment(
            SYSTEM,
            wish=Wish(
                type="consultation", starts_at=start, provider=people.dana.id, patient=patient
            ),
        ).id
        for start, patient in zip(times, crowd, strict=True)
    ]

    answers = race(*arena, move_to_each_other, runners=2, processes=2, visits=visits, times=times)

    assert {answer for _, answer, _ in answers} <= {"confirmed", "scheduling.slot_taken"}
    assert db.scalar(OVERLAPS) == 0


def test_a_time_that_is_given_up_goes_to_one_other_at_most(arena, people, db):
    crowd = create_crowd(10)
    booked = services.book_appointment(
        SYSTEM,
        wish=Wish(
            type="consultation", starts_at=at("09:00"), provider=people.dana.id, patient=crowd[0]
        ),
    )

    answers = race(
        *arena,
        cancel_or_book,
        runners=10,
        processes=2,
        visit=booked.id,
        crowd=crowd,
        starts_at=at("09:00"),
        provider=people.dana.id,
    )

    counts = Counter(answer for _, answer, _ in answers)
    assert counts["cancelled"] == 1
    assert counts["confirmed"] <= 1
    assert db.scalar(OVERLAPS) == 0
