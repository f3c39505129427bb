"""Numbers for a Prometheus server. What cannot be read is left out, and `up` says so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from redis import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.backup.queries import last_proven
from app.infra import database_facts, outbox, queue
from app.infra.db import session
from app.infra.error_reports import open_reports
from app.infra.request_counts import counted
from app.infra.runtime import settings
from app.infra.versions import package_versions
from app.kernel import clock
from app.operations.queries.alerts import open_counts
from app.operations.queries.beats import JobLine, job_lines
from app.operations.queries.checks import DAY, MOST_ERRORS, disks, last_runs, mail_outcomes
from app.operations.queries.system import last_proof

Samples = Sequence[tuple[tuple[str, ...], float]]
Gauge = tuple[str, Sequence[str], Samples]


@dataclass(slots=True)
class Numbers:
    """Gauges by name, and the counts of requests."""

    gauges: dict[str, Gauge] = field(default_factory=dict)
    requests: dict[tuple[str, str], float] = field(default_factory=dict)
    bounds: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    def add(
        self, name: str, text: str, samples: Samples | float, labels: Sequence[str] = ()
    ) -> None:
        """One family; a single number has no labels."""
        rows: Samples = [((), float(samples))] if isinstance(samples, int | float) else samples
        self.gauges[name] = (text, labels, rows)


def read_numbers() -> Numbers:
    """Everything that can be read now."""
    numbers, now = Numbers(), clock.now()
    up: Samples = [
        (("database",), _all(numbers, now, _JOBS_AND_ROWS)),
        (("queue",), _all(numbers, now, (_queues,))),
        (("disk",), _all(numbers, now, (_disks,))),
    ]
    numbers.add("up", "Whether a part could be read: 1 or 0", up, ["part"])
    versions: Samples = [
        ((name, version), 1.0) for name, version in sorted(package_versions().items())
    ]
    numbers.add("build_info", "Versions in use", versions, ["name", "version"])
    return numbers


Reader = Callable[[Numbers, datetime], None]


def _all(numbers: Numbers, now: datetime, readers: Sequence[Reader]) -> float:
    """1 when every reader of a part could read, else 0."""
    is_up = 1.0
    for read in readers:
        try:
            read(numbers, now)
        except (RedisError, OSError):
            is_up = 0.0
        except SQLAlchemyError:
            session().rollback()
            is_up = 0.0
    return is_up


def _is_bad(line: JobLine) -> float:
    return float(line.state.is_bad)


def _period(line: JobLine) -> float:
    return line.beat.period.total_seconds()


def _jobs(numbers: Numbers, now: datetime) -> None:
    lines = job_lines(now)
    families: tuple[tuple[str, str, Callable[[JobLine], float]], ...] = (
        ("job_bad", "1 when late, failing, too long or shrunk", _is_bad),
        ("job_failures", "Failures in a row", lambda line: line.beat.failures),
        ("job_period_seconds", "How often it should run", _period),
    )
    for name, text, value in families:
        samples: Samples = [((line.beat.name,), float(value(line))) for line in lines]
        numbers.add(name, text, samples, ["job"])
    numbers.add(
        "job_last_success_timestamp_seconds",
        "When a job succeeded last",
        [
            ((line.beat.name,), line.beat.succeeded_at.timestamp())
            for line in lines
            if line.beat.succeeded_at
        ],
        ["job"],
    )
    numbers.add(
        "job_duration_seconds",
        "How long the last run took",
        [
            ((line.beat.name,), line.beat.duration.total_seconds())
            for line in lines
            if line.beat.duration is not None
        ],
        ["job"],
    )
    numbers.add(
        "job_size_bytes",
        "What the last run made, where it says so",
        [
            ((line.beat.name,), float(line.beat.size))
            for line in lines
            if line.beat.size is not None
        ],
        ["job"],
    )


def _outbox(numbers: Numbers, now: datetime) -> None:
    backlog = outbox.backlog()
    oldest = backlog.oldest_due_at
    age = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    numbers.add("outbox_waiting", "Jobs that wait or run", backlog.waiting)
    numbers.add("outbox_dead", "Jobs that were given up", backlog.dead)
    numbers.add("outbox_oldest_seconds", "How long the oldest due job waits", age)


def _mail(numbers: Numbers, now: datetime) -> None:
    day, week = mail_outcomes(now - DAY, now - 7 * DAY)
    samples: Samples = [
        ((window, status), float(count))
        for window, one in (("24h", day), ("7d", week))
        for status, count in (
            ("sent", one.sent),
            ("given-up", one.given_up),
            ("waiting", one.waiting),
        )
    ]
    numbers.add("mail_messages", "E-mails by what became of them", samples, ["window", "status"])


def _alerts(numbers: Numbers, now: datetime) -> None:
    samples: Samples = [((name,), float(count)) for name, count in sorted(open_counts().items())]
    numbers.add("alerts_open", "Open alerts", samples, ["severity"])
    numbers.add("errors_open", "Error reports not put away", len(open_reports(MOST_ERRORS)))


def _database(numbers: Numbers, now: datetime) -> None:
    server = database_facts.server()
    numbers.add("database_bytes", "Size of the database", server.size)
    numbers.add("database_connections", "Connections to the database", server.connections)


def _certificate(numbers: Numbers, now: datetime) -> None:
    run = last_runs().get("certificate")
    if run is not None and "expires_at" in run.facts:
        ends = datetime.fromisoformat(str(run.facts["expires_at"])).timestamp()
        numbers.add("certificate_expires_timestamp_seconds", "End of the certificate", ends)


def _proof(numbers: Numbers, now: datetime) -> None:
    proof = last_proof()
    if proof is not None:
        numbers.add("proof_passed", "1 when the last proof passed", float(proof.has_passed))
        ended = proof.ended_at.timestamp()
        numbers.add("proof_ended_timestamp_seconds", "When the last proof ended", ended)


def _backup(numbers: Numbers, now: datetime) -> None:
    proven = last_proven()
    if proven is not None:
        made = proven.made_at.timestamp()
        numbers.add("backup_proven_timestamp_seconds", "When the last proven set was made", made)
        numbers.add("backup_proven_bytes", "Size of the last proven set", proven.size)


_JOBS_AND_ROWS: tuple[Reader, ...] = (
    _jobs,
    _outbox,
    _mail,
    _alerts,
    _database,
    _certificate,
    _proof,
    _backup,
)


def _queues(numbers: Numbers, now: datetime) -> None:
    with queue.connect(settings().redis_url) as connection:
        depths: Samples = [
            ((name,), float(queue.queue(connection, name).count)) for name in queue.QUEUES
        ]
        numbers.add("queue_depth", "Jobs in Redis", depths, ["queue"])
        _add_requests(numbers, counted(connection))


def _add_requests(numbers: Numbers, found: Mapping[str, float]) -> None:
    for name, number in found.items():
        kind, _, rest = name.partition(" ")
        if kind == "count":
            route, _, status = rest.rpartition(" ")
            numbers.requests[route, status] = number
        elif kind == "bound":
            numbers.bounds[rest] = number
        elif kind == "seconds":
            numbers.seconds = number


def _disks(numbers: Numbers, now: datetime) -> None:
    found = disks()
    free: Samples = [((disk.name,), float(disk.free)) for disk in found]
    total: Samples = [((disk.name,), float(disk.total)) for disk in found]
    numbers.add("disk_free_bytes", "Free space", free, ["place"])
    numbers.add("disk_total_bytes", "Whole space", total, ["place"])
