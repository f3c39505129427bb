"""Jobs of accounts."""

from app.kernel.actor import Actor
from app.security import services
from worker.runtime import JobName, Transactions, job


@job(JobName.PURGE_ATTEMPTS)
def purge_sign_in_attempts(actor: Actor) -> None:
    """Forget old sign-in attempts."""
    services.purge_attempts()


@job(JobName.SEAL_AUDIT, transactions=Transactions.OWN)
def seal_audit(actor: Actor) -> None:
    """Add the newest lines of the audit trail to its chain (AUD-02)."""
    services.seal_events()
