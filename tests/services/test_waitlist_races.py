"""Races around offers with real processes: a kept time is one person's at most (SCH-31, SCH-02)."""

from collections import Counter
from datetime import date, timedelta

import pytest
from sqlalchemy import select, text

from app.infra.outbox import JobName, OutboxJob
from app.kernel import clock
from app.scheduling import services
from app.scheduling.models import Hold
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import WaitingWish, Wish
from tests.factories.scheduling import SYSTEM, at, create_crowd
from tests.racing import race
from tests.services.test_races import OVERLAPS
from worker.jobs import waitlist as jobs

pytestmark = [pytest.mark.committed, pytest.mark.usefixtures("clinic")]

TUESDAY = date(2026, 11, 24)
NINE = "2026-11-24 09:00"
VISITS_AT_NINE = text(
    "SELECT count(*) FROM scheduling_appointment a"
    " JOIN scheduling_practitioner p ON p.id = a.practitioner_id"
    " WHERE a.status = 'confirmed' AND a.starts_at = :at AND p.university_id = :provider"
)
KEPT_TWICE = text(
    "SELECT count(*) FROM scheduling_hold a JOIN scheduling_hold b"
    " ON a.id < b.id AND a.practitioner_id = b.practitioner_id"
    " AND a.status = 'open' AND b.status = 'open'"
    " AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at"
)


@pytest.fixture
def arena(app, template_database, tmp_path):
    """The URL of this test's own database and a folder for the racing sites."""
    return app.config["SQLALCHEMY_DATABASE_URI"], tmp_path


def wait_for_dana(number):
    wish = WaitingWish(
        type="consultation",
        first_day=TUESDAY,
        last_day=TUESDAY,
        provider="DOC901",
        patient=number,
    )
    return services.join_waitlist(SYSTEM, wish=wish)


def book_nine(patient):
    wish = Wish(type="consultation", starts_at=at(NINE), provider="DOC901", patient=patient)
    return services.book_appointment(SYSTEM, wish=wish)


@pytest.fixture
def crowd():
    """Ten patients; the first two wait for a time with Dana."""
    crowd = create_crowd(10)
    for number in crowd[:2]:
        wait_for_dana(number)
    return crowd


@pytest.fixture
def freed(db, crowd):
    """What the worker is told when the tenth patient gives the time up."""
    booked = book_nine(crowd[9])
    services.change_status(
        SYSTEM, appointment_id=booked.id, status=AppointmentStatus.CANCELLED, reason="ill"
    )
    [job] = db.scalars(select(OutboxJob).where(OutboxJob.name == JobName.OFFER_FREED_TIMES))
    payload = dict(job.payload)
    db.rollback()
    return payload


@pytest.fixture
def offer_id(db, freed):
    """Nine o'clock, kept for the first who waited."""
    jobs.offer_freed_times(SYSTEM, **freed)
    number = db.scalars(select(Hold.id)).one()
    db.rollback()
    return number


def accept(number, *, offer_id):
    """Each racer takes the same offer."""
    return services.accept_offer(SYSTEM, offer_id=offer_id).id


def accept_or_book(number, *, offer_id, crowd):
    """Two take the offer while the others book the time itself."""
    if number < 2:
        return services.accept_offer(SYSTEM, offer_id=offer_id).status
    return book_nine(crowd[number]).status


def accept_or_settle(number, *, offer_id, crowd, late):
    """Half of them take the offer, a moment before its end, while others end it and book."""
    if number % 3 == 0:
        return services.accept_offer(SYSTEM, offer_id=offer_id).status
    with clock.pretend(late):
        if number % 3 == 1:
            services.settle_waitlist(SYSTEM)
            return "settled"
        return book_nine(crowd[number]).status


def offer_or_book(number, *, freed, crowd):
    """The job is delivered three times while others book the freed time."""
    if number < 3:
        return jobs.offer_freed_times(SYSTEM, **freed)
    return book_nine(crowd[number]).status


def test_ten_taps_on_one_offer_book_one_visit(arena, db, offer_id):
    answers = race(*arena, accept, runners=10, processes=2, offer_id=offer_id)

    assert len({answer for _, answer, _ in answers}) == 1
    assert db.scalar(VISITS_AT_NINE, {"at": at(NINE), "provider": "DOC901"}) == 1
    assert db.scalar(OVERLAPS) == 0


def test_a_kept_time_goes_to_whom_it_is_kept_for(arena, db, crowd, offer_id):
    answers = race(*arena, accept_or_book, runners=8, processes=2, offer_id=offer_id, crowd=crowd)

    told = {number: answer for number, answer, _ in answers}
    assert [told[0], told[1]] == ["confirmed", "confirmed"]  # a double tap, one visit
    assert {told[number] for number in range(2, 8)} == {"scheduling.slot_taken"}
    assert db.scalar(VISITS_AT_NINE, {"at": at(NINE), "provider": "DOC901"}) == 1
    assert db.scalar(OVERLAPS) == 0


def test_taking_and_ending_at_the_same_moment_gives_the_time_once(arena, db, crowd, offer_id):
    ends = db.scalar(select(Hold.expires_at))
    db.rollback()

    with clock.pretend(ends - timedelta(microseconds=1)):
        answers = race(
            *arena,
            accept_or_settle,
            runners=8,
            processes=2,
            offer_id=offer_id,
            crowd=crowd,
            late=ends,
        )

    counts = Counter(answer for _, answer, _ in answers)
    booked = db.scalar(VISITS_AT_NINE, {"at": at(NINE), "provider": "DOC901"})
    assert booked <= 1
    assert set(counts) <= {
        "confirmed",
        "settled",
        "scheduling.offer_over",
        "scheduling.slot_taken",
    }
    assert db.scalar(OVERLAPS) == 0
    assert db.scalar(select(Hold.status)) in {"accepted", "expired"}


def test_a_freed_time_is_kept_for_one_at_most(arena, db, crowd, freed):
    race(*arena, offer_or_book, runners=8, processes=2, freed=freed, crowd=crowd)

    booked = db.scalar(VISITS_AT_NINE, {"at": at(NINE), "provider": "DOC901"})
    kept = len(db.scalars(select(Hold.id).where(Hold.status == "open")).all())
    assert booked + kept == 1
    assert db.scalar(KEPT_TWICE) == 0
    assert db.scalar(OVERLAPS) == 0
