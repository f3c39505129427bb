"""Note what was read (NOT-05)."""

from sqlalchemy import select, update

from app.infra.db import transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import CommunicationId
from app.notifications.errors import UnknownMessage
from app.notifications.models import Channel, Communication
from app.notifications.permissions import Permission


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
