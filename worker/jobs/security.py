"""Jobs of accounts."""

from app.kernel.actor import Actor
from app.security import services
from worker.runtime import JobName, job


@job(JobName.PURGE_ATTEMPTS)
def purge_sign_in_attempts(actor: Actor) -> None:
    """Forget old sign-in attempts."""
    services.purge_attempts()
