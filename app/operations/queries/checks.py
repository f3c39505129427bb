"""The list of checks. A check looks at one thing and says what it found wrong.

`CHECKS` is the registry: a domain below that has something to watch gets a line here. A check
that cannot look raises; that becomes a finding of its own and closes no alert.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from shutil import disk_usage
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from app.backup.queries import last_proven, last_trouble
from app.infra import outbox
from app.infra.certificates import CertificateProblem, expiry_of
from app.infra.db import session
from app.infra.error_reports import open_reports
from app.infra.replica import ReplicaAway, lag_of
from app.infra.runtime import settings
from app.infra.wal_archive import archive_state
from app.integrity.queries.runs import last_ended
from app.integrity.rules import RunStatus
from app.notifications import queries as notifications
from app.operations.models import CheckRun
from app.operations.queries.beats import job_lines
from app.operations.rules import Finding, Severity, bounds
from app.operations.rules.bounds import Disk, Error, MailOutcomes
from app.operations.rules.jobs import about_jobs, late_jobs
from app.operations.rules.things import MAIL
from app.security.services import powers_over_trail

DAY = timedelta(days=1)
MOST_ERRORS = 50
HTTPS_PORT = 443
JOBS = frozenset(name.value for name in outbox.JobName)


@dataclass(frozen=True, slots=True)
class Look:
    """What a check saw: what is wrong, and facts for the page (JSON values)."""

    findings: list[Finding] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that is watched. `every`: at most this often. A slow one asks other machines."""

    kind: str
    look: Callable[[datetime], Look]
    every: timedelta = timedelta(0)
    is_slow: bool = False


def _jobs(now: datetime) -> Look:
    bad = [(line.beat, line.state) for line in job_lines(now) if line.state.is_bad]
    run = last_runs().get("job")
    before = int(run.facts.get("late", 0)) if run else 0
    return Look(about_jobs(bad, now, late_before=before), {"late": len(late_jobs(bad))})


def _outbox(now: datetime) -> Look:
    oldest = outbox.backlog().oldest_due_at
    return Look(bounds.about_outbox(now - oldest if oldest else None))


def _dead(now: datetime) -> Look:
    jobs, mails = outbox.dead_by_name(), notifications.dead_mail_count()
    run = last_runs().get("dead")
    found = bounds.about_dead_letters(jobs, mails, before=run.facts if run else {})
    return Look(found, {**jobs, MAIL: mails})


def _mail(now: datetime) -> Look:
    [day] = mail_outcomes(now - DAY)
    return Look(bounds.about_mail(day))


def mail_outcomes(*since: datetime) -> list[MailOutcomes]:
    """What became of the e-mails written since each instant."""
    return [
        MailOutcomes(one.sent, one.given_up, one.waiting)
        for one in notifications.mail_outcomes(*since)
    ]


def _disks(now: datetime) -> Look:
    found: list[Finding] = []
    for disk in disks():
        found += bounds.about_disk(disk)
    return Look(found)


def disks() -> list[Disk]:
    """Room for data and for backups; a folder that is not there yet counts by its parent."""
    config = settings()
    places = {"data folder": config.home, "backup folder": config.backup_folder}
    if config.backup_second_folder:
        places["second backup folder"] = Path(config.backup_second_folder)
    found = []
    for name, folder in places.items():
        usage = disk_usage(_existing(folder))
        found.append(Disk(name, str(folder), usage.total, usage.free))
    return found


def _existing(folder: Path) -> Path:
    return next((path for path in (folder, *folder.parents) if path.exists()), Path("/"))


def _errors(now: datetime) -> Look:
    return Look(
        bounds.about_errors(
            [
                Error(one.fingerprint, one.kind, one.place, one.door if one.door in JOBS else "")
                for one in open_reports(MOST_ERRORS)
            ]
        )
    )


def _certificate(now: datetime) -> Look:
    parts = urlsplit(settings().public_url)
    if parts.scheme != "https" or not parts.hostname:
        return Look()
    host = parts.hostname
    try:
        expires_at = expiry_of(host, parts.port or HTTPS_PORT)
    except CertificateProblem as problem:
        sentence = f"The certificate of {host} {problem}."
        return Look(
            [Finding("certificate", "certificate", Severity.CRITICAL, sentence)],
            {"host": host, "problem": sentence},
        )
    found = bounds.about_certificate(host, expires_at, now)
    return Look(found, {"host": host, "expires_at": expires_at.isoformat()})


def _replica(now: datetime) -> Look:
    url = settings().database_replica_url
    if not url:
        return Look()
    try:
        lag = lag_of(url)
    except ReplicaAway:
        sentence = "The copy of the database for reports cannot be reached."
        return Look([Finding("replica", "replica", Severity.WARNING, sentence)], {"reached": False})
    return Look(
        bounds.about_replica(lag),
        {"reached": True, "lag_seconds": None if lag is None else lag.total_seconds()},
    )


def _proof(now: datetime) -> Look:
    ended = last_ended()
    if ended is None:  # the dead-man check of its job says when that is odd
        return Look()
    status, at = ended
    has_passed, is_broken = status is RunStatus.PASSED, status is RunStatus.BROKEN
    return Look(bounds.about_proof(has_passed, at, now, is_broken=is_broken))


def _backup(now: datetime) -> Look:
    proven = last_proven()
    known_since = min((line.beat.known_since for line in job_lines(now)), default=None)
    trouble = last_trouble()
    found = bounds.about_last_run(trouble.sentence, is_grave=trouble.is_grave) if trouble else []
    return Look(found + bounds.about_backup(proven.made_at if proven else None, known_since, now))


def _trail(now: datetime) -> Look:
    return Look(bounds.about_trail(powers_over_trail().given))


def _archive(now: datetime) -> Look:
    state = archive_state()
    return Look(bounds.about_archive(state.last_at, state.is_failing, now) if state else [])


CHECKS: list[Check] = [
    Check("job", _jobs),
    Check("outbox", _outbox),
    Check("dead", _dead),
    Check("mail", _mail, every=timedelta(minutes=5)),
    Check("disk", _disks),
    Check("error", _errors),
    Check("proof", _proof),
    Check("backup", _backup),
    Check("trail", _trail, every=timedelta(hours=1)),
    Check("archive", _archive),
    Check("certificate", _certificate, every=timedelta(hours=6), is_slow=True),
    Check("replica", _replica, is_slow=True),
]


def last_runs() -> dict[str, CheckRun]:
    """When each check looked last, and the facts it left, by kind."""
    rows = session().scalars(select(CheckRun).execution_options(populate_existing=True))
    return {row.kind: row for row in rows}


def due_checks(now: datetime, *, with_slow: bool) -> Iterable[Check]:
    """The checks whose time has come."""
    runs = last_runs()
    for check in CHECKS:
        run = runs.get(check.kind)
        is_due = run is None or now - run.looked_at >= check.every
        if is_due and (with_slow or not check.is_slow):
            yield check
