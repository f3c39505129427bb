"""Write a message with the deed that it tells of (NOT-01)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from app.infra import outbox
from app.infra.db import Transaction
from app.infra.outbox import JobName
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import UserId
from app.notifications.models import Channel, Communication, Status
from app.notifications.rules import CalendarPart, CalendarParts, MessageKey, Template, texts


@dataclass(frozen=True, slots=True)
class Recipient:
    """To whom. Without an account there is no bell, without an address no e-mail.

    `by_bell` is off for somebody who does not want this kind of message there (NOT-03).
    """

    user_id: UserId | None
    name: str
    email: str
    by_bell: bool = True

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
    calendar: CalendarPart | CalendarParts | None = None,
    link: str = "",
    expires_at: datetime | None = None,
) -> None:
    """Tell one person of one event: in the bell now, by e-mail after the commit (NOT-01).

    `subject` is what the bell shows; an e-mail has the neutral subject of its template (NOT-02).
    `params` are JSON values; known to the texts: starts_at, ends_at (ISO 8601 instants), place,
    note (bell only), choices (e-mail only: pairs of a label and a path), visits (of a series:
    pairs of starts_at and ends_at). A message that was written before is left alone.
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
    if recipient.user_id is not None and recipient.by_bell:
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


def _mail_row(template: Template, calendar: CalendarPart | CalendarParts | None) -> dict[str, Any]:
    return {
        "channel": Channel.EMAIL.value,
        "subject": texts.mail_subject(template),
        "calendar": calendar.facts() if calendar else None,
        "status": Status.QUEUED.value,
        "sent_at": None,
    }
