"""What is wrong with an installation: every check, on facts made by hand (BAK-01, EVD-02)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.deployment.checks import Severity, findings
from app.deployment.facts import Certificate, Database, Facts, Files, Processes, Queue
from config.settings import read_settings

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
SETTINGS = {
    "USCPIS_ENV": "production",
    "SECRET_KEY": "b3tN0k2VxQ8sLw5rYh7mZd1cFg9pJa4eUo6i",
    "DATABASE_URL": "postgresql://uscpis:word@127.0.0.1/uscpis",
    "REDIS_URL": "redis://:word@127.0.0.1:6379/0",
    "PUBLIC_URL": "https://clinic.example.edu",
    "TRUSTED_PROXIES": "1",
    "MAIL_SERVER": "smtp.example.edu",
    "MAIL_USE_TLS": "true",
    "BACKUP_SECOND_FOLDER": "/mnt/backups",
    "KEYS_FOLDER": "/var/lib/uscpis-keys",
    "PING_URL": "https://ping.example.edu/clinic",
    "METRICS_TOKEN": "m" * 24,
}
SERVER = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "data_checksums": "on",
    "archive_mode": "on",
    "max_connections": "200",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_min_error_statement": "panic",
}
GOOD = Facts(
    settings=read_settings(SETTINGS),
    processes=Processes(web=4, threads=2, others=2),
    files=Files(),
    now=NOW,
    database=Database(
        version=150004,
        settings=SERVER,
        is_superuser=False,
        clock_ahead=timedelta(milliseconds=3),
        revision="0012",
        wanted_revision="0012",
        has_demo_accounts=False,
        admins=1,
    ),
    queue=Queue(version="7.2.4", policy="noeviction", is_kept=True),
    certificate=Certificate(host="clinic.example.edu", ends_at=NOW + timedelta(days=60)),
)


def with_settings(**changes: str) -> Facts:
    """The good installation with other settings."""
    return replace(GOOD, settings=read_settings(SETTINGS | changes))


def with_server(**changes: str) -> Facts:
    """The good installation with other settings of PostgreSQL."""
    return with_database(settings=SERVER | changes)


def with_database(**changes) -> Facts:
    """The good installation on another database."""
    return replace(GOOD, database=replace(GOOD.database, **changes))


def with_files(**changes) -> Facts:
    """The good installation with other files."""
    return replace(GOOD, files=Files(**changes))


def with_queue(**changes) -> Facts:
    """The good installation with another Redis."""
    return replace(GOOD, queue=replace(GOOD.queue, **changes))


def with_certificate(**changes) -> Facts:
    """The good installation with another certificate."""
    return replace(GOOD, certificate=Certificate(host="clinic.example.edu", **changes))


DEVELOPMENT = {"USCPIS_ENV": "development"}
WRONG = {
    "not-production": with_settings(**DEVELOPMENT),
    "debug": with_settings(**DEVELOPMENT, DEBUG="true"),
    "demo": with_settings(**DEVELOPMENT, USCPIS_DEMO="true"),
    "weak-secret": with_settings(SECRET_KEY="abc" * 20),
    "weak-token": with_settings(METRICS_TOKEN="short"),
    "log-level": with_settings(LOG_LEVEL="DEBUG"),
    "http": with_settings(PUBLIC_URL="http://clinic.example.edu"),
    "no-proxy": with_settings(TRUSTED_PROXIES="0"),
    "certificate": with_certificate(problem="is not accepted: self-signed certificate"),
    "open-keys": with_files(open_keys=("/var/lib/uscpis-keys/backup.json",)),
    "copied-keys": with_files(copied_keys=("/var/backups/uscpis",)),
    "no-keys": with_files(missing_keys=("audit.json",)),
    "open-home": with_files(home_is_open=True),
    "no-database": replace(GOOD, database=None),
    "old-database": with_database(version=140011),
    "migrations": with_database(revision="0007"),
    "demo-accounts": with_database(has_demo_accounts=True),
    "no-admin": with_database(admins=0),
    "fsync": with_server(fsync="off"),
    "full_page_writes": with_server(full_page_writes="off"),
    "synchronous_commit": with_server(synchronous_commit="off"),
    "superuser": with_database(is_superuser=True),
    "trail-account": replace(
        with_settings(
            DATABASE_OWNER_URL="postgresql://owner:word@127.0.0.1/uscpis",
            BACKUP_SCRATCH_DATABASE_URL="postgresql://scratch:word@127.0.0.1/uscpis",
        ),
        database=replace(
            with_database().database, powers_over_trail=("it may change security_audit_seal",)
        ),
    ),
    "no-scratch": with_settings(DATABASE_OWNER_URL="postgresql://owner:word@127.0.0.1/uscpis"),
    "statement-log": with_server(log_min_duration_statement="250"),
    "small-pool": replace(GOOD, processes=Processes(web=1, threads=16, others=2)),
    "max-connections": replace(GOOD, processes=Processes(web=80, threads=2, others=2)),
    "clock": with_database(clock_ahead=timedelta(seconds=-7)),
    "no-queue": replace(GOOD, queue=None),
    "old-queue": with_queue(version="4.0.9"),
    "eviction": with_queue(policy="allkeys-lru"),
    "no-mail": with_settings(MAIL_SERVER=""),
    "one-place": with_settings(BACKUP_SECOND_FOLDER=""),
    "second-place-missing": with_files(second_folder_is_missing=True),
    "second-place-here": with_files(second_folder_is_here=True),
}
ADVICE = {
    "certificate-ends": with_certificate(ends_at=NOW + timedelta(days=5)),
    "mail-readable": with_settings(MAIL_USE_TLS="false"),
    "root": with_files(runs_as_root=True),
    "data-checksums": with_server(data_checksums="off"),
    "archive-mode": with_server(archive_mode="off"),
    "database-readable": with_settings(DATABASE_URL="postgresql://u:p@db.example.edu/uscpis"),
    "one-account": with_database(powers_over_trail=("it owns security_audit_event",)),
    "queue-unknown": with_queue(policy=None, is_kept=None),
    "queue-lost": with_queue(is_kept=False),
    "queue-open": with_settings(REDIS_URL="rediss://redis.example.edu/0"),
    "queue-readable": with_settings(REDIS_URL="redis://:word@redis.example.edu/0"),
    "nobody-watches": with_settings(PING_URL=""),
}


def codes(facts: Facts, severity: Severity) -> set[str]:
    """The codes of what was found."""
    return {one.code for one in findings(facts) if one.severity is severity}


def test_a_good_installation_has_nothing_wrong():
    assert findings(GOOD) == []


@pytest.mark.parametrize("code", WRONG)
def test_what_is_wrong_is_found(code):
    assert code in codes(WRONG[code], Severity.WRONG)


@pytest.mark.parametrize("code", ADVICE)
def test_what_could_be_better_is_advice(code):
    assert codes(ADVICE[code], Severity.ADVICE) == {code}
    assert codes(ADVICE[code], Severity.WRONG) == set()


@pytest.mark.parametrize("code", sorted(WRONG.keys() - {"debug", "demo"}))
def test_one_fault_is_named_once(code):
    assert codes(WRONG[code], Severity.WRONG) == {code}


@pytest.mark.parametrize("facts", [*WRONG.values(), *ADVICE.values()], ids=[*WRONG, *ADVICE])
def test_a_finding_is_a_sentence_that_says_what_to_do(facts):
    for one in findings(facts):
        assert len(one.sentence) > 30 or one.code == "certificate"
        assert "word" not in one.sentence.split()  # no password of a URL


def test_what_is_wrong_comes_before_advice():
    facts = replace(ADVICE["root"], database=None)

    assert [one.severity for one in findings(facts)] == [Severity.WRONG, Severity.ADVICE]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///uscpis",
        "postgresql://u@/uscpis?host=/run/postgresql",
        "postgresql://u:p@localhost/uscpis",
        "postgresql://u:p@db.example.edu/uscpis?sslmode=verify-full",
    ],
)
def test_a_database_that_nobody_can_listen_to_is_fine(url):
    assert findings(with_settings(DATABASE_URL=url)) == []


@pytest.mark.parametrize("url", ["unix:///run/redis.sock?db=0", "rediss://:word@redis.example.edu"])
def test_a_queue_that_nobody_can_listen_to_is_fine(url):
    assert findings(with_settings(REDIS_URL=url)) == []


def test_the_sum_of_connections_covers_every_process():
    processes = Processes(web=4, threads=8, others=3)

    assert processes.connections(pool_size=5) == 4 * 9 + 3 * 3
    assert processes.connections(pool_size=3) == 4 * 6 + 3 * 3
