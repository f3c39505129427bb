"""Jobs of appointments."""

from app.kernel.actor import Actor
from app.scheduling import services
from worker.runtime import JobName, job


@job(JobName.IMPORT_HOLIDAYS)
def import_holidays(actor: Actor) -> None:
    """Know this year's and the next year's public holidays; those known already stay as they are."""
    services.import_coming_holidays(actor)
