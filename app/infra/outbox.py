"""Jobs as rows: written in the business transaction, moved to RQ after the commit (NOT-01).

The table is the truth and Redis only carries the work, so nothing is lost when Redis is down.
Retry, back-off and dead letters live here too (docs/adr/0005).

A run is counted before it begins, so that a job which takes its worker down with it ends as a
dead letter instead of coming back for ever.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    and_,
    delete,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import BigKey, Instant
from app.infra.db import Base, Transaction, session, transaction
from app.kernel import clock

LEASE = timedelta(seconds=60)
# No job may take longer, and machines may disagree about the time by no more than the skew.
LONGEST_LEASE = timedelta(hours=12)
CLOCK_SKEW = timedelta(minutes=1)
BATCH = 100
ERROR_LENGTH = 500
KEPT_FOR = timedelta(days=30)
PURGE_BATCH = 5_000


class RetryLater(Exception):
    """A use case asks to be run again after `wait`; nothing is wrong with it."""

    def __init__(self, reason: str, wait: timedelta) -> None:
        super().__init__(reason)
        self.wait = wait


class JobName(StrEnum):
    """Every job by its name. tests/worker proves that each one resolves to a function."""

    SEND_MESSAGE = "notifications.send_message"
    IMPORT_PATIENTS = "patients.import_patients"
    IMPORT_HOLIDAYS = "scheduling.import_holidays"
    BACK_UP = "backup.back_up"
    BACK_UP_DAILY = "backup.back_up_daily"
    COPY_CLUSTER = "backup.copy_cluster"
    MARK_NO_SHOWS = "scheduling.mark_no_shows"
    CONTINUE_OUTAGE = "scheduling.continue_outage"
    OFFER_FREED_SEATS = "scheduling.offer_freed_seats"
    OFFER_FREED_TIMES = "scheduling.offer_freed_times"
    SEND_REMINDERS = "scheduling.send_reminders"
    SEND_SEAT_REMINDERS = "scheduling.send_seat_reminders"
    SETTLE_CLAIMS = "scheduling.settle_claims"
    SETTLE_HOLDS = "scheduling.settle_holds"
    CLOSE_QUEUES = "visits.close_queues"
    STORE_PAPER = "visits.store_paper"
    CHECK_SYSTEM = "operations.check_system"
    PURGE_OPERATIONS = "operations.purge_old"
    PURGE_ATTEMPTS = "security.purge_sign_in_attempts"
    SEAL_AUDIT = "security.seal_audit"
    PROVE = "integrity.prove"
    PROVE_NIGHTLY = "integrity.prove_nightly"
    PURGE_IDEMPOTENCY = "upkeep.purge_idempotency_keys"
    PURGE_OUTBOX = "upkeep.purge_finished_jobs"
    DRAW_UP_DISPOSAL = "retention.draw_up"
    CARRY_OUT_DISPOSAL = "retention.carry_out"
    MAKE_COPY = "privacy.make_copy"
    TIDY_PRIVACY = "privacy.tidy_up"
    WATCH_PRIVACY = "privacy.watch_clocks"


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
        Index(
            "ix_infra_outbox_job_due",
            "due_at",
            postgresql_where=text("status IN ('waiting', 'leased')"),
        ),
        Index("ix_infra_outbox_job_dead", "id", postgresql_where=text("status = 'dead'")),
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


@dataclass(frozen=True, slots=True)
class StartedJob:
    """A job whose run has been counted: `attempts` includes this one."""

    id: int
    name: str
    payload: dict[str, Any]
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


def lease_due_jobs(
    limit: int = BATCH, *, names: Collection[JobName] = tuple(JobName)
) -> list[LeasedJob]:
    """Take due jobs for a minute. A lost queue or worker only lets the lease run out."""
    now = clock.now()
    due = (
        select(OutboxJob.id)
        .where(
            OutboxJob.status.in_([JobStatus.WAITING, JobStatus.LEASED]),
            OutboxJob.due_at <= now,
            OutboxJob.name.in_([name.value for name in names]),
        )
        .order_by(OutboxJob.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")  # read once: a sub-select could be read again and take more than the limit
    )
    with transaction() as tx:
        rows = tx.execute(
            update(OutboxJob)
            .where(OutboxJob.id.in_(select(due.c.id)))
            .values(status=JobStatus.LEASED, due_at=now + LEASE)
            .returning(OutboxJob.id, OutboxJob.name, OutboxJob.attempts)
            .execution_options(synchronize_session=False)
        ).all()
    return sorted((LeasedJob(row.id, row.name, row.attempts) for row in rows), key=lambda j: j.id)


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


def start_job(
    job_id: int, *, delivery: int, lease_for: Callable[[str], timedelta]
) -> StartedJob | None:
    """Count a run before it begins and hold the job for as long as its kind may take.

    `delivery` is how often the job had been run when it was queued: a second delivery of the
    same run gets None, and so does one for a job that is finished (NOT-01).
    """
    with transaction() as tx:
        job = job_for_run(tx, job_id)
        if job is None or job.attempts != delivery:
            return None
        job.attempts += 1
        job.status, job.due_at = JobStatus.LEASED, clock.now() + lease_for(job.name)
        return StartedJob(job.id, job.name, dict(job.payload), job.attempts)


def finish_job(tx: Transaction, job: OutboxJob) -> None:
    """The work is done and stored with this transaction."""
    job.status, job.finished_at, job.error = JobStatus.DONE, clock.now(), ""


def postpone_job(job_id: int, *, error: str, due_at: datetime | None) -> None:
    """Note a failed run; without `due_at` the job is dead and waits for a person (NOT-04)."""
    now = clock.now()
    with transaction() as tx:
        job = job_for_run(tx, job_id)
        if job is None:
            return
        job.error = error[:ERROR_LENGTH]
        job.status = JobStatus.WAITING if due_at else JobStatus.DEAD
        job.due_at = due_at or now
        job.finished_at = None if due_at else now


def revive_job(tx: Transaction, job_id: int) -> bool:
    """Let a dead job run again, from its first attempt. False when it is not dead."""
    revived = tx.execute(
        update(OutboxJob)
        .where(OutboxJob.id == job_id, OutboxJob.status == JobStatus.DEAD)
        .values(status=JobStatus.WAITING, attempts=0, due_at=clock.now(), finished_at=None)
    )
    return bool(revived.rowcount)


def settle_jobs(tx: Transaction, dedupe_keys: Collection[str]) -> int:
    """Mark waiting jobs as done without running them: what they were for is over."""
    now = clock.now()
    settled = tx.execute(
        update(OutboxJob)
        .where(OutboxJob.dedupe_key.in_(dedupe_keys), OutboxJob.status == JobStatus.WAITING)
        .values(status=JobStatus.DONE, finished_at=now)
        .execution_options(synchronize_session=False)
    )
    return int(settled.rowcount)


def return_all_leases(tx: Transaction) -> int:
    """Let every leased job run again now: whoever had it is gone. Returns how many."""
    returned = tx.execute(
        update(OutboxJob)
        .where(OutboxJob.status == JobStatus.LEASED)
        .values(status=JobStatus.WAITING, due_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    return int(returned.rowcount)


def settle_clock() -> int:
    """After a clock that ran ahead was put right: what was promised meanwhile is due in time.

    Such jobs were made in what is now the future, and so ends their lease. Returns how many.
    """
    now = clock.now()
    open_jobs = OutboxJob.status.in_([JobStatus.WAITING, JobStatus.LEASED])
    with transaction() as tx:
        made_ahead = tx.execute(
            update(OutboxJob)
            .where(open_jobs, OutboxJob.created_at > now + CLOCK_SKEW)
            .values(due_at=OutboxJob.due_at - (OutboxJob.created_at - now), created_at=now)
            .execution_options(synchronize_session=False)
        )
        leased_ahead = tx.execute(
            update(OutboxJob)
            .where(OutboxJob.status == JobStatus.LEASED, OutboxJob.due_at > now + LONGEST_LEASE)
            .values(due_at=now + LEASE)
            .execution_options(synchronize_session=False)
        )
    return int(made_ahead.rowcount) + int(leased_ahead.rowcount)


def give_up_due_jobs(tx: Transaction, name: JobName, *, error: str) -> list[dict[str, Any]]:
    """Make dead letters of the jobs of this name whose time has come; returns what they carry."""
    now = clock.now()
    given_up = tx.execute(
        update(OutboxJob)
        .where(
            OutboxJob.name == name.value,
            OutboxJob.status.in_([JobStatus.WAITING, JobStatus.LEASED]),
            OutboxJob.due_at <= now,
        )
        .values(status=JobStatus.DEAD, finished_at=now, error=error[:ERROR_LENGTH])
        .returning(OutboxJob.payload)
        .execution_options(synchronize_session=False)
    )
    return [dict(payload) for payload in given_up.scalars()]


def forget_jobs(
    tx: Transaction, name: JobName, *, dedupe_keys: Collection[str], recipients: Collection[str]
) -> int:
    """Remove the jobs with these keys, and those of this name for these recipients (RET-02)."""
    theirs = and_(
        OutboxJob.name == name.value,
        OutboxJob.payload["recipient"].astext.in_(recipients),
    )
    gone = tx.execute(
        delete(OutboxJob)
        .where(or_(OutboxJob.dedupe_key.in_(dedupe_keys), theirs))
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)


def purge_finished_jobs() -> int:
    """Forget jobs that were done more than 30 days ago; dead ones stay. Returns how many."""
    old = (
        select(OutboxJob.id)
        .where(OutboxJob.status == JobStatus.DONE, OutboxJob.finished_at < clock.now() - KEPT_FOR)
        .order_by(OutboxJob.id)
        .limit(PURGE_BATCH)
    )
    total = 0
    while True:
        with transaction() as tx:
            count = tx.execute(
                delete(OutboxJob)
                .where(OutboxJob.id.in_(old.scalar_subquery()))
                .execution_options(synchronize_session=False)
            ).rowcount
        total += count
        if count < PURGE_BATCH:
            return total


@dataclass(frozen=True, slots=True)
class Backlog:
    """What the outbox holds now. `oldest_due_at` is of work whose time has come, None without."""

    waiting: int
    oldest_due_at: datetime | None
    dead: int


def backlog() -> Backlog:
    """What waits, since when, and what was given up; one statement, by the partial indexes."""
    now = clock.now()
    unfinished = OutboxJob.status.in_([JobStatus.WAITING, JobStatus.LEASED])
    dead = select(func.count()).where(OutboxJob.status == JobStatus.DEAD).scalar_subquery()
    row = session().execute(
        select(
            func.count(),
            func.min(OutboxJob.due_at).filter(OutboxJob.due_at <= now),
            dead,
        ).where(unfinished)
    )
    return Backlog(*row.one())


def dead_by_name() -> dict[str, int]:
    """How many jobs of each name were given up; read from the partial index."""
    rows = session().execute(
        select(OutboxJob.name, func.count())
        .where(OutboxJob.status == JobStatus.DEAD)
        .group_by(OutboxJob.name)
    )
    return {str(row[0]): int(row[1]) for row in rows}


@dataclass(frozen=True, slots=True)
class FailedJob:
    """A job whose last run failed. What it carries is not told."""

    id: int
    name: str
    attempts: int
    is_dead: bool
    due_at: datetime
    finished_at: datetime | None
    error: str


def failed_jobs(limit: int) -> list[FailedJob]:
    """The jobs that were given up, then those that will be tried again; the latest first."""
    is_dead = OutboxJob.status == JobStatus.DEAD
    will_retry = and_(OutboxJob.status == JobStatus.WAITING, OutboxJob.error != "")
    rows = session().execute(
        select(
            OutboxJob.id,
            OutboxJob.name,
            OutboxJob.attempts,
            is_dead,
            OutboxJob.due_at,
            OutboxJob.finished_at,
            OutboxJob.error,
        )
        .where(or_(is_dead, will_retry))
        .order_by(is_dead.desc(), OutboxJob.id.desc())
        .limit(limit)
    )
    return [FailedJob(*row) for row in rows]


def waiting_jobs() -> int:
    """How many jobs wait, for the health page; counted up to 1,000."""
    waiting = (
        select(OutboxJob.id)
        .where(OutboxJob.status.in_([JobStatus.WAITING, JobStatus.LEASED]))
        .limit(1000)
    )
    return len(session().execute(waiting).all())
