"""Jobs of retention."""

from datetime import timedelta

from app.kernel.actor import Actor
from app.retention import services
from worker.runtime import JobName, Transactions, job

PATIENCE = timedelta(hours=1)


@job(JobName.DRAW_UP_DISPOSAL, queue="heavy", timeout=PATIENCE, transactions=Transactions.OWN)
def draw_up(actor: Actor, *, disposal_id: int) -> None:
    """Put everybody who is due on the list that somebody asked for."""
    services.draw_up(actor, disposal_id=disposal_id)


@job(JobName.CARRY_OUT_DISPOSAL, queue="heavy", timeout=PATIENCE, transactions=Transactions.OWN)
def carry_out(actor: Actor, *, disposal_id: int) -> None:
    """Dispose of the people of an approved list; goes on where a killed worker stopped."""
    services.carry_out(actor, disposal_id=disposal_id)
