"""Jobs that keep the machinery itself small."""

from app.kernel.actor import Actor
from worker import upkeep
from worker.runtime import JobName, Transactions, job


@job(JobName.PURGE_IDEMPOTENCY)
def purge_idempotency_keys(actor: Actor) -> None:
    """Forget answers that nobody asks for again."""
    upkeep.purge_idempotency_keys()


@job(JobName.PURGE_OUTBOX, transactions=Transactions.OWN)
def purge_finished_jobs(actor: Actor) -> None:
    """Forget jobs that were done long ago."""
    upkeep.purge_finished_jobs()
