"""Bring an e-mail to the mail server, once (NOT-01, NOT-04)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from app.infra import mail
from app.infra.db import Transaction, transaction
from app.infra.mail import Attachment, Letter, MailRefused, MailUnavailable
from app.infra.outbox import RetryLater
from app.infra.runtime import settings
from app.infra.templates import render
from app.kernel import clock
from app.kernel.actor import Actor
from app.notifications.models import Channel, Communication, Status
from app.notifications.rules import (
    CalendarPart,
    CalendarParts,
    MessageKey,
    Template,
    next_wait,
    texts,
)
from app.notifications.rules.calendar import Attendee, Organizer, calendar_of, calendar_text

ERROR_LENGTH = 500


def send_message(actor: Actor, *, event: str, entity: str, occurrence: int, recipient: str) -> None:
    """Send one e-mail. Safe to run twice: what was sent, given up or taken back is left alone.

    It is "sent" only after the mail server took it. A refused address is given up at once; while
    the server is away RetryLater spaces the tries, and the fifth failure gives up (NOT-04). In
    both cases the admins are alarmed. What a newer message has overtaken is taken back.

    Between the server's yes and our note of it a crash can send it once more, with the same
    Message-ID.
    """
    message = _begin(MessageKey(event, entity, occurrence, recipient))
    if message is None:
        return
    try:
        mail.send(_letter(message))
    except MailRefused as error:
        _give_up(message.id, str(error))
    except MailUnavailable as error:
        wait = next_wait(message.attempts)
        if wait is None:
            _give_up(message.id, str(error))
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
    calendar: CalendarPart | CalendarParts | None
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
        if _is_overtaken(tx, row):
            _set_status(tx, row.id, Status.CANCELLED, "a newer message about it was sent")
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
            calendar=calendar_of(row.calendar) if row.calendar else None,
            link=row.link,
            created_at=row.created_at,
        )


def _is_overtaken(tx: Transaction, row: Communication) -> bool:
    """Whether a later message about the same thing has left: "confirmed" after "cancelled" lies."""
    later = select(Communication.id).where(
        Communication.id > row.id,
        Communication.entity == row.entity,
        Communication.recipient == row.recipient,
        Communication.channel == Channel.EMAIL,
        Communication.status == Status.SENT,
    )
    return tx.execute(later.limit(1)).scalar() is not None


def _letter(message: _Outgoing) -> Letter:
    config = settings()
    facts = {
        "name": message.name,
        "when": texts.when(message.params, config.time_zone),
        "visits": texts.visits(message.params, config.time_zone),
        "place": message.params.get("place", ""),
        "sentence": message.params.get("sentence", ""),
        "link": config.public_url + message.link if message.link.startswith("/") else "",
        "choices": [
            (label, config.public_url + path) for label, path in message.params.get("choices", [])
        ],
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


def _give_up(communication_id: int, error: str) -> None:
    """It waits for a person; the alert of operations tells the admins (NOT-04)."""
    with transaction() as tx:
        _set_status(tx, communication_id, Status.DEAD, error)
