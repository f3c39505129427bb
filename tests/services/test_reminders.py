"""Reminders: exactly one each, at decent hours, with links that answer (SCH-30, NOT-03)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.infra import mail
from app.kernel import clock
from app.kernel.errors import Forbidden, Invalid
from app.notifications import services as notifications
from app.notifications.models import Communication
from app.scheduling import errors, services
from app.scheduling.errors.attendance import AnswerTooLate, UnknownAnswerLink
from app.scheduling.models import AppointmentEvent, AppointmentType, Reminder
from app.scheduling.queries import appointments
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from tests.factories.scheduling import SYSTEM, at

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture
def visit(people):
    """Sam's consultation with Dana on Wednesday at 14:00, booked on Monday."""
    wish = Wish(type="consultation", starts_at=at("2026-11-25 14:00"), provider=people.dana.id)
    return services.book_appointment(people.sam.actor, wish=wish)


def send(when):
    with clock.pretend(at(when)):
        return services.send_reminders(SYSTEM)


def messages(db, channel="email"):
    return db.scalars(
        select(Communication)
        .where(Communication.template == "reminder", Communication.channel == channel)
        .order_by(Communication.id)
    ).all()


@pytest.fixture
def token(visit, db):
    """The token of the link in the reminder, at the time when it is read."""
    send("2026-11-24 14:00")
    with clock.pretend(at("2026-11-24 15:00")):
        yield messages(db)[0].params["choices"][0][1].split("/")[2]


def test_each_lead_reminds_once(visit, db):
    assert send("2026-11-24 13:59") == 0
    assert send("2026-11-24 14:00") == 1
    assert send("2026-11-24 14:01") == 0
    assert send("2026-11-25 11:59") == 0
    assert send("2026-11-25 12:00") == 1
    assert send("2026-11-25 12:01") == 0
    assert send("2026-11-25 14:00") == 0

    assert [row.lead_minutes for row in db.scalars(select(Reminder))] == [1440, 120]
    assert len(messages(db)) == len(messages(db, "in-app")) == 2


def test_after_a_pause_of_the_worker_only_the_shortest_reminder_leaves(visit, db):
    assert send("2026-11-25 12:30") == 1
    assert send("2026-11-25 12:31") == 0

    assert [row.lead_minutes for row in db.scalars(select(Reminder))] == [120]


def test_a_moved_visit_is_reminded_of_again(visit, people, db):
    assert send("2026-11-24 14:00") == 1
    with clock.pretend(at("2026-11-24 15:00")):
        services.reschedule_appointment(
            people.rosa.actor, appointment_id=visit.id, starts_at=at("2026-11-26 14:00")
        )

    assert send("2026-11-25 12:00") == 0
    assert send("2026-11-25 14:00") == 1
    assert len(messages(db)) == 2


def test_a_cancelled_visit_is_not_reminded_of(visit, people):
    services.change_status(
        people.sam.actor, appointment_id=visit.id, status=AppointmentStatus.CANCELLED
    )

    assert send("2026-11-24 14:00") == 0


def test_a_reminder_waits_for_the_end_of_the_night(people, db):
    wish = Wish(type="consultation", starts_at=at("2026-11-25 08:00"))
    services.book_appointment(people.sam.actor, wish=wish)
    send("2026-11-24 08:00")

    assert send("2026-11-25 06:00") == 0
    assert send("2026-11-25 06:59") == 0
    assert send("2026-11-25 07:00") == 1


def test_the_kind_of_visit_says_how_long_before(visit, db):
    db.execute(update(AppointmentType).values(reminder_minutes=[60]))

    assert send("2026-11-24 14:00") == 0
    assert send("2026-11-25 13:00") == 1


def test_wishes_decide_when_and_how(visit, people, db):
    services.save_reminder_wish(
        people.sam.actor, by_email=False, in_app=True, lead_minutes=[60, 180]
    )
    assert services.own_wish(people.sam.actor).lead_minutes == (180, 60)
    assert send("2026-11-24 14:00") == 0
    assert send("2026-11-25 11:00") == 1
    assert (len(messages(db)), len(messages(db, "in-app"))) == (0, 1)

    services.save_reminder_wish(people.sam.actor, by_email=True, in_app=False, lead_minutes=None)
    assert send("2026-11-25 12:00") == 1
    assert (len(messages(db)), len(messages(db, "in-app"))) == (1, 1)
    assert services.own_wish(people.eve.actor).lead_minutes is None


def test_no_leads_at_all_are_no_reminders(visit, people):
    services.save_reminder_wish(people.sam.actor, by_email=True, in_app=True, lead_minutes=[])

    assert send("2026-11-24 14:00") == send("2026-11-25 13:00") == 0


def test_odd_wishes_and_people_without_a_record_are_refused(people):
    with pytest.raises(Invalid):
        services.save_reminder_wish(people.sam.actor, by_email=True, in_app=True, lead_minutes=[1])
    with pytest.raises(Forbidden):
        services.own_wish(people.rosa.actor)
    with pytest.raises(Forbidden):
        services.send_reminders(people.sam.actor)


def test_the_letter_has_two_absolute_links_and_names_no_service(app, visit, db, monkeypatch):
    letters = []
    monkeypatch.setattr(mail, "send", letters.append)
    send("2026-11-24 14:00")
    row = messages(db)[0]

    notifications.send_message(
        SYSTEM,
        event=row.event,
        entity=row.entity,
        occurrence=row.occurrence,
        recipient=row.recipient,
    )

    [letter] = letters
    base = app.config["SETTINGS"].public_url
    for text in (letter.text, letter.html):
        assert f"{base}/answer/" in text
        assert "I will come" in text
        assert "I cannot come" in text
        assert "Consultation" not in text  # NOT-02
    assert "?say=no" in letter.text


def test_coming_is_noted_once_and_changes_no_status(visit, token, db):
    services.say_coming(token)
    after = services.say_coming(token)

    assert after.attendance_confirmed_at is not None
    assert (after.status, after.version) == (AppointmentStatus.CONFIRMED, visit.version)
    events = db.scalars(select(AppointmentEvent).where(AppointmentEvent.from_status == "confirmed"))
    assert [(event.actor_name, event.reason) for event in events] == [
        ("Sam Dela Cruz", "Answered the reminder: I will come")
    ]


def test_not_coming_cancels_as_the_patient(visit, token):
    after = services.say_not_coming(token)

    assert after.status is AppointmentStatus.CANCELLED
    assert after.ended_reason == "Answered the reminder: I cannot come"
    with pytest.raises(AnswerTooLate, match="cancelled already"):
        services.say_not_coming(token)
    with pytest.raises(AnswerTooLate):
        services.say_coming(token)


def test_after_the_cutoff_the_link_cancels_nothing(visit, token):
    with clock.pretend(at("2026-11-25 12:01")), pytest.raises(errors.TooLateToCancel):
        services.say_not_coming(token)

    assert appointments.known_appointment(visit.id).status is AppointmentStatus.CONFIRMED


def test_a_link_of_a_moved_or_past_visit_says_so(visit, token, people):
    with clock.pretend(at("2026-11-25 14:00")), pytest.raises(AnswerTooLate, match="begun"):
        services.visit_of_link(token)
    services.reschedule_appointment(
        people.sam.actor, appointment_id=visit.id, starts_at=at("2026-11-26 14:00")
    )
    with pytest.raises(AnswerTooLate, match="moved"):
        services.visit_of_link(token)


@pytest.mark.parametrize("change", ["x", "", "." * 40])
def test_a_made_up_link_opens_nothing(token, change):
    for bad in (change, token + change + "x", token[:-1]):
        with pytest.raises(UnknownAnswerLink):
            services.visit_of_link(bad)


def test_a_patient_without_an_account_answers_too(people, db):
    from tests.factories import patients

    patients.create_patient("20257777", "Lena", "Tan", email="lena@example.org")
    wish = Wish(type="consultation", starts_at=at("2026-11-25 14:00"), patient="20257777")
    visit = services.book_appointment(people.rosa.actor, wish=wish)
    send("2026-11-24 14:00")
    token = messages(db)[0].params["choices"][0][1].split("/")[2]

    with clock.pretend(at("2026-11-25 12:01")):
        assert services.say_coming(token).attendance_confirmed_at is not None
        with pytest.raises(errors.TooLateToCancel):
            services.say_not_coming(token)
    with clock.pretend(at("2026-11-25 12:00")):
        assert services.say_not_coming(token).status is AppointmentStatus.CANCELLED
    assert visit.status == "confirmed"


def test_reminders_of_a_busy_morning_leave_in_one_run(people, db):
    for minute in range(0, 100, 20):
        wish = Wish(
            type="consultation",
            starts_at=at("2026-11-25 09:00") + timedelta(minutes=minute),
            patient=people.eve.id if minute % 40 else people.sam.id,
            provider=people.dana.id,
            override_reason="busy",
        )
        services.book_appointment(SYSTEM, wish=wish)

    assert send("2026-11-24 10:30") == 5
