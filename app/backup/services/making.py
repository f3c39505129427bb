"""Makes a set: database, files and configuration of one moment (BAK-03).

Everything streams: pg_dump into the seal into the file. The rows are counted in the snapshot that
pg_dump reads, so that a restore can be compared number by number (BAK-02). The manifest comes last
and the set becomes visible with one rename; whatever goes wrong before leaves nothing behind.
"""

import json
import os
import stat
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.pool import NullPool

from app.backup.errors import BackupFailed
from app.backup.rules import (
    CONFIGURATION,
    DATABASE,
    FILES,
    MANIFEST,
    MANIFEST_SEAL,
    Manifest,
    Part,
    name_of_set,
    write_manifest,
)
from app.backup.services.sealing import SealedFile, sealed_file
from app.infra.pg_programs import environment, program
from app.infra.storage import LocalFolder
from app.infra.vault import Vault
from app.kernel.invariant import FileArea
from config.version import VERSION

CHUNK = 1024 * 1024
TABLES = """\
SELECT relname FROM pg_class
WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""
COMPRESSION = "gzip:3"
Say = Callable[[str, int], None]  # the step, and the bytes that it has read so far


@dataclass(frozen=True, slots=True)
class Source:
    """What a set is made of."""

    database_url: str
    home: Path
    areas: Sequence[FileArea]
    configuration: Mapping[str, str]
    institution: str


@dataclass(frozen=True, slots=True)
class Moment:
    """The database as one transaction sees it."""

    snapshot: str
    schema_revision: str
    server_major: int
    row_counts: dict[str, int]


def make_set(
    source: Source, vault: Vault, folder: LocalFolder, *, made_at: datetime, mark: str, say: Say
) -> Manifest:
    """Write one whole set into the folder. Raises BackupFailed, StorageFailed; then it is gone."""
    name = name_of_set(made_at, mark)
    try:
        with _moment(source.database_url) as moment:
            database = _dump(source, moment, vault, folder, name, say)
        files, file_count = _files(source, vault, folder, name, say)
        manifest = Manifest(
            set_name=name,
            made_at=made_at,
            institution=source.institution,
            product_version=VERSION,
            schema_revision=moment.schema_revision,
            server_major=moment.server_major,
            key_id=vault.key_id,
            parts=(database, files, _configuration(source, vault, folder, name)),
            row_counts=moment.row_counts,
            file_count=file_count,
        )
        _contents(manifest, vault, folder)
        folder.finish(name)
    except BaseException:
        folder.abandon(name)
        raise
    return manifest


@contextmanager
def _moment(url: str) -> Iterator[Moment]:
    """Hold one snapshot of the database, and count its rows."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="REPEATABLE READ")
    with engine.connect() as connection:
        connection.execute(text("SET TRANSACTION READ ONLY"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        yield Moment(
            snapshot=str(connection.scalar(text("SELECT pg_export_snapshot()"))),
            schema_revision=str(connection.scalar(text("SELECT version_num FROM alembic_version"))),
            server_major=server_major(connection),
            row_counts=row_counts(connection),
        )


def server_major(connection: Connection) -> int:
    """The major version of the server."""
    return int(str(connection.scalar(text("SHOW server_version_num")))) // 10000


def row_counts(connection: Connection) -> dict[str, int]:
    """How many rows each table has, as this transaction sees them."""
    quote = connection.dialect.identifier_preparer.quote_identifier
    names = [str(name) for name in connection.scalars(text(TABLES))]
    return {
        name: int(connection.scalar(text(f"SELECT count(*) FROM {quote(name)}")) or 0)  # noqa: S608
        for name in names
    }


def _dump(
    source: Source, moment: Moment, vault: Vault, folder: LocalFolder, name: str, say: Say
) -> Part:
    command: list[Path | str] = [
        program("pg_dump", server_major=moment.server_major),
        "--format=custom",
        f"--compress={COMPRESSION}",
        f"--snapshot={moment.snapshot}",
        "--no-owner",
        "--no-privileges",
        "--no-password",
    ]
    with (
        sealed_file(folder, vault, name, DATABASE) as file,
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(  # noqa: S603 - a program that we found ourselves
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment(source.database_url),
        ) as dump,
    ):
        try:
            _pump(cast("IO[bytes]", dump.stdout), file, lambda: say("database", file.plain_size))
        except BaseException:
            dump.kill()
            raise
        if dump.wait() != 0:
            raise BackupFailed(f"pg_dump failed: {_last_line(complaints)}")
    return file.part()


def _pump(content: IO[bytes], file: SealedFile, after_each: Callable[[], None]) -> None:
    while chunk := content.read(CHUNK):
        file.write(chunk)
        after_each()


def _last_line(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read()[-2000:].decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it did not say why."


def _files(
    source: Source, vault: Vault, folder: LocalFolder, name: str, say: Say
) -> tuple[Part, int]:
    count = 0
    with (
        sealed_file(folder, vault, name, FILES) as file,
        tarfile.open(fileobj=cast("Any", file), mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for path, stored_as in _paths(source):
            _add(tar, path, stored_as)
            count += 1
            say("files", file.plain_size)
    return file.part(), count


def _paths(source: Source) -> Iterator[tuple[Path, str]]:
    """Every plain file of every area with its name in the set, in a fixed order."""
    for area in source.areas:
        root = source.home / area.folder
        for path in sorted(root.rglob("*")):
            if stat.S_ISREG(path.lstat().st_mode):
                yield path, f"{area.folder}/{path.relative_to(root).as_posix()}"


def _add(tar: tarfile.TarFile, path: Path, stored_as: str) -> None:
    # The size of the file that was opened counts, and no link is followed in between.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as content:
        found = os.fstat(content.fileno())
        entry = tarfile.TarInfo(stored_as)
        entry.size, entry.mtime, entry.mode = found.st_size, int(found.st_mtime), 0o600
        try:
            tar.addfile(entry, content)
        except OSError as error:
            raise BackupFailed(f"{stored_as} became shorter while it was copied.") from error


def _configuration(source: Source, vault: Vault, folder: LocalFolder, name: str) -> Part:
    with sealed_file(folder, vault, name, CONFIGURATION) as file:
        file.write(json.dumps(dict(source.configuration), indent=2, sort_keys=True).encode())
    return file.part()


def _contents(manifest: Manifest, vault: Vault, folder: LocalFolder) -> None:
    """The manifest, plain and sealed."""
    content = write_manifest(manifest)
    with folder.writing(manifest.set_name, MANIFEST) as plain:
        plain.write(content)
    with sealed_file(folder, vault, manifest.set_name, MANIFEST_SEAL) as sealed:
        sealed.write(content)
