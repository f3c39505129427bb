"""Notes that time or a seat became free, so that the waiting list hears of it (SCH-31)."""

from datetime import datetime

from sqlalchemy import text

from app.infra.db import Transaction
from app.infra.outbox import JobName, enqueue
from app.kernel import clock
from app.kernel.ids import AppointmentId
from app.kernel.period import Period
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.rules import HOLDS_TIME

SOMEBODY_WAITS = text(
    "SELECT EXISTS (SELECT 1 FROM scheduling_waitlist_entry WHERE status IN ('waiting', 'offered'))"
)


def visit_freed(tx: Transaction, visit: AppointmentView, *, now: datetime) -> None:
    """A visit gives its time up; `visit` is as it was before."""
    if visit.status in HOLDS_TIME and visit.ends_at > now:
        time_freed(
            tx,
            practitioner_id=visit.practitioner_id,
            period=visit.period,
            released_by=visit.id,
            key=f"visit/{visit.id}/{visit.version}",
        )


def time_freed(
    tx: Transaction,
    *,
    practitioner_id: int,
    period: Period,
    released_by: AppointmentId | None,
    key: str | None,
) -> None:
    """Promise to offer the time to whoever waits for it; nothing where nobody waits.

    The same key is promised once.
    """
    if period.ends_at <= clock.now() or not tx.execute(SOMEBODY_WAITS).scalar():
        return
    enqueue(
        tx,
        JobName.OFFER_FREED_TIMES,
        dedupe_key=f"offer/{key}" if key else None,
        practitioner_id=int(practitioner_id),
        starts_at=period.starts_at.isoformat(),
        ends_at=period.ends_at.isoformat(),
        released_by=released_by,
    )


def seat_freed(tx: Transaction, *, session_id: int, starts_at: datetime, key: str) -> None:
    """Promise to offer the seat to whoever waits; the same key is promised once."""
    if starts_at <= clock.now() or not tx.execute(SOMEBODY_WAITS).scalar():
        return
    enqueue(tx, JobName.OFFER_FREED_SEATS, dedupe_key=f"offer/{key}", session_id=session_id)
