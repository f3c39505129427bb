"""Judges what was found. Every finding has a sentence and what to do about it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from urllib.parse import parse_qs, urlsplit

from app.deployment.facts import Facts

OLDEST_DATABASE = 150_000
OLDEST_QUEUE = 5
CLOCKS_APART = timedelta(seconds=2)
CERTIFICATE_SOON = timedelta(days=21)
LEAST_CHARACTERS = 10
SHORTEST_TOKEN = 24
ENCRYPTED = {"require", "verify-ca", "verify-full"}
# Connections that other programs need: a backup, a proof, an administrator.
RESERVE = 10


class Severity(StrEnum):
    """How bad it is."""

    WRONG = "WRONG"
    ADVICE = "ADVICE"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that should be otherwise."""

    severity: Severity
    code: str
    sentence: str


def _wrong(code: str, sentence: str) -> Finding:
    return Finding(Severity.WRONG, code, sentence)


def _advice(code: str, sentence: str) -> Finding:
    return Finding(Severity.ADVICE, code, sentence)


def findings(facts: Facts) -> list[Finding]:
    """Everything that should be otherwise, what is wrong first."""
    found = [one for check in CHECKS for one in check(facts)]
    return sorted(found, key=lambda one: one.severity is not Severity.WRONG)


def _mode(facts: Facts) -> Iterator[Finding]:
    settings = facts.settings
    if not settings.is_production:
        yield _wrong(
            "not-production",
            "USCPIS_ENV is not production, so unsafe settings are accepted. Set it.",
        )
    if settings.debug:
        yield _wrong("debug", "DEBUG is on: error pages show code and values. Unset it.")
    if settings.demo:
        yield _wrong("demo", "USCPIS_DEMO is on. Unset it (AUT-07).")
    if len(set(settings.secret_key)) < LEAST_CHARACTERS:
        yield _wrong("weak-secret", "SECRET_KEY can be guessed. Make a random one.")
    if settings.metrics_token and len(settings.metrics_token) < SHORTEST_TOKEN:
        yield _wrong(
            "weak-token", f"METRICS_TOKEN can be guessed. Use {SHORTEST_TOKEN} random characters."
        )
    if settings.log_level == "DEBUG":
        yield _wrong("log-level", "LOG_LEVEL=DEBUG may log what people typed. Use INFO (EVD-03).")


def _address(facts: Facts) -> Iterator[Finding]:
    settings = facts.settings
    address = urlsplit(settings.public_url)
    if address.scheme != "https":
        yield _wrong(
            "http",
            f"PUBLIC_URL is {settings.public_url}: passwords travel readable and cookies are not "
            "bound to TLS. Put nginx in front and set an https address: docs/operations/deploy.md.",
        )
    elif not settings.trusted_proxies:
        yield _wrong(
            "no-proxy",
            "TRUSTED_PROXIES is 0 with an https address: everybody seems to come from the proxy, "
            "so one person's wrong passwords lock out all. Set it to the number of proxies.",
        )
    shown = facts.certificate
    if shown and shown.problem:
        yield _wrong("certificate", f"The certificate of {shown.host} {shown.problem}.")
    elif shown and shown.ends_at and shown.ends_at - facts.now < CERTIFICATE_SOON:
        yield _advice(
            "certificate-ends", f"The certificate of {shown.host} ends on {shown.ends_at:%d %B %Y}."
        )


def _mail(facts: Facts) -> Iterator[Finding]:
    settings = facts.settings
    if not settings.mail_server:
        yield _wrong(
            "no-mail", "MAIL_SERVER is empty: no message leaves this machine. Name a relay."
        )
    elif not (settings.mail_use_tls or settings.mail_use_ssl or _is_here(settings.mail_server)):
        yield _advice(
            "mail-readable",
            "Mail goes to the relay unencrypted. Set MAIL_USE_TLS (587) or MAIL_USE_SSL (465).",
        )


def _copies(facts: Facts) -> Iterator[Finding]:
    settings, files = facts.settings, facts.files
    if not (settings.backup_second_folder or settings.backup_s3_bucket):
        yield _wrong(
            "one-place",
            "Backups are kept in one place only. Set BACKUP_SECOND_FOLDER to a mount of another "
            "machine, or BACKUP_S3_BUCKET (BAK-01).",
        )
    if files.second_folder_is_missing:
        yield _wrong(
            "second-place-missing",
            f"{settings.backup_second_folder} is not there. Mount it, or correct "
            "BACKUP_SECOND_FOLDER.",
        )
    if files.second_folder_is_here:
        yield _wrong(
            "second-place-here",
            f"{settings.backup_second_folder} is on the same disk as {settings.backup_folder}: "
            "both are lost together. Use a mount of another machine (BAK-01).",
        )


def _files(facts: Facts) -> Iterator[Finding]:
    files, keys = facts.files, facts.settings.keys_folder
    for path in files.open_keys:
        yield _wrong("open-keys", f"{path} can be read by others. chmod go= {path}")
    for path in files.copied_keys:
        yield _wrong(
            "copied-keys",
            f"The keys in {keys} lie inside {path}, which is copied to every backup place: whoever "
            "has a copy can open it. Move them and set KEYS_FOLDER (EVD-02).",
        )
    if files.missing_keys:
        yield _wrong(
            "no-keys",
            f"{keys} has no {', '.join(files.missing_keys)}. Run `flask clinic keys create` and "
            "`flask clinic backup-keys new`, then put the printed sheet into a safe (BAK-03).",
        )
    if files.home_is_open:
        yield _wrong(
            "open-home",
            f"Others can list {facts.settings.home}. chmod o= {facts.settings.home}",
        )
    if files.runs_as_root:
        yield _advice(
            "root", "This was run as root. The services should run as an account of their own."
        )


def _database(facts: Facts) -> Iterator[Finding]:
    database = facts.database
    if database is None:
        yield _wrong("no-database", "The database does not answer. Check DATABASE_URL and it.")
        return
    if database.version < OLDEST_DATABASE:
        yield _wrong("old-database", "PostgreSQL is older than 15. Upgrade it.")
    if database.revision != database.wanted_revision:
        yield _wrong(
            "migrations",
            f"The database is at revision {database.revision or 'none'}, this release needs "
            f"{database.wanted_revision}. Run `flask clinic deploy`.",
        )
        return
    if database.has_demo_accounts:
        yield _wrong("demo-accounts", "The database has demo accounts. Start with an empty one.")
    if not database.admins:
        yield _wrong("no-admin", "Nobody is an admin. Run `flask clinic create-admin`.")


def _durability(facts: Facts) -> Iterator[Finding]:
    """BAK-01: what was acknowledged survives a power cut."""
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        if facts.database and facts.database.settings.get(name) == "off":
            yield _wrong(
                name,
                f"{name} is off in PostgreSQL: a power cut loses acknowledged bookings or the "
                "whole database. Switch it on (deploy/postgresql/uscpis.conf).",
            )
    if facts.database and facts.database.settings.get("data_checksums") == "off":
        yield _advice(
            "data-checksums",
            "PostgreSQL does not notice when the disk changes a page. Switch checksums on: "
            "pg_checksums --enable, with the server stopped.",
        )
    if facts.database and facts.database.settings.get("archive_mode") == "off":
        yield _advice(
            "archive-mode",
            "PostgreSQL does not archive its log, so a loss reaches back to the last daily backup. "
            "See docs/operations/point-in-time.md.",
        )


def _database_privacy(facts: Facts) -> Iterator[Finding]:
    """EVD-03, and least privilege."""
    if facts.database is None:
        return
    shown = facts.database.settings
    if facts.database.is_superuser:
        yield _wrong(
            "superuser",
            "The site logs in to PostgreSQL as a superuser. Give it an ordinary account that owns "
            "its database.",
        )
    if facts.database.powers_over_trail:
        yield _can_change_trail(facts)
    if facts.settings.has_two_accounts and not facts.settings.backup_scratch_database_url:
        yield _wrong(
            "no-scratch",
            "BACKUP_SCRATCH_DATABASE_URL is empty, and the worker does not know the owner's "
            "account: it can prove no backup. Name an account with CREATEDB (BAK-02).",
        )
    if (
        shown.get("log_statement") not in (None, "none")
        or shown.get("log_min_duration_statement") not in (None, "-1")
        or shown.get("log_min_error_statement") not in (None, "panic")
    ):
        yield _wrong(
            "statement-log",
            "PostgreSQL logs statements, and with them what was typed about patients. Set "
            "log_statement, log_min_duration_statement and log_min_error_statement as in "
            "deploy/postgresql/uscpis.conf (EVD-03).",
        )
    address = urlsplit(facts.settings.database_url)
    query = {name: values[-1] for name, values in parse_qs(address.query).items()}
    host = query.get("host") or address.hostname or ""
    if not _is_here(host) and query.get("sslmode") not in ENCRYPTED:
        yield _advice(
            "database-readable",
            f"What goes to the database on {host} may be readable on the way. Add "
            "?sslmode=verify-full to DATABASE_URL, unless the network is private to both.",
        )


def _can_change_trail(facts: Facts) -> Finding:
    """AUD-02: with one account it is so by design; with two the rights were not given."""
    why = "; ".join(facts.database.powers_over_trail) if facts.database else ""
    if facts.settings.has_two_accounts:
        return _wrong(
            "trail-account",
            f"The site's account could change the audit trail: {why}. Run `flask clinic "
            "db-account`; where the account owns something or is a superuser, use another one.",
        )
    return _advice(
        "one-account",
        "The site runs with an account that could change the audit trail. Give it one of its own: "
        "docs/operations/deploy.md, Two accounts (AUD-02).",
    )


def _room(facts: Facts) -> Iterator[Finding]:
    pool, threads = facts.settings.database_pool_size, facts.processes.threads
    if 2 * pool < threads:
        yield _wrong(
            "small-pool",
            f"{threads} threads share {2 * pool} connections: some will wait and fail. Raise "
            "DATABASE_POOL_SIZE to half of WEB_THREADS or more.",
        )
    allowed = int(facts.database.settings.get("max_connections", 0)) if facts.database else 0
    needed = facts.processes.connections(pool) + RESERVE
    if allowed and allowed < needed:
        yield _wrong(
            "max-connections",
            f"All processes together may open {needed} connections, and PostgreSQL allows "
            f"{allowed}. Raise max_connections, or run fewer web processes.",
        )


def _clock(facts: Facts) -> Iterator[Finding]:
    ahead = facts.database.clock_ahead if facts.database else timedelta()
    if abs(ahead) > CLOCKS_APART:
        side = "ahead of" if ahead > timedelta() else "behind"
        yield _wrong(
            "clock",
            f"The database's clock is {abs(ahead.total_seconds()):.0f} seconds {side} this "
            "machine's. Let both ask the same time server (systemctl status chrony).",
        )


def _queue(facts: Facts) -> Iterator[Finding]:
    queue = facts.queue
    if queue is None:
        yield _wrong("no-queue", "Redis does not answer: messages wait. Check REDIS_URL and it.")
        return
    if int(queue.version.split(".")[0] or 0) < OLDEST_QUEUE:
        yield _wrong(
            "old-queue", f"Redis {queue.version} is older than {OLDEST_QUEUE}. Upgrade it."
        )
    if queue.policy is None:
        yield _advice(
            "queue-unknown",
            "Redis does not tell its settings. See yourself that maxmemory-policy is noeviction.",
        )
    elif queue.policy != "noeviction":
        yield _wrong(
            "eviction",
            f"Redis forgets jobs when it is full (maxmemory-policy {queue.policy}); they come back "
            "only after their lease. Set noeviction.",
        )
    if queue.is_kept is False:
        yield _advice(
            "queue-lost",
            "Redis keeps nothing on disk: after a restart waiting jobs take a minute longer. Set "
            "appendonly yes.",
        )


def _queue_privacy(facts: Facts) -> Iterator[Finding]:
    address = urlsplit(facts.settings.redis_url)
    if address.scheme == "unix" or _is_here(address.hostname or ""):
        return
    if not address.password:
        yield _advice(
            "queue-open",
            f"Redis on {address.hostname} asks for no password. Set requirepass, unless its "
            "network is private to the site.",
        )
    if address.scheme == "redis":
        yield _advice(
            "queue-readable",
            f"What goes to Redis on {address.hostname} is readable on the way. Use rediss://, "
            "unless its network is private to the site.",
        )


def _watched(facts: Facts) -> Iterator[Finding]:
    if not facts.settings.ping_url:
        yield _advice(
            "nobody-watches",
            "PING_URL is empty: when this machine falls silent, nobody outside notices "
            "(docs/operations/monitoring.md).",
        )


def _is_here(host: str) -> bool:
    return host in ("", "localhost", "::1") or host.startswith(("/", "127."))


CHECKS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    _mode,
    _address,
    _files,
    _database,
    _durability,
    _database_privacy,
    _room,
    _clock,
    _queue,
    _queue_privacy,
    _mail,
    _copies,
    _watched,
)
