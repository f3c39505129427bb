"""Jobs of appointments."""

from app.kernel.actor import Actor
from app.scheduling import services
from worker.runtime import JobName, Transactions, job


@job(JobName.CONTINUE_OUTAGE, transactions=Transactions.OWN)
def continue_outage(actor: Actor, *, outage_id: int) -> None:
    """Make the moves of "provider is out" that a crash left over; a line is settled once."""
    services.continue_outage(actor, outage_id=outage_id)


@job(JobName.IMPORT_HOLIDAYS)
def import_holidays(actor: Actor) -> None:
    """Know the public holidays of this year and the next; known ones stay as they are."""
    services.import_coming_holidays(actor)


@job(JobName.SEND_REMINDERS, transactions=Transactions.OWN)
def send_reminders(actor: Actor) -> None:
    """Remind patients of their visits; what left already does not leave again."""
    services.send_reminders(actor)


@job(JobName.SEND_SEAT_REMINDERS, transactions=Transactions.OWN)
def send_seat_reminders(actor: Actor) -> None:
    """Remind patients of their seats in group sessions; each reminder leaves once."""
    services.send_seat_reminders(actor)


@job(JobName.MARK_NO_SHOWS, transactions=Transactions.OWN)
def mark_no_shows(actor: Actor) -> None:
    """Mark visits whose patient did not come; marked ones stay as they are."""
    services.mark_no_shows(actor)


@job(JobName.SETTLE_CLAIMS, transactions=Transactions.OWN)
def settle_claims(actor: Actor) -> None:
    """Let time that is long over leave the constraints; what is settled stays so."""
    services.settle_claims(actor)
