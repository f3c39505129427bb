"""Jobs of proofs."""

from datetime import timedelta

from app.integrity import services
from app.kernel.actor import Actor
from worker.runtime import JobName, Transactions, job

PATIENCE = timedelta(minutes=30)


@job(JobName.PROVE, queue="heavy", timeout=PATIENCE, transactions=Transactions.OWN)
def prove(actor: Actor, *, run_id: int) -> None:
    """The proof that somebody asked for."""
    services.resume_proof(actor, run_id=run_id)


@job(JobName.PROVE_NIGHTLY, queue="heavy", timeout=PATIENCE, transactions=Transactions.OWN)
def prove_nightly(actor: Actor) -> None:
    """Looks every hour; once a night the proof is due."""
    services.prove_nightly(actor)


@job(JobName.SEAL_AUDIT, transactions=Transactions.OWN)
def seal_audit(actor: Actor) -> None:
    """Add the newest lines of the audit trail to its chain (AUD-02)."""
    services.seal_trail(actor)
