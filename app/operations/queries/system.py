"""The state of the system, part by part. A part that is down becomes a sentence, not an error."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.backup.queries import LastProven, last_proven
from app.infra import database_facts, outbox, queue
from app.infra.database_facts import Server, Statement, Table
from app.infra.db import session
from app.infra.error_reports import ErrorReport, open_reports
from app.infra.outbox import Backlog, FailedJob
from app.infra.runtime import settings
from app.infra.versions import package_versions
from app.integrity.queries.runs import last_ended
from app.integrity.rules import RunStatus
from app.kernel import clock
from app.notifications import queries as notifications
from app.operations.queries.alerts import AlertLine, alert_lines, open_counts
from app.operations.queries.beats import JobLine, job_lines
from app.operations.queries.checks import DAY, disks, last_runs, mail_outcomes
from app.operations.rules import BeatState
from app.operations.rules.bounds import Disk, MailOutcomes

T = TypeVar("T")
MOST_FAILED = 20
MOST_REPORTS = 20


@dataclass(frozen=True, slots=True)
class Part(Generic[T]):
    """A part of the page: what was found, or why nothing could be."""

    found: T | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class QueueLine:
    """One RQ queue: what waits in Redis, how long the oldest has, and who works on it."""

    name: str
    depth: int
    oldest: timedelta | None
    workers: int
    busy: int


@dataclass(frozen=True, slots=True)
class QueueServer:
    """Redis and its queues."""

    version: str
    memory: int
    queues: list[QueueLine]


@dataclass(frozen=True, slots=True)
class Mail:
    """What became of e-mails, and how many wait for a person."""

    day: MailOutcomes
    week: MailOutcomes
    dead: int


@dataclass(frozen=True, slots=True)
class Slow:
    """Statements that run now, and the slowest kinds where the server measures them."""

    running: list[Statement]
    measured: list[Statement] | None


@dataclass(frozen=True, slots=True)
class Certificate:
    """What the last look at the certificate found."""

    host: str
    expires_at: datetime | None
    problem: str
    looked_at: datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """How the last proof of the stored data ended."""

    has_passed: bool
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class SystemState:
    """Everything on the operations page."""

    now: datetime
    alerts: Part[list[AlertLine]]
    jobs: Part[list[JobLine]]
    backlog: Part[Backlog]
    failed: Part[list[FailedJob]]
    queues: Part[QueueServer]
    mail: Part[Mail]
    errors: Part[list[ErrorReport]]
    proof: Part[Proof]
    backup: Part[LastProven]
    disks: Part[list[Disk]]
    server: Part[Server]
    tables: Part[list[Table]]
    slow: Part[Slow]
    certificate: Part[Certificate]
    packages: dict[str, str]


def system_state() -> SystemState:
    """The whole page, in a fixed number of statements."""
    now = clock.now()
    server = _part(database_facts.server)
    measures = server.found is not None and server.found.has_statements
    return SystemState(
        now=now,
        alerts=_part(lambda: alert_lines(only_open=True)),
        jobs=_part(lambda: job_lines(now)),
        backlog=_part(outbox.backlog),
        failed=_part(lambda: outbox.failed_jobs(MOST_FAILED)),
        queues=_part(lambda: queue_server(now)),
        mail=_part(lambda: _mail(now)),
        errors=_part(lambda: open_reports(MOST_REPORTS)),
        proof=_part(last_proof),
        backup=_part(last_proven),
        disks=_part(disks),
        server=server,
        tables=_part(database_facts.biggest_tables),
        slow=_part(lambda: _slow(measures)),
        certificate=_part(_certificate),
        packages=package_versions(),
    )


def _part(look: Callable[[], T | None]) -> Part[T]:
    """What is there, or a sentence; the rest of the page does not depend on it."""
    try:
        return Part(look())
    except RedisError:
        return Part(problem="The queue server cannot be reached. Bookings go on, messages wait.")
    except SQLAlchemyError as error:
        session().rollback()
        return Part(problem=f"The database did not answer this question: {type(error).__name__}.")
    except OSError as error:
        return Part(problem=f"This could not be read: {error.strerror or type(error).__name__}.")


def queue_server(now: datetime) -> QueueServer:
    """Redis and the depth and age of its queues. Raises RedisError."""
    with queue.connect(settings().redis_url) as connection:
        info = connection.info()
        workers = _workers(connection)
        return QueueServer(
            version=str(info.get("redis_version", "")),
            memory=int(info.get("used_memory", 0)),
            queues=[_queue_line(connection, name, now, workers) for name in queue.QUEUES],
        )


def _workers(connection: Any) -> list[tuple[set[str], bool]]:
    """The queues of each worker, and whether it is busy; one that was killed has no entry."""
    known = connection.pipeline(transaction=False)
    for key in sorted(connection.smembers("rq:workers")):
        known.hmget(key, "queues", "state")
    return [
        (set(queues.decode().split(",")), state == b"busy")
        for queues, state in known.execute()
        if queues
    ]


def _queue_line(
    connection: Any, name: str, now: datetime, workers: list[tuple[set[str], bool]]
) -> QueueLine:
    """The job at the front was put in first: RQ takes from there."""
    waiting = queue.queue(connection, name)
    front = waiting.get_jobs(0, 1)
    since = front[0].enqueued_at if front else None
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)
    states = [is_busy for queues, is_busy in workers if name in queues]
    age = None if since is None else now - since
    return QueueLine(name, waiting.count, age, len(states), sum(states))


def _mail(now: datetime) -> Mail:
    day, week = mail_outcomes(now - DAY, now - 7 * DAY)
    return Mail(day, week, notifications.dead_mail_count())


def last_proof() -> Proof | None:
    """None before the first one ended."""
    ended = last_ended()
    return Proof(ended[0] is RunStatus.PASSED, ended[1]) if ended else None


def _slow(measures: bool) -> Slow:
    running = database_facts.running_statements()
    return Slow(running, database_facts.measured_statements() if measures else None)


def _certificate() -> Certificate | None:
    run = last_runs().get("certificate")
    if run is None or "host" not in run.facts:
        return None
    ends = run.facts.get("expires_at")
    return Certificate(
        host=str(run.facts["host"]),
        expires_at=datetime.fromisoformat(ends) if ends else None,
        problem=str(run.facts.get("problem", "")),
        looked_at=run.looked_at,
    )


def health_details() -> dict[str, object]:
    """For /healthz, to those who may know: what is late, what waits, what is wrong."""
    now = clock.now()
    lines = job_lines(now)
    backlog = outbox.backlog()
    oldest = now - backlog.oldest_due_at if backlog.oldest_due_at else timedelta()
    return {
        "jobs_known": len(lines),
        "jobs_late": [line.beat.name for line in lines if line.state.is_bad],
        "jobs_failing": [line.beat.name for line in lines if line.state is BeatState.FAILING],
        "job_success_age_seconds": {
            line.beat.name: _seconds(now, line.beat.succeeded_at) for line in lines
        },
        "outbox_oldest_seconds": int(oldest.total_seconds()),
        "outbox_waiting": backlog.waiting,
        "outbox_dead": backlog.dead,
        "alerts_open": open_counts(),
        **{name: look(now) for name, look in DETAILS.items()},
    }


def _seconds(now: datetime, then: datetime | None) -> int | None:
    return None if then is None else int((now - then).total_seconds())


def _proof_details(now: datetime) -> object:
    proof = last_proof()
    if proof is None:
        return None
    return {"has_passed": proof.has_passed, "age_seconds": _seconds(now, proof.ended_at)}


def _backup_details(now: datetime) -> object:
    proven = last_proven()
    if proven is None:
        return None
    return {"age_seconds": _seconds(now, proven.made_at), "size_bytes": proven.size}


# More for /healthz from domains below, by name: JSON values, without anybody's data.
DETAILS: dict[str, Callable[[datetime], object]] = {
    "proof": _proof_details,
    "last_proven_backup": _backup_details,
}
