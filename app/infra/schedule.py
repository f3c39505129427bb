"""When each periodic job is due next: rows that several relays can share (JOB-01)."""

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import String, and_, or_, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import Instant
from app.infra.db import Base, transaction
from app.infra.outbox import CLOCK_SKEW, JobName, enqueue
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
    every time that was missed: the next time counts from now. A time further ahead than the next
    can be was set by a clock that ran ahead; it is set anew, or the job would not run until then.
    """
    now = clock.now()
    following = {
        name: daily[name].after(now) if name in daily else now + every[name] for name in every
    }
    too_far = [
        and_(PeriodicJob.name == name.value, PeriodicJob.next_due_at > at + CLOCK_SKEW)
        for name, at in following.items()
    ]
    with transaction() as tx:
        due = tx.execute(
            select(PeriodicJob)
            .where(
                or_(PeriodicJob.next_due_at <= now, *too_far),
                PeriodicJob.name.in_([name.value for name in every]),
            )
            .with_for_update(skip_locked=True)
        ).scalars()
        count = 0
        for row in due:
            name = JobName(row.name)
            if row.next_due_at <= now:
                enqueue(tx, name, dedupe_key=f"{name}@{row.next_due_at.isoformat()}")
                count += 1
            row.next_due_at = following[name]
    return count
