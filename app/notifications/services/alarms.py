"""Tell the admins that something was given up (NOT-04)."""

from app.infra.db import Transaction, transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.notifications import queries
from app.notifications.rules import Template
from app.notifications.services.writing import Recipient, notify

DEAD_JOBS = "/jobs/list/"


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
