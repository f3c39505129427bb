"""The waiting list for tests: joining it, and what the worker would do with freed times."""

from datetime import date
from typing import Any

from sqlalchemy import select

from app.infra.outbox import JobName, OutboxJob
from app.scheduling import services
from app.scheduling.models import Hold
from app.scheduling.queries.waitlist import EntryView
from app.scheduling.services import WaitingWish
from tests.factories.scheduling import SYSTEM
from tests.people import Person
from worker.jobs import waitlist as jobs

TUESDAY = date(2026, 11, 24)
WISH: dict[str, Any] = {"type": "consultation", "first_day": TUESDAY, "last_day": TUESDAY}


def join(person: Person, **more: Any) -> EntryView:
    """Somebody waits for a consultation on Tuesday."""
    return services.join_waitlist(person.actor, wish=WaitingWish(**WISH | more))


def put_on_list(number: str, **more: Any) -> EntryView:
    """Somebody of a crowd, put on the list by the clinic."""
    return services.join_waitlist(SYSTEM, wish=WaitingWish(patient=number, **WISH | more))


def promised(db: Any) -> list[OutboxJob]:
    """Every promise to offer a time."""
    statement = select(OutboxJob).where(OutboxJob.name == JobName.OFFER_FREED_TIMES)
    return list(db.scalars(statement.order_by(OutboxJob.id)))


def run_jobs(db: Any) -> None:
    """What the worker would do now with every promise that waits."""
    for job in promised(db):
        if job.status == "waiting":
            jobs.offer_freed_times(SYSTEM, **job.payload)
            job.status = "done"
            db.flush()


def promised_seats(db: Any) -> list[OutboxJob]:
    """Every promise to offer seats."""
    statement = select(OutboxJob).where(OutboxJob.name == JobName.OFFER_FREED_SEATS)
    return list(db.scalars(statement.order_by(OutboxJob.id)))


def run_seat_jobs(db: Any) -> None:
    """The same for seats of group sessions."""
    for job in promised_seats(db):
        if job.status == "waiting":
            jobs.offer_freed_seats(SYSTEM, **job.payload)
            job.status = "done"
            db.flush()


def open_offers(db: Any) -> list[Hold]:
    """The offers that nobody has answered."""
    return list(db.scalars(select(Hold).where(Hold.status == "open").order_by(Hold.id)))
