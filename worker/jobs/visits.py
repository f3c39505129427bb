"""Jobs of the waiting room."""

from app.kernel.actor import Actor
from app.visits import services
from worker.runtime import JobName, Transactions, job


@job(JobName.CLOSE_QUEUES, transactions=Transactions.OWN)
def close_queues(actor: Actor) -> None:
    """Whoever still waits from an earlier day has left (SCH-33)."""
    services.close_queues(actor)
