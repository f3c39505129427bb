"""Jobs of appointments."""

from app.kernel.actor import Actor
from app.scheduling import services
from worker.runtime import JobName, job


@job(JobName.IMPORT_HOLIDAYS)
def import_holidays(actor: Actor) -> None:
    """Know the public holidays of this year and the next; known ones stay as they are."""
    services.import_coming_holidays(actor)
