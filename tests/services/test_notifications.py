"""Messages: written once with the deed, delivered once, tried again, given up (NOT-01, NOT-04)."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from app.infra import mail
from app.infra.db import session, transaction
from app.infra.mail import MailRefused, MailUnavailable
from app.infra.outbox import JobName, OutboxJob, RetryLater
from app.kernel import clock
from app.kernel.actor import system_actor
from app.kernel.errors import Forbidden
from app.kernel.ids import CommunicationId
from app.kernel.period import Period
from app.notifications import queries, services
from app.notifications.errors import NothingToResend, UnknownMessage
from app.notifications.models import Communication
from app.notifications.rules import CalendarMethod, CalendarPart, MessageKey, Template
from app.notifications.services import Recipient

NINE = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
SAMS_MAIL = Recipient(None, "Sam", "sam@usc.edu.ph")


@pytest.fixture
def sent(monkeypatch) -> list:
    """The letters that the mail server took."""
    letters: list = []
    monkeypatch.setattr(mail, "send", letters.append)
    return letters


def mail_server_answers(monkeypatch, error):
    def answer(letter):
        raise error

    monkeypatch.setattr(mail, "send", answer)


def tell(recipient=SAMS_MAIL, *, occurrence=0, template=Template.CONFIRMED, **more):
    with transaction() as tx:
        services.notify(
            tx,
            system_actor(),
            event=f"appointment.{template}",
            entity="appointment/12",
            occurrence=occurrence,
            recipient=recipient,
            subject="Your dental cleaning is confirmed",
            template=template,
            params={"starts_at": NINE.isoformat(), "place": "Downtown"},
            **more,
        )


def key(recipient=SAMS_MAIL, occurrence=0, template=Template.CONFIRMED):
    return MessageKey(f"appointment.{template}", "appointment/12", occurrence, recipient.key)


def deliver(**of):
    services.send_message(system_actor(), **asdict(key(**of)))


def stored(**of):
    session().expire_all()
    return session().query(Communication).filter_by(**of).all()


def email():
    [row] = stored(channel="email")
    return row


def test_a_person_with_account_and_address_is_told_twice_and_one_job_is_promised(db, people):
    sam = Recipient(people.sam.user_id, "Sam", "sam@usc.edu.ph")

    tell(sam)

    assert sorted(row.channel for row in stored()) == ["email", "in-app"]
    [job] = db.query(OutboxJob).all()
    assert job.name == JobName.SEND_MESSAGE


def test_the_bell_may_name_the_service_but_the_mail_does_not(db, people):  # NOT-02
    tell(Recipient(people.sam.user_id, "Sam", "sam@usc.edu.ph"))

    assert stored(channel="in-app")[0].subject == "Your dental cleaning is confirmed"
    assert email().subject == "Your appointment is confirmed"


def test_the_same_message_is_written_only_once(db, people):  # NOT-01
    sam = Recipient(people.sam.user_id, "Sam", "sam@usc.edu.ph")

    tell(sam)
    tell(sam)

    assert len(stored()) == 2
    assert db.query(OutboxJob).count() == 1


def test_a_second_occurrence_is_another_message(db):
    tell(occurrence=0)
    tell(occurrence=1)

    assert len(stored()) == 2


def test_somebody_without_account_and_address_is_not_told(db):
    tell(Recipient(None, "Walk-in", ""))

    assert stored() == []


def test_the_answer_to_a_deed_at_midnight_leaves_at_once(db):  # NOT-03
    midnight = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # in Manila

    with clock.pretend(midnight):
        tell()

    [job] = db.query(OutboxJob).all()
    assert job.due_at == midnight


def test_a_booking_that_fails_tells_nobody(db):
    def book_and_fail():
        with transaction():
            tell()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        book_and_fail()

    assert stored() == []
    assert db.query(OutboxJob).count() == 0


def test_a_sent_letter_has_both_parts_the_invite_and_a_link(db, sent):  # SCH-30
    invite = CalendarPart(
        "appointment/12", 0, CalendarMethod.REQUEST, Period(NINE, NINE + timedelta(minutes=20))
    )
    tell(calendar=invite, link="/portal/appointments/12/")

    deliver()

    [letter] = sent
    assert "Tuesday, 24 November 2026, 9:00 AM" in letter.text
    assert "http://localhost/portal/appointments/12/" in letter.text
    assert "http://localhost/portal/appointments/12/" in letter.html
    [calendar] = letter.attachments
    assert calendar.content_type == "text/calendar; method=REQUEST; charset=UTF-8"
    assert b"UID:appointment-12@usc.edu.ph" in calendar.content
    assert email().status == "sent"
    assert email().sent_at is not None


@pytest.mark.parametrize("template", list(Template))
def test_no_mail_names_a_service_or_a_diagnosis(db, sent, template):  # NOT-02
    tell(template=template)

    deliver(template=template)

    [letter] = sent
    for text in (letter.subject, letter.text, letter.html):
        assert text.strip()
        assert "dental" not in text.lower()


def test_a_name_is_text_and_never_markup(db, sent):
    person = Recipient(None, "<img src=x onerror=alert(1)>", "sam@usc.edu.ph")
    tell(person)

    deliver(recipient=person)

    assert "<img" not in sent[0].html
    assert "<img" in sent[0].text


def test_delivering_twice_sends_once(db, sent):  # NOT-01
    tell()

    deliver()
    deliver()

    assert len(sent) == 1


def test_every_try_has_the_same_message_id(db, sent, monkeypatch):
    tell()
    taken = mail.send
    mail_server_answers(monkeypatch, MailUnavailable("gone"))
    with pytest.raises(RetryLater):
        deliver()
    monkeypatch.setattr(mail, "send", taken)

    deliver()

    assert sent[0].message_id == f"{key().digest()}@usc.edu.ph"


def test_nothing_is_sent_for_a_message_that_is_not_there(db, sent):
    deliver()

    assert sent == []


def test_while_the_server_is_away_the_tries_are_spaced_and_counted(db, monkeypatch):  # NOT-04
    mail_server_answers(monkeypatch, MailUnavailable("connection refused"))
    tell()
    waits = []

    for _ in range(4):
        with pytest.raises(RetryLater) as delay:
            deliver()
        waits.append(delay.value.wait)

    assert waits == [timedelta(minutes=m) for m in (1, 5, 25, 125)]
    assert (email().status, email().attempts) == ("failed", 4)
    assert email().error == "connection refused"


def test_the_fifth_failure_gives_up_and_leaves_it_to_a_person(db, people, monkeypatch):  # NOT-04
    mail_server_answers(monkeypatch, MailUnavailable("connection refused"))
    tell()

    for _ in range(4):
        with pytest.raises(RetryLater):
            deliver()
    deliver()

    assert (email().status, email().attempts) == ("dead", 5)
    assert queries.dead_mail_count() == 1  # which is an alert: tests/worker/test_told_once.py
    assert queries.unread_count(people.rosa.user_id) == 0


def test_a_refused_address_is_given_up_at_once(db, monkeypatch):  # NOT-04
    mail_server_answers(monkeypatch, MailRefused("550 No such user"))
    tell()

    deliver()

    assert (email().status, email().attempts) == ("dead", 1)
    assert email().error == "550 No such user"


def test_a_dead_letter_can_be_sent_again_and_the_deed_is_recorded(db, people, monkeypatch):
    from app.security.models import AuditEvent

    mail_server_answers(monkeypatch, MailRefused("550 No such user"))
    tell()
    deliver()

    services.resend_message(people.rosa.actor, communication_id=CommunicationId(email().id))

    letters: list = []
    monkeypatch.setattr(mail, "send", letters.append)
    deliver()
    assert len(letters) == 1
    assert email().status == "sent"
    assert db.query(AuditEvent).filter_by(action="notifications:communication:resend").count() == 1


def test_a_message_that_arrived_is_neither_sent_again_nor_taken_back(db, people, sent):
    tell()
    deliver()
    sent_id = CommunicationId(email().id)

    with pytest.raises(NothingToResend):
        services.resend_message(people.rosa.actor, communication_id=sent_id)
    with pytest.raises(NothingToResend):
        services.cancel_message(people.rosa.actor, communication_id=sent_id)


def test_a_message_that_was_taken_back_does_not_leave(db, people, sent):
    tell()
    services.cancel_message(people.rosa.actor, communication_id=CommunicationId(email().id))

    deliver()

    assert sent == []
    assert email().status == "cancelled"


def test_an_unknown_message_cannot_be_sent_again(db, people):
    with pytest.raises(UnknownMessage):
        services.resend_message(people.rosa.actor, communication_id=CommunicationId(10**9))


def test_a_nurse_may_not_send_again(db, people, monkeypatch):
    mail_server_answers(monkeypatch, MailRefused("550"))
    tell()
    deliver()

    with pytest.raises(Forbidden):
        services.resend_message(people.neil.actor, communication_id=CommunicationId(email().id))


def test_an_admin_who_left_is_not_alarmed(db, people, monkeypatch):
    from app.security.models import ClinicUser

    db.query(ClinicUser).filter_by(id=people.ada.user_id).update({"active": False})
    db.commit()

    assert people.ada.user_id not in queries.users_to_alarm()


def test_the_count_stops_where_the_bell_says_99_plus(db, people):
    with transaction() as tx:
        for number in range(105):
            services.notify(
                tx,
                system_actor(),
                event="x",
                entity="appointment/12",
                occurrence=number,
                recipient=Recipient(people.sam.user_id, "Sam", ""),
                subject="x",
                template=Template.CONFIRMED,
                params={},
            )

    assert queries.unread_count(people.sam.user_id) == 100


def test_an_unread_message_stops_counting_when_it_expires(db, people):
    sam = Recipient(people.sam.user_id, "Sam", "")
    tell(sam, expires_at=clock.now() + timedelta(hours=1))

    before = queries.unread_count(people.sam.user_id)
    with clock.pretend(clock.now() + timedelta(hours=2)):
        after = queries.unread_count(people.sam.user_id)

    assert (before, after) == (1, 0)


def test_marking_everything_read_leaves_others_alone(db, people):
    tell(Recipient(people.sam.user_id, "Sam", ""))
    tell(Recipient(people.eve.user_id, "Eve", ""))

    count = services.mark_all_read(people.sam.actor)

    assert count == 1
    assert queries.unread_count(people.sam.user_id) == 0
    assert queries.unread_count(people.eve.user_id) == 1


def test_a_message_leads_only_its_own_reader_somewhere(db, people):
    tell(Recipient(people.sam.user_id, "Sam", ""), link="/portal/appointments/12/")
    [message] = queries.inbox(people.sam.user_id).messages

    assert queries.link_of(people.sam.user_id, message.id) == "/portal/appointments/12/"
    assert queries.link_of(people.eve.user_id, message.id) == ""


def test_a_message_that_a_newer_one_has_overtaken_is_taken_back(db, monkeypatch):
    mail_server_answers(monkeypatch, MailUnavailable("away"))
    tell(template=Template.CONFIRMED)
    with pytest.raises(RetryLater):
        deliver(template=Template.CONFIRMED)
    letters: list = []
    monkeypatch.setattr(mail, "send", letters.append)
    tell(template=Template.CANCELLED)

    deliver(template=Template.CANCELLED)
    deliver(template=Template.CONFIRMED)

    assert [letter.subject for letter in letters] == ["Your appointment is cancelled"]
    assert [row.status for row in stored(event="appointment.confirmed")] == ["cancelled"]


def test_an_older_message_does_not_hold_back_a_newer_one(db, sent):
    tell(template=Template.CONFIRMED)
    tell(template=Template.CANCELLED)

    deliver(template=Template.CONFIRMED)
    deliver(template=Template.CANCELLED)

    assert len(sent) == 2
