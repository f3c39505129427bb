"""Jobs of messages."""

from app.kernel.actor import Actor
from app.notifications import services
from worker.runtime import JobName, Transactions, job


@job(JobName.SEND_MESSAGE, queue="mail", transactions=Transactions.OWN)
def send_message(actor: Actor, *, event: str, entity: str, occurrence: int, recipient: str) -> None:
    """Send one e-mail. What was sent already is left alone."""
    services.send_message(
        actor, event=event, entity=entity, occurrence=occurrence, recipient=recipient
    )
