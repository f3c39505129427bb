"""Finds the facts: reads settings and folders, asks the servers."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from alembic.script import ScriptDirectory
from flask import current_app
from redis import Redis, RedisError, ResponseError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.backup.services.keys import ESCROWED
from app.deployment.facts import Certificate, Database, Facts, Files, Processes, Queue
from app.infra.certificates import CertificateProblem, expiry_of
from app.infra.db import session
from app.infra.queue import HANDS, connect
from app.infra.runtime import settings
from app.integrity.queries import all_files
from app.kernel import clock
from app.kernel.permission import Role
from app.security import queries as security
from app.security.services import powers_over_trail
from config import gunicorn

HTTPS = 443
READ_BY_OTHERS = 0o077
LISTED_BY_STRANGERS = 0o004
ASKED = [
    *("fsync", "full_page_writes", "synchronous_commit", "data_checksums", "archive_mode"),
    *("max_connections", "log_statement", "log_min_duration_statement"),
    "log_min_error_statement",
]
_SERVER = text(
    "SELECT current_setting('server_version_num')::int, clock_timestamp(),"
    " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),"
    " to_regclass('alembic_version') IS NOT NULL"
)
# One that this account may not see is not in the view.
_SETTINGS = text("SELECT name, current_setting(name) FROM pg_settings WHERE name = ANY(:names)")
_REVISION = text("SELECT max(version_num) FROM alembic_version")


def look(*, machines: int, workers: int, asks_outside: bool) -> Facts:
    """Everything about this installation."""
    others = workers * len(HANDS) + machines  # a relay on each
    return Facts(
        settings=settings(),
        processes=Processes(
            web=gunicorn.workers * machines, threads=gunicorn.threads, others=others
        ),
        files=_files(),
        now=clock.now(),
        database=_database(),
        queue=_queue(),
        certificate=_certificate() if asks_outside else None,
    )


def _files() -> Files:
    chosen = settings()
    second = Path(chosen.backup_second_folder) if chosen.backup_second_folder else None
    return Files(
        runs_as_root=os.geteuid() == 0,
        open_keys=tuple(str(path) for path in _open_to_others(chosen.keys_folder)),
        missing_keys=tuple(name for name in ESCROWED if not (chosen.keys_folder / name).is_file()),
        copied_keys=tuple(
            str(path)
            for path in _copied(second)
            if chosen.keys_folder.resolve().is_relative_to(path.resolve())
        ),
        home_is_open=_mode(chosen.home) & LISTED_BY_STRANGERS != 0,
        second_folder_is_missing=second is not None and not second.is_dir(),
        second_folder_is_here=second is not None and _same_disk(second, chosen.backup_folder),
    )


def _open_to_others(folder: Path) -> Iterator[Path]:
    paths = [folder, *sorted(folder.glob("*"))] if folder.is_dir() else []
    return (path for path in paths if _mode(path) & READ_BY_OTHERS)


def _copied(second: Path | None) -> Iterator[Path]:
    """Every folder that backups are written to or made of."""
    chosen = settings()
    yield chosen.backup_folder
    if second is not None:
        yield second
    yield from (chosen.home / area.folder for area in all_files())


def _mode(path: Path) -> int:
    return path.stat().st_mode if path.exists() else 0


def _same_disk(one: Path, other: Path) -> bool:
    return one.is_dir() and other.is_dir() and one.stat().st_dev == other.stat().st_dev


def _database() -> Database | None:
    """None when it does not answer."""
    try:
        return _asked_database()
    except SQLAlchemyError:
        session().rollback()
        return None


def _asked_database() -> Database:
    began = clock.now()
    version, their_clock, is_superuser, is_migrated = session().execute(_SERVER).one()
    ours = began + (clock.now() - began) / 2
    revision = session().execute(_REVISION).scalar() if is_migrated else ""
    shown = session().execute(_SETTINGS, {"names": ASKED})
    wanted = _wanted_revision()
    is_current = revision == wanted
    return Database(
        version=version,
        settings={row.name: row.current_setting for row in shown},
        is_superuser=is_superuser,
        clock_ahead=timedelta(seconds=(their_clock - ours).total_seconds()),
        revision=revision or "",
        wanted_revision=wanted,
        has_demo_accounts=is_current and security.has_demo_accounts(),
        admins=len(security.accounts_with_roles([Role.ADMIN])) if is_current else 0,
        powers_over_trail=powers_over_trail().reasons if is_current else (),
    )


def _wanted_revision() -> str:
    config = current_app.extensions["migrate"].migrate.get_config()
    return ScriptDirectory.from_config(config).get_current_head() or ""


def _queue() -> Queue | None:
    """None when it does not answer."""
    try:
        with connect(settings().redis_url) as connection:
            version = _plain(connection.info("server"))["redis_version"]
            shown = _shown(connection)
    except (RedisError, ValueError, OSError):
        return None
    kept = shown.get("appendonly") == "yes" or bool(shown.get("save"))
    return Queue(
        version=version,
        policy=shown.get("maxmemory-policy"),
        is_kept=kept if "appendonly" in shown else None,
    )


def _shown(connection: Redis) -> dict[str, str]:
    """Settings of Redis; none where the command is taken away. Before 7.0 it answers one a time."""
    names = ("maxmemory-policy", "appendonly", "save")
    try:
        answers = [_plain(connection.config_get(name)) for name in names]
    except ResponseError:
        return {}
    return {name: value for answer in answers for name, value in answer.items()}


def _plain(answer: object) -> dict[str, str]:
    pairs = dict(answer).items()  # type: ignore[call-overload]
    return {_text(name): _text(value) for name, value in pairs}


def _text(value: object) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _certificate() -> Certificate | None:
    address = urlsplit(settings().public_url)
    if address.scheme != "https" or not address.hostname:
        return None
    try:
        ends_at = expiry_of(address.hostname, address.port or HTTPS)
    except CertificateProblem as problem:
        return Certificate(host=address.hostname, problem=str(problem))
    return Certificate(host=address.hostname, ends_at=ends_at)
