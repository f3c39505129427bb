"""Databases that exist only for a while, with a folder of the same name for their files.

Each is held by a lock for as long as somebody works with it. Whoever is killed loses the lock
with the connection, so the next run knows what was left behind and removes it.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Connection, text

from app.backup.services.restoring import (
    administering,
    create_database,
    database_url,
    drop_database,
)

SCRATCH = "uscpis_scratch_"
RESTORE = "uscpis_restore_"
OURS = re.compile(r"uscpis_(scratch|restore)_[0-9a-f]{12}")
_HOLD = text("SELECT pg_try_advisory_lock(hashtext(:name))")
_RELEASE = text("SELECT pg_advisory_unlock(hashtext(:name))")
# Restores and proofs may run with different accounts: each tidies up what it may remove.
_NAMES = text(
    "SELECT datname, pg_has_role(datdba, 'USAGE') AS is_ours FROM pg_database"
    " WHERE datname LIKE 'uscpis\\_%' ORDER BY datname"
)


@dataclass(frozen=True, slots=True)
class Copy:
    """A database beside the live one, and a private folder for the files that belong to it."""

    name: str
    url: str
    folder: Path


@contextmanager
def copy_beside(server_url: str, folder: Path, kind: str) -> Iterator[Copy]:
    """An empty database and an empty folder; both are gone afterwards, unless renamed by then."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    name = f"{kind}{uuid4().hex[:12]}"
    with administering(server_url) as connection:
        _tidy(connection, server_url, folder)
        connection.execute(_HOLD, {"name": name})
        files = folder_of(folder, name)
        try:
            files.mkdir(mode=0o700)
            create_database(server_url, name)
            yield Copy(name, database_url(server_url, name), files)
        finally:
            drop_database(server_url, name)
            shutil.rmtree(files, ignore_errors=True)


def tidy_copies(server_url: str, folder: Path) -> list[str]:
    """Remove what killed runs left behind; returns the names."""
    with administering(server_url) as connection:
        return _tidy(connection, server_url, folder)


def folder_of(folder: Path, name: str) -> Path:
    """Where the files of a copy lie; hidden, so that nothing takes them for live ones."""
    return folder / f".{name}"


def _tidy(connection: Connection, server_url: str, folder: Path) -> list[str]:
    found = {str(row.datname): row.is_ours for row in connection.execute(_NAMES)}
    databases = {name for name, is_ours in found.items() if is_ours}
    folders = {path.name[1:] for path in folder.glob(".uscpis_*")} if folder.exists() else set()
    removed = []
    foreign = found.keys() - databases
    for name in sorted(name for name in (databases | folders) - foreign if OURS.fullmatch(name)):
        if connection.scalar(_HOLD, {"name": name}):
            drop_database(server_url, name)
            shutil.rmtree(folder_of(folder, name), ignore_errors=True)
            connection.execute(_RELEASE, {"name": name})
            removed.append(name)
    return removed
