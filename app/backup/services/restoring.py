"""Brings a set back: into a database beside the others, and files beside the others.

Nothing live is touched here. What came back can be checked (proving.py) and then take the place of
what is live (replacing.py), or be thrown away.
"""

import os
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, cast

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from app.backup.errors import BackupFailed, Damaged
from app.backup.rules import DATABASE, FILES, Manifest, Part
from app.backup.services.checking import CheckedReader, opened
from app.infra import databases
from app.infra.databases import quoted
from app.infra.pg_programs import environment, program
from app.infra.storage import Target
from app.infra.vault import Vault
from app.kernel.invariant import FileArea

CHUNK = 1024 * 1024
JOBS = max(2, min(os.cpu_count() or 2, 8))
# Nobody reads the database before it is whole, so the restore may work as fast as it can.
OPTIONS = (
    "-c synchronous_commit=off -c maintenance_work_mem=256MB -c statement_timeout=0"
    " -c max_parallel_maintenance_workers=4"
)


@dataclass(frozen=True, slots=True)
class Place:
    """A set and where it lies."""

    target: Target
    vault: Vault
    manifest: Manifest

    def opened(self, part_name: str) -> Any:
        """The content of one part."""
        part: Part = self.manifest.part(part_name)
        return opened(self.target, self.vault, self.manifest, part)


def database_url(server_url: str, name: str) -> str:
    """The URL of another database of the same server."""
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def create_database(server_url: str, name: str) -> str:
    """An empty database; its URL. Raises BackupFailed when the account may not create one."""
    administer(server_url, f"CREATE DATABASE {quoted(name)} TEMPLATE template0 ENCODING 'UTF8'")
    return database_url(server_url, name)


def drop_database(server_url: str, name: str) -> None:
    """Remove a database that was made here, with whoever is still connected to it.

    Raises BackupFailed when somebody stays whom we may not throw out.
    """
    url = database_url(server_url, "postgres")
    try:
        databases.drop_database(url, name)
    except (OperationalError, ProgrammingError) as error:
        raise BackupFailed(f"The database server refused: {_first_line(error)}") from error


def administer(server_url: str, *statements: str) -> None:
    """Run statements that no transaction may hold. Raises BackupFailed with the server's reason."""
    with administering(server_url) as connection:
        for statement in statements:
            try:
                connection.execute(text(statement))
            except (OperationalError, ProgrammingError) as error:
                raise BackupFailed(f"The database server refused: {_first_line(error)}") from error


@contextmanager
def administering(server_url: str) -> Iterator[Connection]:
    """A connection beside the clinic's database, without transactions."""
    url = make_url(server_url).set(database="postgres")
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection


def restore_database(place: Place, url: str, folder: Path) -> None:
    """Fill an empty database from the set. Raises BackupFailed, Damaged.

    The dump lies unsealed in a private file of `folder` while pg_restore reads it with some
    connections; the file has no name there, so that it is gone whatever happens.
    """
    with tempfile.TemporaryFile(dir=folder) as dump:
        with place.opened(DATABASE) as content:
            _copy(content, dump.fileno())
        command: list[Path | str] = [
            program("pg_restore", server_major=place.manifest.server_major),
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
            "--no-password",
            f"--jobs={JOBS}",
            f"--dbname={make_url(url).database}",
            f"/proc/self/fd/{dump.fileno()}",
        ]
        done = subprocess.run(  # noqa: S603 - a program that we found ourselves
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=environment(url) | {"PGOPTIONS": OPTIONS},
            pass_fds=[dump.fileno()],
            check=False,
        )
    if done.returncode != 0:
        lines = done.stderr[-2000:].decode(errors="replace").strip().splitlines()
        raise BackupFailed(f"pg_restore failed: {lines[0] if lines else 'it did not say why.'}")


def restore_files(place: Place, areas: Sequence[FileArea], folder: Path) -> int:
    """Unpack the files below the folder, which is new. Returns how many.

    Raises Damaged for anything that a set of ours never holds: links, devices, folders, names
    that lead elsewhere, areas that no domain knows, two files of one name.
    """
    known = {area.folder for area in areas}
    count = 0
    with place.opened(FILES) as content:
        try:
            with tarfile.open(fileobj=cast("Any", content), mode="r|") as tar:
                for entry in tar:
                    _unpack(tar, entry, folder, known)
                    count += 1
        except (tarfile.TarError, EOFError) as error:
            raise Damaged(f"The files of {place.manifest.set_name} cannot be unpacked.") from error
        _to_the_end(content)
    if count != place.manifest.file_count:
        raise Damaged(f"{place.manifest.set_name} does not hold the files that it should.")
    return count


def _unpack(tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path, known: set[str]) -> None:
    parts = PurePosixPath(entry.name).parts
    is_ours = entry.isreg() and not entry.issparse() and len(parts) > 1 and parts[0] in known
    if not is_ours or ".." in parts or "\0" in entry.name or PurePosixPath(*parts).is_absolute():
        raise Damaged("The set holds a file that no backup of ours would hold.")
    path = folder.joinpath(*parts)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    content = tar.extractfile(entry)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError as error:
        raise Damaged("The set holds two files of one name.") from error
    with os.fdopen(descriptor, "wb") as file:
        while content and (chunk := content.read(CHUNK)):
            file.write(chunk)
    os.utime(path, (entry.mtime, entry.mtime))


def _copy(content: CheckedReader, descriptor: int) -> None:
    with open(descriptor, "wb", closefd=False) as file:
        while chunk := content.read(CHUNK):
            file.write(chunk)


def _to_the_end(content: CheckedReader) -> None:
    """What follows the last file is padding; reading it proves the whole."""
    while content.read(CHUNK):
        pass


def _first_line(error: Exception) -> str:
    return str(getattr(error, "orig", error)).strip().splitlines()[0]
