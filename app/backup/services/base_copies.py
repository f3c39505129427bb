"""Makes base copies of the whole cluster, for recovery to any later moment (BAK-01).

pg_basebackup streams into gzip, into the seal, into the file; nothing lies unsealed anywhere.
"""

import gzip
import io
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any, cast

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from app.backup.errors import BackupFailed, Damaged
from app.backup.rules import context_of
from app.backup.rules.base_copy import (
    CLUSTER_FILES,
    CONTENTS,
    BaseCopy,
    name_of_base,
    needless,
    read_base,
    write_base,
)
from app.backup.services.sealing import sealed_file
from app.infra.pg_programs import environment, program
from app.infra.storage import LocalFolder, StorageFailed, Target, s3_bucket
from app.infra.vault import SealBroken, Vault
from app.infra.wal_shelves import Shelf
from config.settings import Settings

# Hidden from those who list backup sets: the name of a set has no underscore.
BASE_FOLDER = "_base"
CHUNK = 1024 * 1024
CLUSTER = text(
    "SELECT s.system_identifier::text, c.timeline_id,"
    " pg_walfile_name(pg_current_wal_insert_lsn()),"
    " (SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size'),"
    " current_setting('server_version_num')::integer / 10000"
    " FROM pg_control_system() s, pg_control_checkpoint() c"
)
NOW = text("SELECT clock_timestamp()")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Which cluster a server runs, and where its log is now."""

    system: str
    timeline: int
    segment: str
    segment_bytes: int
    server_major: int


def first_place(settings: Settings) -> LocalFolder:
    """Where base copies are written, and read from."""
    return LocalFolder(settings.backup_folder / BASE_FOLDER)


def other_places(settings: Settings) -> list[Target]:
    """Where a finished base copy is copied to."""
    places: list[Target] = []
    if settings.backup_second_folder:
        places.append(LocalFolder(Path(settings.backup_second_folder) / BASE_FOLDER))
    if settings.backup_s3_bucket:
        prefix = "/".join(part for part in (settings.backup_s3_prefix, BASE_FOLDER) if part)
        bucket = s3_bucket(
            settings.backup_s3_bucket,
            prefix=prefix,
            endpoint=settings.backup_s3_endpoint,
            region=settings.backup_s3_region,
            key_id=settings.backup_s3_key_id,
            secret_key=settings.backup_s3_secret_key,
        )
        places.append(bucket)
    return places


def cluster_at(url: str) -> Cluster:
    """The cluster behind a URL. Raises BackupFailed."""
    return Cluster(*_asked(url, CLUSTER))


def make_base(
    url: str, vault: Vault, folder: LocalFolder, *, made_at: datetime, mark: str
) -> BaseCopy:
    """Write one base copy. Raises BackupFailed, StorageFailed; then nothing of it is left."""
    cluster, name = cluster_at(url), name_of_base(made_at, mark)
    try:
        with sealed_file(folder, vault, name, CLUSTER_FILES) as file:
            _stream(url, cluster.server_major, name, file)
        copy = BaseCopy(
            set_name=name,
            finished_at=_asked(url, NOW)[0],
            cluster=cluster.system,
            timeline=cluster.timeline,
            start_wal=cluster.segment,
            segment_bytes=cluster.segment_bytes,
            server_major=cluster.server_major,
            size=file.part().plain_size,
            sha256=file.part().plain_sha256,
        )
        with sealed_file(folder, vault, name, CONTENTS) as contents:
            contents.write(write_base(copy))
        folder.finish(name)
    except BaseException:
        folder.abandon(name)
        raise
    return copy


def _asked(url: str, question: Any) -> Any:
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return connection.execute(question).one()
    except DBAPIError as error:
        reason = str(error.orig).strip().splitlines()[0]
        raise BackupFailed(f"The database server refused: {reason}") from error


def _stream(url: str, server_major: int, label: str, file: Any) -> None:
    command: list[Path | str] = [
        program("pg_basebackup", server_major=server_major),
        "--pgdata=-",
        "--format=tar",
        "--wal-method=fetch",
        "--checkpoint=fast",
        f"--label={label}",
        "--no-password",
    ]
    with (
        gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1, mtime=0) as packed,
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(  # noqa: S603 - a program that we found ourselves
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=complaints,
            env=environment(url),
        ) as running,
    ):
        try:
            while chunk := cast("IO[bytes]", running.stdout).read(CHUNK):
                packed.write(chunk)
        except BaseException:
            running.kill()
            raise
        if running.wait() != 0:
            raise BackupFailed(f"pg_basebackup failed: {_last_line(complaints)}")


def _last_line(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read()[-2000:].decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it did not say why."


def send_base(copy: BaseCopy, source: Target, target: Target) -> None:
    """Copy a finished one to another place. Raises StorageFailed."""
    try:
        for name in (CLUSTER_FILES, CONTENTS):
            with source.open(copy.set_name, name) as file:
                target.put(copy.set_name, name, file)
        target.finish(copy.set_name)
    except StorageFailed:
        target.abandon(copy.set_name)
        raise


def base_copies(place: Target, vault: Vault) -> list[BaseCopy]:
    """The base copies of a place, oldest first. Raises Damaged, BadManifest, StorageFailed."""
    return [_contents(place, vault, name) for name in place.sets() if name.startswith("base-")]


def _contents(place: Target, vault: Vault, name: str) -> BaseCopy:
    try:
        with place.open(name, CONTENTS) as file:
            kept = io.BytesIO(file.read())
        with vault.unseal(kept, context_of(name, CONTENTS)) as content:
            return read_base(content.readall())
    except SealBroken as error:
        raise Damaged(f"The contents of {name} cannot be opened with the keys at hand.") from error


def prune_bases(
    place: Target, shelves: Sequence[Shelf], vault: Vault, *, keep: int, cluster: str
) -> int:
    """Remove all but the newest base copies of a cluster, and the log before the oldest kept.

    Returns how many copies went. Raises what reading and removing them raises.
    """
    found = [copy for copy in base_copies(place, vault) if copy.cluster == cluster]
    kept, gone = found[-keep:], found[:-keep]
    for copy in gone:
        place.remove(copy.set_name)
    for shelf in shelves:
        for name in needless(kept, shelf.names()):
            shelf.remove(name)
    return len(gone)
