"""Tell the admins, in the bell, of what no check of operations sees."""

from app.infra.db import Transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.notifications import queries
from app.notifications.rules import Template
from app.notifications.services.writing import Recipient, notify


def raise_alarm(tx: Transaction, actor: Actor, *, event: str, subject: str, link: str) -> None:
    """Tell every admin in the bell; at most once an hour for one kind of event."""
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
