"""Puts a restored copy in the place of what is live, and keeps what was live beside it.

Both databases are renamed in one transaction, so there is either the old one or the new one. The
new one lets nobody in until the files are in their place too. A note on disk says what was begun:
whoever comes after a killed run finishes it or takes it back.
"""

import json
import re
import shutil
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from app.backup.errors import BackupFailed, NotEmpty
from app.backup.services.restoring import administer, administering, drop_database
from app.backup.services.scratch import Copy
from app.infra.databases import quoted
from app.infra.key_files import keep_beside_keys
from app.infra.whole_files import sync_folder
from app.kernel.invariant import FileArea

NOTE = "restore-under-way.json"
INCOMING = ".restore-incoming"
STAMP = "%Y%m%d%H%M%S"
LONGEST_NAME = 40  # of the live database in the name of what was live before; 63 is the limit
PAUSE_SECONDS = 0.1
_OID = text("SELECT oid FROM pg_database WHERE datname = :name")
_NAMES = text("SELECT datname FROM pg_database ORDER BY datname")
_TABLES = text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
_OUT = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = :name AND backend_type = 'client backend'"
    " AND pg_has_role(usesysid, 'MEMBER')"
)


class LiveState(StrEnum):
    """What there is at the address of the live database."""

    MISSING = "missing"  # no such database
    EMPTY = "empty"  # nobody has ever put a table into it
    IN_USE = "in use"


@dataclass(frozen=True, slots=True)
class Site:
    """What a restore replaces."""

    database_url: str
    home: Path
    areas: Sequence[FileArea]

    @property
    def database(self) -> str:
        """The name of the live database."""
        return str(make_url(self.database_url).database)

    @property
    def note(self) -> Path:
        """Where it is written down that a swap has begun."""
        return self.home / NOTE


@dataclass(frozen=True, slots=True)
class Swap:
    """What was begun: the copy's number tells later whether it is the live one by now."""

    live: str
    copy: str
    copy_oid: int
    stamp: str
    was: str

    @property
    def before(self) -> str:
        """The name under which the old database is kept."""
        return f"{self.live[:LONGEST_NAME]}_before_{self.stamp}"


def live_state(site: Site) -> LiveState:
    """Whether there is anything to replace. Raises BackupFailed when the server is away."""
    try:
        with administering(site.database_url) as connection:
            if connection.scalar(_OID, {"name": site.database}) is None:
                return LiveState.MISSING
        with _looking(site.database_url) as connection:
            return LiveState.IN_USE if connection.scalar(_TABLES) else LiveState.EMPTY
    except OperationalError as error:
        raise BackupFailed("The database server cannot be reached.") from error


def require_empty(site: Site) -> LiveState:
    """What is there, provided that nothing would be replaced. Raises NotEmpty."""
    found = live_state(site)
    if found is LiveState.IN_USE:
        raise NotEmpty(site.database)
    return found


def swap_in(site: Site, copy: Copy, *, at: datetime, was: LiveState) -> Swap:
    """Make the copy the live one. Raises BackupFailed; then everything is as it was."""
    stamp = at.astimezone(UTC).strftime(STAMP)
    with administering(site.database_url) as connection:
        oid = int(connection.scalar(_OID, {"name": copy.name}) or 0)
    swap = Swap(site.database, copy.name, oid, stamp, was.value)
    incoming = site.home / INCOMING
    shutil.rmtree(incoming, ignore_errors=True)
    for area in site.areas:
        (copy.folder / area.folder).mkdir(exist_ok=True, mode=0o700)
    copy.folder.rename(incoming)
    keep_beside_keys(site.note, json.dumps(asdict(swap)) + "\n")
    try:
        _swap_databases(site, swap)
    except BackupFailed:
        _take_back(site)
        raise
    _finish(site, swap)
    return swap


def recover(site: Site) -> Swap | None:
    """Finish or take back what a killed run began; returns it when it was finished."""
    if not site.note.exists():
        return None
    swap = Swap(**json.loads(site.note.read_text(encoding="utf-8")))
    with administering(site.database_url) as connection:
        is_live = connection.scalar(_OID, {"name": swap.live}) == swap.copy_oid
    if not is_live:
        _take_back(site)
        return None
    _finish(site, swap)
    return swap


def _swap_databases(site: Site, swap: Swap) -> None:
    """Both names change in one transaction; whoever is inside is put out meanwhile."""
    renames = [f"ALTER DATABASE {quoted(swap.copy)} ALLOW_CONNECTIONS false"]
    if swap.was != LiveState.MISSING:
        renames.append(f"ALTER DATABASE {quoted(swap.live)} RENAME TO {quoted(swap.before)}")
    renames.append(f"ALTER DATABASE {quoted(swap.copy)} RENAME TO {quoted(swap.live)}")
    url = make_url(site.database_url).set(database="postgres")
    engine = create_engine(url, poolclass=NullPool)
    try:
        # A rename waits five seconds for everybody to leave; new ones wait for the rename.
        with _putting_out(site.database_url, swap.live, swap.copy), engine.begin() as connection:
            for statement in renames:
                connection.execute(text(statement))
    except (OperationalError, ProgrammingError) as error:
        raise BackupFailed(
            "The database server did not let the databases change places; nothing was replaced."
        ) from error


@contextmanager
def _putting_out(server_url: str, *names: str) -> Iterator[None]:
    """Keep ending the connections to these databases for as long as this lasts."""
    done = threading.Event()
    with administering(server_url) as connection:
        thread = threading.Thread(target=_put_out, args=(connection, names, done))
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _put_out(connection: Connection, names: Sequence[str], done: threading.Event) -> None:
    while not done.is_set():
        for name in names:
            try:
                connection.execute(_OUT, {"name": name})
            except SQLAlchemyError:
                return
        done.wait(PAUSE_SECONDS)


def _finish(site: Site, swap: Swap) -> None:
    """Files, then the door of the new database; each step may be done again."""
    _swap_files(site, swap)
    administer(site.database_url, f"ALTER DATABASE {quoted(swap.live)} ALLOW_CONNECTIONS true")
    if swap.was == LiveState.EMPTY:
        drop_database(site.database_url, swap.before)
    site.note.unlink(missing_ok=True)


def _swap_files(site: Site, swap: Swap) -> None:
    incoming, before = site.home / INCOMING, site.home / f"before-{swap.stamp}"
    before.mkdir(exist_ok=True, mode=0o700)
    for area in site.areas:
        new, live, old = incoming / area.folder, site.home / area.folder, before / area.folder
        if new.exists():
            if live.exists() and not old.exists():
                live.rename(old)
            new.rename(live)
    shutil.rmtree(incoming, ignore_errors=True)
    if not any(before.iterdir()):
        before.rmdir()
    sync_folder(site.home)


def fill_gaps(site: Site, restored: Path) -> int:
    """Move restored files to where no file is; returns how many."""
    count = 0
    for area in site.areas:
        for path in sorted((restored / area.folder).rglob("*")):
            target = site.home / area.folder / path.relative_to(restored / area.folder)
            if path.is_file() and not target.exists():
                target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                path.rename(target)
                count += 1
    return count


def _take_back(site: Site) -> None:
    shutil.rmtree(site.home / INCOMING, ignore_errors=True)
    site.note.unlink(missing_ok=True)


def previous(site: Site) -> list[str]:
    """What was live before earlier restores, by name: databases, then folders."""
    begin = re.compile(re.escape(site.database[:LONGEST_NAME]) + r"_before_\d{14}")
    with administering(site.database_url) as connection:
        databases = [name for name in connection.scalars(_NAMES) if begin.fullmatch(str(name))]
    return databases + [str(path) for path in _old_folders(site)]


def drop_previous(site: Site) -> list[str]:
    """Remove what was live before earlier restores; returns the names."""
    names = previous(site)
    folders = _old_folders(site)
    for name in names[: len(names) - len(folders)]:
        drop_database(site.database_url, name)
    for folder in folders:
        shutil.rmtree(folder)
    return names


def _old_folders(site: Site) -> list[Path]:
    return [
        path
        for path in sorted(site.home.glob("before-*"))
        if re.fullmatch(r"before-\d{14}", path.name) and path.is_dir() and not path.is_symlink()
    ]


@contextmanager
def _looking(url: str) -> Iterator[Connection]:
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection
