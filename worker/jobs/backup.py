"""Jobs of backups."""

from datetime import timedelta

from app.backup import services
from app.kernel.actor import Actor
from worker.runtime import JobName, Transactions, job

PATIENCE = timedelta(hours=3)


@job(JobName.BACK_UP, queue="heavy", timeout=PATIENCE, transactions=Transactions.OWN)
def back_up(actor: Actor, *, run_id: int) -> None:
    """The backup that somebody asked for."""
    services.resume_backup(actor, run_id=run_id)


@job(JobName.BACK_UP_DAILY, queue="heavy", timeout=PATIENCE, transactions=Transactions.OWN)
def back_up_daily(actor: Actor) -> None:
    """The backup of the day; one that fails comes back with growing pauses (BAK-01)."""
    services.run_daily_backup(actor)


@job(JobName.COPY_CLUSTER, queue="heavy", timeout=PATIENCE, transactions=Transactions.OWN)
def copy_cluster(actor: Actor) -> None:
    """The base copy of the night, for recovery to any moment; where it is set up (BAK-01)."""
    services.copy_cluster_nightly(actor)
