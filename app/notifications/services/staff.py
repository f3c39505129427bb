"""What staff do about messages and jobs that did not come through."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from sqlalchemy import select, tuple_, update

from app.infra import outbox
from app.infra.db import Transaction, transaction
from app.infra.outbox import JobName
from app.kernel.actor import Actor
from app.kernel.ids import CommunicationId, UserId
from app.notifications.errors import NothingToResend, NothingToRunAgain, UnknownMessage
from app.notifications.models import Channel, Communication, Status
from app.notifications.permissions import Permission
from app.notifications.rules import MessageKey
from app.security.services import record_event


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


def give_up_old_messages(tx: Transaction, *, sentence: str) -> int:
    """Make dead letters of the e-mails whose time had come, for a restored database (NOT-01).

    Nobody knows which of them left after the backup was made; a person decides about each.
    Returns how many.
    """
    keys = [
        (one["event"], one["entity"], one["occurrence"], one["recipient"])
        for one in outbox.give_up_due_jobs(tx, JobName.SEND_MESSAGE, error=sentence)
    ]
    given_up = tx.execute(
        update(Communication)
        .where(
            tuple_(
                Communication.event,
                Communication.entity,
                Communication.occurrence,
                Communication.recipient,
            ).in_(keys),
            Communication.channel == Channel.EMAIL,
            Communication.status.in_([Status.QUEUED, Status.FAILED]),
        )
        .values(status=Status.DEAD.value, error=sentence)
        .execution_options(synchronize_session=False)
    )
    return int(given_up.rowcount)
