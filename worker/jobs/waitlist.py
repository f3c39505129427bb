"""Jobs of the waiting list."""

from datetime import datetime

from app.kernel.actor import Actor
from app.scheduling import services
from worker.runtime import JobName, Transactions, job


@job(JobName.OFFER_FREED_TIMES, transactions=Transactions.OWN)
def offer_freed_times(
    actor: Actor,
    *,
    practitioner_id: int,
    starts_at: str,
    ends_at: str,
    released_by: int | None,
) -> None:
    """Offer a freed time to those who wait; nobody is asked twice for the same time (SCH-31)."""
    services.offer_freed_time(
        actor,
        practitioner_id=practitioner_id,
        starts_at=datetime.fromisoformat(starts_at),
        ends_at=datetime.fromisoformat(ends_at),
        released_by=released_by,
    )


@job(JobName.OFFER_FREED_SEATS, transactions=Transactions.OWN)
def offer_freed_seats(actor: Actor, *, session_id: int) -> None:
    """Offer the free seats of a session to those who wait; nobody is asked twice (SCH-31)."""
    services.offer_freed_seats(actor, session_id=session_id)


@job(JobName.SETTLE_HOLDS, transactions=Transactions.OWN)
def settle_holds(actor: Actor) -> None:
    """End offers and entries whose time is over; running it again is harmless."""
    services.settle_waitlist(actor)
