"""Where segments of PostgreSQL's log are kept: files that are written once and never changed."""

import os
import secrets
from pathlib import Path
from typing import Protocol

from app.infra.vault import Vault, open_vault
from app.infra.whole_files import sync_folder
from config.settings import Settings

# Hidden from those who list backup sets: the name of a set has no underscore.
WAL_FOLDER = "_wal"


class NotKept(Exception):
    """There is no file of this name."""


class ShelfFailed(Exception):
    """The place did not do what it was asked for; the text says what and where."""


class Shelf(Protocol):
    """A place for the files of one cluster."""

    label: str

    def read(self, name: str) -> bytes:
        """The file. Raises NotKept, ShelfFailed."""

    def write(self, name: str, content: bytes) -> None:
        """Keep a new file, all of it and for good. Raises ShelfFailed."""

    def names(self) -> list[str]:
        """What is kept here. Raises ShelfFailed."""

    def remove(self, name: str) -> None:
        """Forget a file that nobody needs any more. Raises ShelfFailed."""


class FolderShelf:
    """Files in a folder of a disk or a mount."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.label = folder, str(folder)

    def read(self, name: str) -> bytes:
        """From disk."""
        try:
            return (self.folder / name).read_bytes()
        except FileNotFoundError as error:
            raise NotKept(name) from error
        except OSError as error:
            raise self._failed(error) from error

    def write(self, name: str, content: bytes) -> None:
        """Beside its place first; the link gives it its name only when it is on the disk."""
        half = self.folder / f".{name}.{secrets.token_hex(4)}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            try:
                _write_durably(half, content)
                os.link(half, self.folder / name)
            finally:
                half.unlink(missing_ok=True)
            sync_folder(self.folder)
        except OSError as error:
            raise self._failed(error) from error

    def names(self) -> list[str]:
        """Without what an interrupted run left."""
        if not self.folder.exists():
            return []
        return sorted(entry.name for entry in os.scandir(self.folder) if entry.name[0] != ".")

    def remove(self, name: str) -> None:
        """From disk."""
        try:
            (self.folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> ShelfFailed:
        return ShelfFailed(f"{self.label}: {error.strerror or type(error).__name__}.")


def _write_durably(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def vault_of(settings: Settings) -> Vault:
    """The keys of backups. Raises KeysMissing."""
    return open_vault(settings.keys_folder / "backup.json")


def shelves_of(settings: Settings, cluster: str) -> list[Shelf]:
    """The shelves of a cluster in every place that backups go to, the nearest first."""
    folders = [settings.backup_folder]
    if settings.backup_second_folder:
        folders.append(Path(settings.backup_second_folder))
    shelves: list[Shelf] = [FolderShelf(folder / WAL_FOLDER / cluster) for folder in folders]
    if settings.backup_s3_bucket:
        # Loading the client takes longer than sealing a segment, and most places need none.
        from app.infra.wal_bucket import bucket_shelf  # noqa: PLC0415

        shelves.append(bucket_shelf(settings, f"{WAL_FOLDER}/{cluster}"))
    return shelves
