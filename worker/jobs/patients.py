"""Jobs of patients."""

from datetime import timedelta

from app.kernel.actor import Actor
from app.patients import services
from worker.runtime import JobName, Transactions, job

PATIENCE = timedelta(minutes=10)


@job(JobName.IMPORT_PATIENTS, queue="heavy", timeout=PATIENCE, transactions=Transactions.OWN)
def import_patients(actor: Actor, *, run_id: int) -> None:
    """Look through a large file, or store it. What is stored already counts as unchanged."""
    services.continue_import(actor, run_id=run_id)
