"""One visit, offer or reminder that breaks stops no other, and the job is seen to fail (JOB-01)."""

from datetime import date

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from app.infra.db import session, transaction
from app.infra.one_by_one import SomeFailed, one_by_one
from app.infra.outbox import RetryLater
from app.kernel import clock
from app.scheduling import services
from app.scheduling.models import Hold, Reminder
from app.scheduling.queries import appointments
from app.scheduling.services import WaitingWish, Wish, holds, no_shows, offer_answers, reminders
from tests.factories.scheduling import SYSTEM, at, create_crowd

pytestmark = pytest.mark.usefixtures("clinic")

TUESDAY = date(2026, 11, 24)


@pytest.fixture
def visits(people):
    """Eve's at 14:00 and Sam's at 14:20, hours from now."""
    return [
        services.book_appointment(
            one.actor, wish=Wish(type="consultation", starts_at=at(time), provider=people.dana.id)
        )
        for one, time in ((people.eve, "14:00"), (people.sam, "14:20"))
    ]


def breaking_once(monkeypatch, module, name):
    """The first call of a function breaks as a bug in its SQL would; the others work."""
    real, calls = getattr(module, name), []

    def broken(*args, **kwargs):
        calls.append(name)
        if len(calls) == 1:
            session().execute(text("SELECT 1/0"))
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, broken)
    return calls


def test_a_visit_that_breaks_stops_no_other_from_being_missed(visits, monkeypatch, caplog):
    breaking_once(monkeypatch, no_shows, "change_status")

    with clock.pretend(at("15:00")):
        with pytest.raises(SomeFailed, match="1 failed, 1 done"):
            services.mark_no_shows(SYSTEM)
        assert status_of(visits) == ["confirmed", "no-show"]
        assert services.mark_no_shows(SYSTEM) == 1

    assert status_of(visits) == ["no-show", "no-show"]
    assert f"one of the list failed: {visits[0].id}" in caplog.text
    assert "Eve" not in caplog.text


def status_of(visits):
    return [str(appointments.known_appointment(one.id).status) for one in visits]


def test_a_reminder_that_breaks_stops_no_other_and_leaves_next_time(visits, db, monkeypatch):
    breaking_once(monkeypatch, reminders, "_tell")

    with clock.pretend(at("12:30")):
        with pytest.raises(SomeFailed):
            services.send_reminders(SYSTEM)
        assert db.scalars(select(Reminder.appointment_id)).all() == [visits[1].id]
        assert services.send_reminders(SYSTEM) == 1
        assert services.send_reminders(SYSTEM) == 0


def waiting(count):
    """So many patients on the list for Tuesday."""
    for patient in create_crowd(count):
        wish = WaitingWish(
            type="consultation", first_day=TUESDAY, last_day=TUESDAY, patient=patient
        )
        services.join_waitlist(SYSTEM, wish=wish)


def offer_the_hour(visits):
    return services.offer_freed_time(
        SYSTEM,
        practitioner_id=appointments.known_appointment(visits[0].id).practitioner_id,
        starts_at=at("2026-11-24 09:00"),
        ends_at=at("2026-11-24 09:40"),
    )


def open_offers(db):
    return db.scalars(select(Hold.id).where(Hold.status == "open").order_by(Hold.id)).all()


def test_an_offer_that_breaks_goes_to_the_next_who_waits(visits, db, monkeypatch):
    """SCH-31: and nobody is asked for more than was freed."""
    waiting(4)
    breaking_once(monkeypatch, holds, "announce")

    with pytest.raises(SomeFailed, match="1 failed, 2 done"):
        offer_the_hour(visits)

    assert len(open_offers(db)) == 2
    assert offer_the_hour(visits) == 0  # nothing is left of the hour


def test_the_end_of_an_offer_that_breaks_stops_no_other_end(visits, db, monkeypatch):
    waiting(2)
    assert offer_the_hour(visits) == 2
    first, _ = open_offers(db)
    breaking_once(monkeypatch, offer_answers, "_tell_over")

    with clock.pretend(at("2026-11-25 09:00")):
        with pytest.raises(SomeFailed):
            services.settle_waitlist(SYSTEM)
        assert open_offers(db) == [first]
        services.settle_waitlist(SYSTEM)

    assert open_offers(db) == []


def test_a_database_that_is_away_ends_the_list_at_once(db):
    asked = []

    def lost(item):
        asked.append(item)
        raise OperationalError("SELECT", {}, Exception("server closed the connection"))

    with pytest.raises(OperationalError):
        one_by_one("test", [1, 2, 3], lost)
    assert asked == [1]


def test_a_wish_to_come_back_later_is_passed_on(db):
    def later(item):
        raise RetryLater("quiet hours", clock.now() - clock.now())

    with pytest.raises(RetryLater):
        one_by_one("test", [1], later)


def test_inside_an_outer_transaction_the_first_error_ends_everything(db):
    with pytest.raises(DBAPIError), transaction():
        one_by_one("test", [1, 2], lambda _: session().execute(text("SELECT 1/0")) is not None)
