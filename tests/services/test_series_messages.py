"""A series is one message, with every visit in one calendar file (SCH-32, CAL-01)."""

from datetime import UTC, date, time

import pytest
from icalendar import Calendar

from app.infra import mail
from app.notifications import queries
from app.notifications import services as notifications
from app.notifications.models import Communication
from app.scheduling.queries import appointments
from app.scheduling.services import series as use_cases
from app.scheduling.services import series_rest
from app.scheduling.services.series_rest import RestWish
from tests.factories.scheduling import SYSTEM, at
from tests.services.test_series import wish

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture
def sent(monkeypatch) -> list:
    """The letters that the mail server took."""
    letters: list = []
    monkeypatch.setattr(mail, "send", letters.append)
    return letters


def told(db, user_id, channel="email"):
    rows = db.query(Communication).filter_by(recipient_user_id=user_id, channel=channel)
    return [(row.template, len(row.params.get("visits", []))) for row in rows.order_by("id")]


def deliver(db, template):
    [row] = db.query(Communication).filter_by(channel="email", template=template)
    notifications.send_message(
        SYSTEM,
        event=row.event,
        entity=row.entity,
        occurrence=row.occurrence,
        recipient=row.recipient,
    )


def entries(letter):
    """UID, SEQUENCE, start and status of each entry, as another program reads them."""
    [attachment] = letter.attachments
    calendar = Calendar.from_ical(attachment.content)
    assert calendar["METHOD"] == "PUBLISH"
    assert attachment.content_type == "text/calendar; method=PUBLISH; charset=UTF-8"
    events = calendar.walk("VEVENT")
    assert not any("ATTENDEE" in event for event in events)  # RFC 5546, 3.2.1
    return [
        (str(one["UID"]), one["SEQUENCE"], one.decoded("DTSTART").astimezone(UTC), one["STATUS"])
        for one in events
    ]


def booked(people, **more):
    return use_cases.book_series(people.rosa.actor, wish=wish(people, **more))


def move(people, series_id, number=2):
    visit = appointments.appointments_of_series(series_id)[number - 1]
    return series_rest.change_rest(
        people.rosa.actor,
        wish=RestWish(appointment_id=visit.id, first_on=date(2026, 12, 2), local_time=time(14)),
    )


def test_a_series_is_one_mail_and_one_bell_with_all_visits(db, people):
    booked(people)

    assert told(db, people.sam.user_id) == [("series", 3)]
    assert told(db, people.sam.user_id, "in-app") == [("series", 3)]
    assert told(db, people.dana.user_id, "in-app") == [("series", 3)]


def test_the_mail_lists_every_visit_and_its_file_holds_them_all(db, people, sent):
    visits = appointments.appointments_of_series(booked(people))

    deliver(db, "series")

    [letter] = sent
    assert "- Tuesday, 24 November 2026, 9:00 AM to 9:20 AM" in letter.text
    assert "- Tuesday, 8 December 2026, 9:00 AM to 9:20 AM" in letter.text
    assert letter.html.count("<li>") == 3
    assert entries(letter) == [
        (f"{one.uid}@usc.edu.ph", 0, one.starts_at, "CONFIRMED") for one in visits
    ]
    assert "consultation" not in letter.text.lower()  # NOT-02


def test_a_changed_rest_is_one_mail_with_the_same_entries_counted_up(db, people, sent):
    old = booked(people)
    uids = [one.uid for one in appointments.appointments_of_series(old)]

    move(people, old)
    deliver(db, "series_changed")

    assert told(db, people.sam.user_id) == [("series", 3), ("series_changed", 2)]
    assert entries(sent[0]) == [
        (f"{uids[1]}@usc.edu.ph", 1, at("2026-12-02 14:00"), "CONFIRMED"),
        (f"{uids[2]}@usc.edu.ph", 1, at("2026-12-09 14:00"), "CONFIRMED"),
    ]


def test_a_cancelled_rest_is_one_mail_that_takes_the_entries_out(db, people, sent):
    visits = appointments.appointments_of_series(booked(people))

    series_rest.cancel_rest(people.rosa.actor, appointment_id=visits[1].id, reason="Moved away")
    deliver(db, "series_cancelled")

    assert told(db, people.sam.user_id) == [("series", 3), ("series_cancelled", 2)]
    assert [(sequence, status) for _, sequence, _, status in entries(sent[0])] == [
        (1, "CANCELLED"),
        (1, "CANCELLED"),
    ]


def test_what_is_sent_late_does_not_take_back_the_mail_of_the_visits_that_stay(db, people, sent):
    old = booked(people)
    move(people, old)

    deliver(db, "series_changed")
    deliver(db, "series")

    assert len(sent) == 2


def test_a_rest_of_one_visit_is_told_like_any_visit(db, people):
    old = booked(people)

    move(people, old, number=3)

    assert told(db, people.sam.user_id)[1:] == [("changed", 0)]


def test_the_bell_says_how_many_visits_there_are(db, people):
    booked(people)

    [message] = queries.inbox(people.sam.user_id).messages
    assert "3 visits, the first on Tuesday, 24 November 2026, 9:00 AM" in message.text
