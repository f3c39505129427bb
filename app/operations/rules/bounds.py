"""Bounds: from which number on somebody must be told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.operations.rules.alerts import Finding, Severity
from app.operations.rules.beats import title_of, words
from app.operations.rules.things import BACKUPS, LATE, MAIL, PROOFS, key_of_job

OLDEST_JOB = timedelta(minutes=10)
VERY_OLD_JOB = timedelta(hours=1)
# Fewer messages say more about chance than about the mail server.
FEWEST_MAILS = 10
LOWEST_SUCCESS = 0.9
CERTIFICATE_DAYS = 21
CERTIFICATE_LAST_DAYS = 3
LOW_DISK_SHARE = 0.10
FULL_DISK_SHARE = 0.03
LOW_DISK_BYTES = 2 * 1024**3
REPLICA_LAG = timedelta(minutes=5)
# A proof and a backup are made every day; this much later their absence is told of (BAK-01).
OLDEST_PROOF = timedelta(hours=36)
OLDEST_BACKUP = timedelta(hours=26)
# What a disaster may cost where the log is archived (BAK-01).
OLDEST_SEGMENT = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class MailOutcomes:
    """What became of the e-mails of a while; those that wait are in neither number."""

    sent: int
    given_up: int
    waiting: int

    @property
    def success(self) -> float | None:
        """The share that the mail server took, from 0 to 1; None when there were none."""
        ended = self.sent + self.given_up
        return self.sent / ended if ended else None


@dataclass(frozen=True, slots=True)
class Disk:
    """Space where something is kept, in bytes."""

    name: str
    path: str
    total: int
    free: int

    @property
    def free_share(self) -> float:
        """From 0 to 1."""
        return self.free / self.total if self.total else 0.0


def about_outbox(oldest: timedelta | None) -> list[Finding]:
    """Work that is due and that nobody does."""
    if oldest is None or oldest <= OLDEST_JOB:
        return []
    severity = Severity.CRITICAL if oldest > VERY_OLD_JOB else Severity.WARNING
    sentence = f"Background work has been waiting for {words(oldest)}: messages do not go out."
    return [Finding("outbox", LATE, severity, sentence)]


def about_dead_letters(
    jobs: Mapping[str, int], mails: int, *, before: Mapping[str, int]
) -> list[Finding]:
    """What was given up waits for a person (NOT-04). `before`: the counts of the last look."""
    found = [
        Finding(
            "dead",
            key_of_job(name),
            Severity.WARNING,
            f"The job “{title_of(name)}” was given up{_times(count)} and waits for a person.",
            is_news=count > before.get(name, 0),
        )
        for name, count in sorted(jobs.items())
    ]
    if mails:
        verb = "e-mail was given up and waits" if mails == 1 else "e-mails were given up and wait"
        sentence = f"{mails} {verb} for a person."
        is_news = mails > before.get(MAIL, 0)
        found.append(Finding("dead", MAIL, Severity.WARNING, sentence, is_news=is_news))
    return found


def _times(count: int) -> str:
    return "" if count == 1 else f" {count} times"


def about_mail(day: MailOutcomes) -> list[Finding]:
    """The mail server takes too few of our messages (NOT-04)."""
    success = day.success
    if success is None or day.sent + day.given_up < FEWEST_MAILS or success >= LOWEST_SUCCESS:
        return []
    sentence = f"Only {success * 100:.0f} % of the e-mails of the last 24 hours were delivered."
    return [Finding("mail", MAIL, Severity.WARNING, sentence)]


def about_disk(disk: Disk) -> list[Finding]:
    """Too little room is left."""
    is_full = disk.free_share < FULL_DISK_SHARE
    is_low = disk.free_share < LOW_DISK_SHARE and disk.free < LOW_DISK_BYTES
    if not (is_full or is_low):
        return []
    severity = Severity.CRITICAL if is_full else Severity.WARNING
    sentence = f"Only {disk.free_share * 100:.0f} % of the disk of the {disk.name} is free."
    return [Finding("disk", f"disk.{disk.name.replace(' ', '-')}", severity, sentence)]


def about_certificate(host: str, expires_at: datetime, now: datetime) -> list[Finding]:
    """The certificate ends soon: afterwards no browser opens the site."""
    days = (expires_at - now).days
    if days >= CERTIFICATE_DAYS:
        return []
    severity = Severity.CRITICAL if days < CERTIFICATE_LAST_DAYS else Severity.WARNING
    when = "has expired" if expires_at <= now else f"ends in {words(expires_at - now)}"
    sentence = f"The certificate of {host} {when}."
    return [Finding("certificate", "certificate", severity, sentence)]


def about_replica(lag: timedelta | None) -> list[Finding]:
    """The copy for reports has fallen behind; None: it is no copy at all."""
    if lag is None:
        sentence = "The database for reports is not a copy that follows the main database."
    elif lag > REPLICA_LAG:
        sentence = f"The copy of the database for reports is {words(lag)} behind."
    else:
        return []
    return [Finding("replica", "replica", Severity.WARNING, sentence)]


def about_archive(last_at: datetime, is_failing: bool, now: datetime) -> list[Finding]:
    """The log of the database does not reach its archive any more (BAK-01)."""
    age = now - last_at
    if age <= OLDEST_SEGMENT:
        return []
    why = " and the last try failed" if is_failing else ""
    sentence = (
        f"The log of the database was last archived {words(age)} ago{why}. "
        "A disaster now would lose everything since."
    )
    return [Finding("archive", "archive", Severity.CRITICAL, sentence)]


@dataclass(frozen=True, slots=True)
class Error:
    """An unexpected error that nobody has put away; `job` is empty where people met it."""

    fingerprint: str
    kind: str
    place: str
    job: str = ""


def about_errors(unresolved: list[Error]) -> list[Finding]:
    """Each of them; one of a job belongs to what else is said of the job."""
    return [_about_error(error) for error in unresolved]


def _about_error(error: Error) -> Finding:
    what = f"{error.kind.rpartition('.')[2]} in {error.place}."
    if error.job:
        sentence = f"The job “{title_of(error.job)}” met an unexpected error: {what}"
        return Finding("error", key_of_job(error.job), Severity.WARNING, sentence)
    sentence = f"An unexpected error happened: {what}"
    return Finding("error", f"error.{error.fingerprint}", Severity.WARNING, sentence)


def about_proof(
    has_passed: bool, ended_at: datetime, now: datetime, *, is_broken: bool = False
) -> list[Finding]:
    """The last proof of the stored data failed, or is too old to say anything."""
    if is_broken:
        sentence = "The last proof of the stored data did not come to its end."
        return [Finding("proof", PROOFS, Severity.CRITICAL, sentence)]
    if not has_passed:
        sentence = "The last proof of the stored data failed: look at the proofs now."
        return [Finding("proof", "proof.failed", Severity.CRITICAL, sentence)]
    if now - ended_at <= OLDEST_PROOF:
        return []
    sentence = f"The stored data was last proven {words(now - ended_at)} ago."
    return [Finding("proof", PROOFS, Severity.WARNING, sentence)]


def about_trail(changeable: Sequence[str]) -> list[Finding]:
    """The site's account must add to the audit trail and never change it (AUD-02)."""
    if not changeable:
        return []
    sentence = (
        f"The site's account in the database could change {' and '.join(changeable)}: "
        "run `flask clinic db-account`."
    )
    return [Finding("trail", "trail.rights", Severity.CRITICAL, sentence)]


def about_backup(
    proven_at: datetime | None, known_since: datetime | None, now: datetime
) -> list[Finding]:
    """The last set that was brought back once is too old, or there is none (BAK-01, BAK-02).

    `known_since` is when the clinic's jobs were planned first: a new clinic gets its first night.
    """
    since = proven_at or known_since
    if since is None or now - since <= OLDEST_BACKUP:
        return []
    sentence = (
        f"The last backup that was proven by a restore was made {words(now - since)} ago."
        if proven_at
        else "No backup has been proven by a restore yet."
    )
    return [Finding("backup", BACKUPS, Severity.CRITICAL, sentence)]


def about_last_run(sentence: str, *, is_grave: bool) -> list[Finding]:
    """What is wrong with the last backup itself; without a sentence nothing is (BAK-04)."""
    severity = Severity.CRITICAL if is_grave else Severity.WARNING
    return [Finding("backup", BACKUPS, severity, sentence)] if sentence else []
