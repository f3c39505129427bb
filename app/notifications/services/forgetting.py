"""Messages to and about people whose records are no longer kept (RET-02)."""

from collections.abc import Collection

from sqlalchemy import delete, or_

from app.infra import outbox
from app.infra.db import Transaction
from app.infra.outbox import JobName
from app.kernel.ids import UserId
from app.notifications.models import Communication
from app.notifications.rules import MessageKey


def forget_messages(
    tx: Transaction,
    *,
    user_ids: Collection[UserId],
    addresses: Collection[str],
    entities: Collection[str],
) -> dict[str, int]:
    """Remove every message to these accounts and addresses, and all about these things.

    `entities` are the names under which other domains wrote about the person's visits, such as
    "visit/7"; they went to staff too. What waits to be sent is not sent any more.
    """
    recipients = [f"user/{user_id}" for user_id in user_ids]
    recipients += [f"mail/{address.lower()}" for address in addresses]
    theirs = or_(
        Communication.recipient_user_id.in_(user_ids),
        Communication.recipient_address.in_(addresses),
        Communication.recipient.in_(recipients),
        Communication.entity.in_(entities),
    )
    gone = tx.execute(
        delete(Communication)
        .where(theirs)
        .returning(
            Communication.event,
            Communication.entity,
            Communication.occurrence,
            Communication.recipient,
        )
        .execution_options(synchronize_session=False)
    ).all()
    jobs = outbox.forget_jobs(
        tx,
        JobName.SEND_MESSAGE,
        dedupe_keys=[MessageKey(*row).digest() for row in gone],
        recipients=recipients,
    )
    return {"messages": len(gone), "jobs of messages": jobs}
