"""Jobs as rows: written in the business transaction, moved to RQ after the commit (NOT-01).

The table is the truth and Redis only carries the work, so nothing is lost when Redis is down.
Retry, back-off and dead letters live here too (docs/adr/0005).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text, UniqueConstraint, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import BigKey, Instant
from app.infra.db import Base, Transaction, session, transaction
from app.kernel import clock

LEASE = timedelta(seconds=60)
BATCH = 100
ERROR_LENGTH = 500


class JobName(StrEnum):
    """Every job by its name. tests/worker proves that each one resolves to a function."""

    SEND_MESSAGE = "notifications.send_message"
    IMPORT_PATIENTS = "patients.import_patients"
    IMPORT_HOLIDAYS = "scheduling.import_holidays"
    FLAG_AFFECTED = "scheduling.flag_affected_appointments"
    PURGE_IDEMPOTENCY = "upkeep.purge_idempotency_keys"
    PURGE_OUTBOX = "upkeep.purge_finished_jobs"


class JobStatus(StrEnum):
    """Where a job stands. A dead one waits for a person."""

    WAITING = "waiting"
    LEASED = "leased"
    DONE = "done"
    DEAD = "dead"


class OutboxJob(Base):
    """One job to run, at least once."""

    __tablename__ = "infra_outbox_job"
    __table_args__ = (
        UniqueConstraint("dedupe_key"),
        CheckConstraint("status IN ('waiting','leased','done','dead')", name="status"),
        Index("ix_infra_outbox_job_due", "due_at", postgresql_where=text("status <> 'done'")),
    )

    id: Mapped[BigKey]
    name: Mapped[str] = mapped_column(String(80))
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    dedupe_key: Mapped[str | None] = mapped_column(String(120))
    status: Mapped[str] = mapped_column(String(10), server_default=JobStatus.WAITING)
    attempts: Mapped[int] = mapped_column(server_default="0")
    created_at: Mapped[Instant]
    due_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
    error: Mapped[str] = mapped_column(Text, server_default="")


# A job without a dedupe key never conflicts: NULLs are all different to a UNIQUE constraint.
INSERT_JOB = insert(OutboxJob).on_conflict_do_nothing(index_elements=["dedupe_key"])


@dataclass(frozen=True, slots=True)
class LeasedJob:
    """A job that a relay may hand to the queue for the length of its lease."""

    id: int
    name: str
    attempts: int


def enqueue(
    tx: Transaction,
    job: JobName,
    *,
    due_at: datetime | None = None,
    dedupe_key: str | None = None,
    **payload: Any,
) -> None:
    """Promise a job with this transaction. The same `dedupe_key` is promised only once."""
    now = clock.now()
    tx.later(
        INSERT_JOB,
        {
            "name": job.value,
            "payload": payload,
            "dedupe_key": dedupe_key,
            "created_at": now,
            "due_at": due_at or now,
        },
    )


def lease_due_jobs(limit: int = BATCH) -> list[LeasedJob]:
    """Take due jobs for a minute. A lost queue or worker only lets the lease run out."""
    now = clock.now()
    due = (
        select(OutboxJob.id)
        .where(OutboxJob.status.in_([JobStatus.WAITING, JobStatus.LEASED]), OutboxJob.due_at <= now)
        .order_by(OutboxJob.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    with transaction() as tx:
        rows = tx.execute(
            update(OutboxJob)
            .where(OutboxJob.id.in_(due.scalar_subquery()))
            .values(status=JobStatus.LEASED, due_at=now + LEASE)
            .returning(OutboxJob.id, OutboxJob.name, OutboxJob.attempts)
        ).all()
    return [LeasedJob(row.id, row.name, row.attempts) for row in rows]


def return_jobs(jobs: list[LeasedJob]) -> None:
    """Give leases back because the queue did not take the jobs."""
    with transaction() as tx:
        tx.execute(
            update(OutboxJob)
            .where(OutboxJob.id.in_([job.id for job in jobs]), OutboxJob.status == JobStatus.LEASED)
            .values(status=JobStatus.WAITING, due_at=clock.now())
        )


def job_for_run(tx: Transaction, job_id: int) -> OutboxJob | None:
    """The job, locked; None when it is finished already, so that a second delivery is harmless."""
    row: OutboxJob | None = tx.execute(
        select(OutboxJob)
        .where(OutboxJob.id == job_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None or row.status in (JobStatus.DONE, JobStatus.DEAD):
        return None
    return row


def finish_job(tx: Transaction, job: OutboxJob) -> None:
    """The work is done and stored with this transaction."""
    job.status, job.finished_at, job.error = JobStatus.DONE, clock.now(), ""


def postpone_job(job_id: int, *, error: str, due_at: datetime | None) -> None:
    """Count a failed run; without `due_at` the job is dead and waits for a person (NOT-04)."""
    now = clock.now()
    with transaction() as tx:
        job = job_for_run(tx, job_id)
        if job is None:
            return
        job.attempts += 1
        job.error = error[:ERROR_LENGTH]
        job.status = JobStatus.WAITING if due_at else JobStatus.DEAD
        job.due_at = due_at or now
        job.finished_at = None if due_at else now


def waiting_jobs() -> int:
    """How many jobs wait, for the health page; counted up to 1,000."""
    waiting = (
        select(OutboxJob.id)
        .where(OutboxJob.status.in_([JobStatus.WAITING, JobStatus.LEASED]))
        .limit(1000)
    )
    return len(session().execute(waiting).all())
