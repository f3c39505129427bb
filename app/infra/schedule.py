"""When each periodic job is due next: rows that several relays can share (JOB-01)."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import String, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import Instant
from app.infra.db import Base, transaction
from app.infra.outbox import JobName, enqueue
from app.kernel import clock
from app.kernel.daily import DailyAt

NO_TIMES: Mapping[JobName, DailyAt] = {}


class PeriodicJob(Base):
    """The next time of one periodic job."""

    __tablename__ = "infra_schedule"

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    next_due_at: Mapped[Instant]


def enter_jobs(
    every: Mapping[JobName, timedelta], daily: Mapping[JobName, DailyAt] = NO_TIMES
) -> None:
    """Make a row for each job that has none; a new job is due at once, or at its time of day.

    A time of day that was set to an earlier one counts from today on.
    """
    now = clock.now()
    due = {name: daily[name].after(now) if name in daily else now for name in every}
    with transaction() as tx:
        tx.execute(
            insert(PeriodicJob).on_conflict_do_nothing(),
            [{"name": name.value, "next_due_at": at} for name, at in due.items()],
        )
        for name in daily.keys() & every.keys():
            tx.execute(
                update(PeriodicJob)
                .where(PeriodicJob.name == name.value, PeriodicJob.next_due_at > due[name])
                .values(next_due_at=due[name])
                .execution_options(synchronize_session=False)
            )


def enqueue_due_jobs(
    every: Mapping[JobName, timedelta], daily: Mapping[JobName, DailyAt] = NO_TIMES
) -> int:
    """Promise each due job once and set its next time. Returns how many.

    A row that another relay holds is skipped. After a downtime a job runs once, not once for
    every time that was missed: the next time counts from now.
    """
    now = clock.now()
    with transaction() as tx:
        due = tx.execute(
            select(PeriodicJob)
            .where(
                PeriodicJob.next_due_at <= now, PeriodicJob.name.in_([name.value for name in every])
            )
            .with_for_update(skip_locked=True)
        ).scalars()
        count = 0
        for row in due:
            name = JobName(row.name)
            enqueue(tx, name, dedupe_key=f"{name}@{row.next_due_at.isoformat()}")
            row.next_due_at = daily[name].after(now) if name in daily else now + every[name]
            count += 1
    return count
