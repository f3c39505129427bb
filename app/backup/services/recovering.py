"""Prepares a data folder that PostgreSQL rolls forward to a moment (BAK-01, BAK-04).

Nothing live is touched: the folder is new, and everything is checked before it gets its name. The
server that is then started on it reads the log from the archive and opens at the moment.
"""

import gzip
import os
import secrets
import shutil
import tarfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from app.backup.errors import Damaged, FolderInUse
from app.backup.rules import context_of
from app.backup.rules.base_copy import CLUSTER_FILES, BaseCopy, copy_for, log_from
from app.backup.services.base_copies import base_copies
from app.backup.services.recovered import SETTING
from app.infra.storage import StorageFailed, Target
from app.infra.vault import SealBroken, Vault
from app.infra.wal import Refused, restore
from app.infra.wal_shelves import NotKept, Shelf

CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was prepared."""

    copy: BaseCopy
    segments: int
    folder: Path


def choose(
    place: Target, vault: Vault, moment: datetime, *, timeline: int | None = None
) -> BaseCopy:
    """The base copy to begin with. Raises NothingToRecover, Damaged, BadManifest."""
    return copy_for(base_copies(place, vault), moment, timeline=timeline)


def check_log(copy: BaseCopy, shelves: Sequence[Shelf], vault: Vault) -> int:
    """Read every segment that leads on from the copy; how many. Raises Damaged, NothingToRecover.

    Only the nearest unharmed copy of each is needed.
    """
    names = {name for shelf in shelves for name in shelf.names()}
    kept = log_from(copy, names)
    for name in kept:
        try:
            restore(name, copy.cluster, vault, list(shelves))
        except (Refused, NotKept, zlib.error) as error:
            raise Damaged(f"The log cannot be followed: {error}") from error
    return len(kept)


def prepare(
    copy: BaseCopy,
    place: Target,
    shelves: Sequence[Shelf],
    vault: Vault,
    *,
    moment: datetime,
    folder: Path,
    restore_command: str,
) -> Recovery:
    """Make the data folder. Raises FolderInUse, Damaged, NothingToRecover; then there is none."""
    if folder.exists():
        raise FolderInUse(folder)
    segments = check_log(copy, shelves, vault)
    half = folder.with_name(f"{folder.name}.half")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    try:
        _unpack(copy, place, vault, half)
        _instruct(copy, half, moment, restore_command)
        _belong(half, folder.parent)
        half.rename(folder)
    except BaseException:
        shutil.rmtree(half, ignore_errors=True)
        raise
    return Recovery(copy, segments, folder)


def _unpack(copy: BaseCopy, place: Target, vault: Vault, folder: Path) -> None:
    name = copy.set_name
    try:
        with (
            place.open(name, CLUSTER_FILES) as file,
            vault.unseal(file, context_of(name, CLUSTER_FILES)) as content,
            gzip.open(cast("Any", content), "rb") as packed,
        ):
            with tarfile.open(fileobj=cast("Any", packed), mode="r|") as tar:
                for entry in tar:
                    tar.extract(entry, folder, filter="data")
            while packed.read(CHUNK):  # only its end says that it was whole
                pass
    except (SealBroken, StorageFailed, OSError, EOFError, tarfile.TarError, zlib.error) as error:
        raise Damaged(f"The cluster of {name} is damaged or cut off.") from error


def _instruct(copy: BaseCopy, folder: Path, moment: datetime, restore_command: str) -> None:
    """Tell the server how far to go. Once there it opens for use on a timeline of its own."""
    settings = {
        "restore_command": restore_command,
        "recovery_target_time": moment.isoformat(sep=" "),
        "recovery_target_timeline": str(copy.timeline),
        "recovery_target_action": "promote",
        # Whoever works with the database first settles what was half-done then.
        SETTING: f"{moment.astimezone(UTC).isoformat()} {secrets.token_hex(4)}",
    }
    lines = [
        f"{name} = '{value.replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()
    ]
    with (folder / "postgresql.auto.conf").open("a", encoding="utf-8") as file:
        file.write("\n# Written by `flask clinic recover`\n" + "\n".join(lines) + "\n")
    (folder / "recovery.signal").touch()


def _belong(folder: Path, parent: Path) -> None:
    """Private folders of whoever owns the folder above; only root can give them away."""
    owner = parent.stat()
    for path, _folders, files in os.walk(folder):
        Path(path).chmod(0o700)
        for name in (path, *(os.path.join(path, file) for file in files)):  # noqa: PTH118
            if os.geteuid() == 0:
                os.chown(name, owner.st_uid, owner.st_gid)
