"""Use cases of messages: write them with the deed, deliver them, note that they were read."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from app.infra import mail, outbox
from app.infra.db import Transaction, transaction
from app.infra.mail import Attachment, Letter, MailRefused, MailUnavailable
from app.infra.outbox import JobName, RetryLater
from app.infra.runtime import settings
from app.infra.templates import render
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import CommunicationId, UserId
from app.notifications import queries
from app.notifications.errors import NothingToResend, NothingToRunAgain, UnknownMessage
from app.notifications.models import Channel, Communication, Status
from app.notifications.permissions import Permission
from app.notifications.rules import CalendarPart, MessageKey, Template, next_wait, texts
from app.notifications.rules.calendar import Attendee, Organizer, calendar_text
from app.security.services import record_event

ERROR_LENGTH = 500
DEAD_LETTERS = "/dead-letters/list/"
DEAD_JOBS = "/jobs/list/"


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom. Without an account there is no bell, without an address no e-mail."""

    user_id: UserId | None
    name: str
    email: str

    @property
    def key(self) -> str:
        """The person in the uniqueness of messages (NOT-01)."""
        if self.user_id is not None:
            return f"user/{self.user_id}"
        return f"mail/{self.email.lower()}"


# Made once, so that compiling them costs once: bookings send it hundreds of times a second.
_WRITE = insert(Communication).on_conflict_do_nothing(
    constraint="uq_notifications_communication_once"
)


def notify(
    tx: Transaction,
    actor: Actor,
    *,
    event: str,
    entity: str,
    occurrence: int,
    recipient: Recipient,
    subject: str,
    template: Template,
    params: Mapping[str, Any],
    calendar: CalendarPart | None = None,
    link: str = "",
    expires_at: datetime | None = None,
) -> None:
    """Tell one person of one event: in the bell now, by e-mail after the commit (NOT-01).

    `subject` is what the bell shows; an e-mail has the neutral subject of its template (NOT-02).
    `params` are JSON values; known to the texts: starts_at, ends_at (ISO 8601 instants), place,
    note (bell only). A message that was written before is left alone.
    """
    key = MessageKey(event, entity, occurrence, recipient.key)
    shared = {
        **asdict(key),
        "recipient_user_id": recipient.user_id,
        "recipient_name": recipient.name[:160],
        "recipient_address": recipient.email,
        "sender_user_id": actor.user_id,
        "template": template.value,
        "params": dict(params),
        "link": link,
        "created_at": (now := clock.now()),
        "expires_at": expires_at,
    }
    if recipient.user_id is not None:
        tx.later(_WRITE, shared | _bell_row(subject, now))
    if recipient.email:
        tx.later(_WRITE, shared | _mail_row(template, calendar))
        # The job names the message by its key: its id is not known before the transaction ends.
        outbox.enqueue(tx, JobName.SEND_MESSAGE, dedupe_key=key.digest(), **asdict(key))


def _bell_row(subject: str, now: datetime) -> dict[str, Any]:
    return {
        "channel": Channel.IN_APP.value,
        "subject": subject[:200],
        "calendar": None,
        "status": Status.SENT.value,
        "sent_at": now,
    }


def _mail_row(template: Template, calendar: CalendarPart | None) -> dict[str, Any]:
    return {
        "channel": Channel.EMAIL.value,
        "subject": texts.mail_subject(template),
        "calendar": calendar.facts() if calendar else None,
        "status": Status.QUEUED.value,
        "sent_at": None,
    }


# -- delivering


def send_message(actor: Actor, *, key: MessageKey) -> None:
    """Send one e-mail. Safe to run twice: what was sent, given up or taken back is left alone.

    It is "sent" only after the mail server took it. A refused address is given up at once; while
    the server is away RetryLater spaces the tries, and the fifth failure gives up (NOT-04). In
    both cases the admins are alarmed. Between the server's yes and our note of it a crash can
    send it once more, with the same Message-ID.
    """
    message = _begin(key)
    if message is None:
        return
    try:
        mail.send(_letter(message))
    except MailRefused as error:
        _give_up(actor, message.id, str(error))
    except MailUnavailable as error:
        wait = next_wait(message.attempts)
        if wait is None:
            _give_up(actor, message.id, str(error))
        else:
            _note(message.id, status=Status.FAILED, error=str(error))
            raise RetryLater(str(error), wait) from error
    else:
        _note(message.id, status=Status.SENT)


@dataclass(frozen=True, slots=True)
class _Outgoing:
    """An e-mail that is being sent; nothing of the database is held while the server answers."""

    id: int
    attempts: int
    key: MessageKey
    name: str
    address: str
    template: Template
    params: Mapping[str, Any]
    calendar: CalendarPart | None
    link: str
    created_at: datetime


def _begin(key: MessageKey) -> _Outgoing | None:
    """Count the try before it is made. None when there is nothing to send."""
    with transaction() as tx:
        row: Communication | None = tx.execute(
            select(Communication)
            .filter_by(**asdict(key), channel=Channel.EMAIL.value)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).scalar_one_or_none()
        if row is None or row.status not in (Status.QUEUED, Status.FAILED):
            return None
        row.attempts += 1
        return _Outgoing(
            id=row.id,
            attempts=row.attempts,
            key=key,
            name=row.recipient_name,
            address=row.recipient_address,
            template=Template(row.template),
            params=row.params,
            calendar=CalendarPart.of_facts(row.calendar) if row.calendar else None,
            link=row.link,
            created_at=row.created_at,
        )


def _letter(message: _Outgoing) -> Letter:
    config = settings()
    facts = {
        "name": message.name,
        "when": texts.when(message.params, config.time_zone),
        "place": message.params.get("place", ""),
        "link": config.public_url + message.link if message.link.startswith("/") else "",
        "subject": texts.mail_subject(message.template),
    }
    return Letter(
        to=message.address,
        subject=texts.mail_subject(message.template),
        text=render(f"notifications/mail/{message.template}.txt", **facts),
        html=render(f"notifications/mail/{message.template}.html", **facts),
        message_id=f"{message.key.digest()}@{config.mail_domain}",
        written_at=message.created_at,
        attachments=_attachments(message),
    )


def _attachments(message: _Outgoing) -> tuple[Attachment, ...]:
    if message.calendar is None:
        return ()
    config = settings()
    text = calendar_text(
        message.calendar,
        organizer=Organizer(config.clinic_name, config.mail_sender, config.mail_domain),
        attendee=Attendee(message.name, message.address),
        stamped_at=message.created_at,
    )
    kind = f"text/calendar; method={message.calendar.method}; charset=UTF-8"
    return (Attachment("appointment.ics", kind, text),)


def _note(communication_id: int, *, status: Status, error: str = "") -> None:
    with transaction() as tx:
        _set_status(tx, communication_id, status, error)


def _set_status(tx: Transaction, communication_id: int, status: Status, error: str) -> None:
    tx.execute(
        update(Communication)
        .where(Communication.id == communication_id)
        .values(
            status=status.value,
            error=error[:ERROR_LENGTH],
            sent_at=clock.now() if status is Status.SENT else None,
        )
    )


def _give_up(actor: Actor, communication_id: int, error: str) -> None:
    with transaction() as tx:
        _set_status(tx, communication_id, Status.DEAD, error)
        raise_alarm(
            tx,
            actor,
            event="message.dead",
            subject="Some messages could not be delivered",
            link=DEAD_LETTERS,
        )


def raise_alarm(tx: Transaction, actor: Actor, *, event: str, subject: str, link: str) -> None:
    """Tell every admin in the bell (NOT-04); at most once an hour for one kind of event."""
    hour = int(clock.now().timestamp()) // 3600
    for user_id in queries.users_to_alarm():
        notify(
            tx,
            actor,
            event=event,
            entity="alarm",
            occurrence=hour,
            recipient=Recipient(user_id, "Admin", email=""),
            subject=subject,
            template=Template.ALARM,
            params={},
            link=link,
        )


def alarm_of_dead_job(actor: Actor) -> None:
    """Tell the admins that a job was given up."""
    with transaction() as tx:
        raise_alarm(
            tx,
            actor,
            event="job.dead",
            subject="A background job was given up",
            link=DEAD_JOBS,
        )


# -- what staff do about messages that did not arrive


def resend_message(actor: Actor, *, communication_id: CommunicationId) -> None:
    """Try a dead e-mail again, from its first attempt. Raises UnknownMessage, NothingToResend."""
    actor.require(Permission.COMMUNICATION_RESEND)
    with transaction() as tx:
        row = _email_for_update(tx, communication_id)
        if row.status not in (Status.DEAD, Status.CANCELLED):
            raise NothingToResend()
        row.status, row.attempts, row.error = Status.QUEUED, 0, ""
        key = MessageKey(row.event, row.entity, row.occurrence, row.recipient)
        outbox.enqueue(tx, JobName.SEND_MESSAGE, **asdict(key))
        _record(tx, actor, "notifications:communication:resend", row.id)


def cancel_message(actor: Actor, *, communication_id: CommunicationId) -> None:
    """Do not send an e-mail that has not left yet. Raises UnknownMessage, NothingToResend."""
    actor.require(Permission.COMMUNICATION_RESEND)
    with transaction() as tx:
        row = _email_for_update(tx, communication_id)
        if row.status == Status.SENT:
            raise NothingToResend()
        row.status = Status.CANCELLED
        _record(tx, actor, "notifications:communication:cancel", row.id)


def _email_for_update(tx: Transaction, communication_id: CommunicationId) -> Communication:
    row: Communication | None = tx.execute(
        select(Communication)
        .where(Communication.id == communication_id, Communication.channel == Channel.EMAIL)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise UnknownMessage()
    return row


def run_job_again(actor: Actor, *, job_id: int) -> None:
    """Let a dead job run again. Raises NothingToRunAgain when it is not dead."""
    actor.require(Permission.JOB_RUN)
    with transaction() as tx:
        if not outbox.revive_job(tx, job_id):
            raise NothingToRunAgain()
        record_event(
            tx, actor, "notifications:outbox-job:run", object_type="OutboxJob", object_id=job_id
        )


def _record(tx: Transaction, actor: Actor, action: str, communication_id: int) -> None:
    record_event(tx, actor, action, object_type="Communication", object_id=communication_id)


# -- what was written for a time that is over


def settle_messages(
    actor: Actor, *, user_ids: Sequence[UserId], unsent_before: datetime, unread_before: datetime
) -> int:
    """Take back these people's e-mails that have not left, and count older bells as read.

    For deeds that are entered after they happened, such as the sample clinic's history: nobody
    is to get mail about them. Returns how many e-mails were taken back.
    """
    actor.require(Permission.COMMUNICATION_RESEND)
    theirs = Communication.recipient_user_id.in_(user_ids)
    with transaction() as tx:
        unsent = tx.execute(
            update(Communication)
            .where(
                theirs,
                Communication.channel == Channel.EMAIL,
                Communication.status == Status.QUEUED,
                Communication.created_at < unsent_before,
            )
            .values(status=Status.CANCELLED.value, error="entered after the fact, not sent")
            .returning(
                Communication.event,
                Communication.entity,
                Communication.occurrence,
                Communication.recipient,
            )
            .execution_options(synchronize_session=False)
        ).all()
        outbox.settle_jobs(tx, [MessageKey(*row).digest() for row in unsent])
        tx.execute(
            update(Communication)
            .where(
                theirs,
                Communication.channel == Channel.IN_APP,
                Communication.read_at.is_(None),
                Communication.created_at < unread_before,
            )
            .values(read_at=Communication.created_at)
            .execution_options(synchronize_session=False)
        )
        record_event(
            tx,
            actor,
            "notifications:communication:settle",
            object_type="Communication",
            object_id="*",
            details={"unsent": len(unsent)},
        )
    return len(unsent)


# -- the bell


def mark_read(actor: Actor, *, communication_id: CommunicationId) -> None:
    """Note that the actor read a message; again is fine (NOT-05). Raises UnknownMessage."""
    actor.require(Permission.INBOX_READ)
    mine = (
        Communication.id == communication_id,
        Communication.recipient_user_id == actor.user_id,
        Communication.channel == Channel.IN_APP,
    )
    with transaction() as tx:
        if tx.execute(select(Communication.id).where(*mine)).scalar() is None:
            raise UnknownMessage()
        tx.execute(
            update(Communication)
            .where(*mine, Communication.read_at.is_(None))
            .values(read_at=clock.now())
        )


def mark_all_read(actor: Actor) -> int:
    """Note that the actor read everything; returns how many were unread (NOT-05)."""
    actor.require(Permission.INBOX_READ)
    with transaction() as tx:
        result = tx.execute(
            update(Communication)
            .where(
                Communication.recipient_user_id == actor.user_id,
                Communication.channel == Channel.IN_APP,
                Communication.read_at.is_(None),
            )
            .values(read_at=clock.now())
        )
    return int(result.rowcount)
