"""Seats are reminded of like visits, stand in the feeds, and are letters with an entry (SCH-04)."""

import pytest
from icalendar import Calendar
from sqlalchemy import select

from app.kernel import clock
from app.kernel.errors import Forbidden
from app.notifications.models import Communication
from app.scheduling import services
from app.scheduling.models import SeatReminder
from app.scheduling.rules.feeds import FeedKind
from app.scheduling.services import seats, sessions
from app.scheduling.services.feeds import make_feed, read_feed
from tests.factories.scheduling import SYSTEM, at
from tests.factories.sessions import create_session, session_draft
from worker.jobs.scheduling import send_seat_reminders

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture
def seat(people):
    """Sam's seat in the vaccination of Wednesday at 9, taken on Monday."""
    return seats.take_seat(people.sam.actor, session_id=create_session("2026-11-25 09:00"))


def send(when):
    with clock.pretend(at(when)):
        return services.send_seat_reminders(SYSTEM)


def reminded(db, channel="email"):
    return db.scalars(
        select(Communication).where(
            Communication.template == "reminder", Communication.channel == channel
        )
    ).all()


def test_each_lead_reminds_of_a_seat_once(seat, db):
    assert send("2026-11-24 08:59") == 0
    assert send("2026-11-24 09:00") == 1  # SCH-30
    assert send("2026-11-24 09:01") == 0
    assert send("2026-11-25 07:00") == 1
    assert send("2026-11-25 07:01") == 0
    assert send("2026-11-25 09:00") == 0

    assert [row.lead_minutes for row in db.scalars(select(SeatReminder))] == [1440, 120]
    assert len(reminded(db)) == len(reminded(db, "in-app")) == 2
    assert all("accination" not in one.subject for one in reminded(db))  # NOT-02
    assert reminded(db)[0].link == f"/portal/sessions/{seat.session_id}"


def test_the_job_sends_them(seat, db):
    with clock.pretend(at("2026-11-24 09:00")):
        send_seat_reminders(SYSTEM)

    assert len(reminded(db)) == 1


def test_a_seat_that_was_given_up_is_not_reminded_of(seat, people):
    seats.cancel_seat(people.sam.actor, session_id=seat.session_id)

    assert send("2026-11-24 09:00") == 0


def test_a_session_that_was_called_off_reminds_nobody(seat):
    sessions.cancel_session(SYSTEM, session_id=seat.session_id, reason="No vaccine")

    assert send("2026-11-24 09:00") == 0


def test_a_seat_that_is_taken_again_is_reminded_of_again(seat, people):
    assert send("2026-11-24 09:00") == 1
    with clock.pretend(at("2026-11-24 09:10")):
        seats.cancel_seat(people.sam.actor, session_id=seat.session_id)
        seats.take_seat(people.sam.actor, session_id=seat.session_id)

    assert send("2026-11-24 09:11") == 0  # booked within the day: that letter is enough
    assert send("2026-11-25 07:00") == 1


def test_a_moved_session_is_reminded_of_at_its_new_time(people):
    key = create_session("2026-11-25 09:00")
    sessions.save_session(SYSTEM, session_id=key, draft=session_draft("2026-11-26 09:00"))
    seats.take_seat(people.sam.actor, session_id=key)

    assert send("2026-11-24 09:00") == 0
    assert send("2026-11-25 09:00") == 1


def test_nothing_leaves_in_quiet_hours_and_wishes_count(seat, people, db):
    services.save_reminder_wish(
        people.sam.actor, by_email=False, in_app=True, lead_minutes=[180, 60]
    )

    assert send("2026-11-25 06:00") == 0  # NOT-03
    assert send("2026-11-25 07:00") == 1
    assert send("2026-11-25 08:00") == 1
    assert reminded(db) == []
    assert len(reminded(db, "in-app")) == 2


def test_students_send_no_reminders(people):
    with pytest.raises(Forbidden):
        services.send_seat_reminders(people.eve.actor)


# -- feeds (SCH-37)


def events(token):
    return Calendar.from_ical(read_feed(token=token).content).walk("VEVENT")


def test_a_seat_stands_in_the_students_feed_under_the_uid_of_its_letter(seat, people, db):
    token = make_feed(people.sam.actor, kind=FeedKind.PATIENT)
    letter = db.scalars(
        select(Communication).where(
            Communication.template == "seat", Communication.channel == "email"
        )
    ).one()

    [event] = events(token)
    text = read_feed(token=token).content.decode()

    assert event["UID"].startswith(letter.calendar["entity"])  # CAL-01
    assert event["DTSTART"].dt == at("2026-11-25 09:00")
    assert "accination" not in text  # SCH-37
    assert events(make_feed(people.eve.actor, kind=FeedKind.PATIENT)) == []
    with clock.pretend(at("09:00")):
        seats.cancel_seat(people.sam.actor, session_id=seat.session_id)
    assert events(token) == []


def test_a_session_stands_in_the_providers_feed_until_it_is_called_off(seat, people):
    token = make_feed(people.neil.actor, kind=FeedKind.PROVIDER)
    before = read_feed(token=token)

    [event] = events(token)
    assert event["DTEND"].dt == at("2026-11-25 12:00")

    with clock.pretend(at("09:00")):
        sessions.cancel_session(SYSTEM, session_id=seat.session_id, reason="No vaccine")
        after = read_feed(token=token)

    assert events(token) == []
    assert after.changed_at > before.changed_at
    assert after.etag != before.etag
