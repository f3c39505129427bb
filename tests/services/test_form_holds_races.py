"""Races for a kept time with real processes: one keeps it, one books it (SCH-02, SCH-03)."""

from collections import Counter

import pytest
from sqlalchemy import text

from app.scheduling import services
from app.scheduling.services import Wish
from app.scheduling.services.form_holds import keep_time
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.racing import race
from tests.services.test_races import OVERLAPS

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("clinic")]

OPEN = text("SELECT count(*) FROM scheduling_hold WHERE status = 'open'")


@pytest.fixture
def arena(app, template_database, tmp_path):
    """The URL of this test's own database and a folder for the racing sites."""
    return app.config["SQLALCHEMY_DATABASE_URI"], tmp_path


def wish(patient):
    return Wish(
        type="consultation", starts_at=at("2026-11-24 09:00"), provider="DOC901", patient=patient
    )


def keep(number, *, crowd):
    """Everybody keeps the same time."""
    keep_time(SYSTEM, wish=wish(crowd[number]))
    return "kept"


def book(number, *, crowd):
    """Everybody books the same time, which the first one keeps."""
    return services.book_appointment(SYSTEM, wish=wish(crowd[number])).status


def keep_or_book(number, *, crowd):
    """Half of them keep the time while the others book it."""
    return keep(number, crowd=crowd) if number % 2 else book(number, crowd=crowd)


def keep_for_one(number, *, patient):
    """Many windows of one patient keep different times."""
    minute = f"2026-11-24 {9 + number // 3:02}:{20 * (number % 3):02}"
    single = Wish(type="consultation", starts_at=at(minute), provider="DOC901", patient=patient)
    keep_time(SYSTEM, wish=single)
    return "kept"


def test_one_of_forty_keeps_the_last_time_and_only_that_one_books_it(arena, db):
    crowd = create_crowd(40)

    kept = race(*arena, keep, runners=40, processes=2, crowd=crowd)
    winner = next(number for number, answer, _ in kept if answer == "kept")
    booked = race(*arena, book, runners=40, processes=2, crowd=crowd)

    taken = "scheduling.slot_taken"
    assert Counter(answer for _, answer, _ in kept) == {"kept": 1, taken: 39}
    assert Counter(answer for _, answer, _ in booked) == {"confirmed": 1, taken: 39}
    assert [number for number, answer, _ in booked if answer == "confirmed"] == [winner]
    assert db.scalar(OPEN) == 0
    assert db.scalar(OVERLAPS) == 0


def test_keeping_and_booking_at_once_gives_the_time_once(arena, db):
    answers = race(*arena, keep_or_book, runners=20, processes=2, crowd=create_crowd(20))

    counts = Counter(answer for _, answer, _ in answers)
    assert counts["kept"] + counts["confirmed"] == 1
    assert db.scalar(OVERLAPS) == 0


def test_one_patient_keeps_one_time_however_many_windows(arena, db):
    [patient] = create_crowd(1)

    answers = race(*arena, keep_for_one, runners=6, processes=2, patient=patient)

    assert {answer for _, answer, _ in answers} == {"kept"}
    assert db.scalar(OPEN) == 1
    assert db.scalar(OVERLAPS) == 0
