"""Jobs of the waiting room."""

from datetime import timedelta

from app.kernel.actor import Actor
from app.operations.services import paper
from app.visits import services
from worker.runtime import JobName, Transactions, job


@job(JobName.CLOSE_QUEUES, transactions=Transactions.OWN)
def close_queues(actor: Actor) -> None:
    """Whoever still waits from an earlier day has left (SCH-33)."""
    services.close_queues(actor)


@job(JobName.STORE_PAPER, timeout=timedelta(minutes=5), transactions=Transactions.OWN)
def store_paper(actor: Actor) -> None:
    """Looks often; at six and every open hour a set for an outage is due (SCH-33)."""
    paper.store_paper(actor)
