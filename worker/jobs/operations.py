"""Jobs of operations."""

from app.kernel.actor import Actor
from app.operations import services
from worker.runtime import JobName, Transactions, job


@job(JobName.CHECK_SYSTEM, transactions=Transactions.OWN)
def check_system(actor: Actor) -> None:
    """Look at everything that is watched; what was told already is not told again (BAK-04)."""
    services.check_system(actor)


@job(JobName.PURGE_OPERATIONS)
def purge_old(actor: Actor) -> None:
    """Forget what was over long ago."""
    services.purge_old(actor)
