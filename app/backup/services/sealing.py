"""Files of a set while they are written: measured, hashed and sealed in one pass (EVD-02)."""

import contextlib
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

from tink import TinkError

from app.backup.errors import BackupFailed
from app.backup.rules import Part, context_of
from app.infra.storage import LocalFolder
from app.infra.vault import Vault


class Counted(io.RawIOBase):
    """Passes bytes on and keeps their number and SHA-256. Closing it leaves the file open."""

    def __init__(self, target: BinaryIO) -> None:
        self._target: BinaryIO | None = target
        self.size, self._hash = 0, hashlib.sha256()

    def writable(self) -> bool:
        """It can be written to."""
        return True

    def write(self, data: Any) -> int:
        """Write all of it; after `cut_off` it goes nowhere."""
        if self._target is not None:
            self._target.write(data)
            self.size += len(data)
            self._hash.update(data)
        return len(data)

    def cut_off(self) -> None:
        """The file is given up: what a seal still wants to write on its end is dropped."""
        self._target = None

    @property
    def sha256(self) -> str:
        """Of everything written so far."""
        return self._hash.hexdigest()


class SealedFile:
    """One part being written. `part()` tells what became of it once it is whole."""

    def __init__(self, name: str, stored: Counted, content: Counted) -> None:
        self.name, self._stored, self._content = name, stored, content

    def write(self, data: bytes) -> int:
        """Add to the content."""
        return self._content.write(data)

    @property
    def plain_size(self) -> int:
        """Bytes of content so far."""
        return self._content.size

    def part(self) -> Part:
        """Sizes and hashes for the manifest."""
        return Part(
            name=self.name,
            size=self._stored.size,
            sha256=self._stored.sha256,
            plain_size=self._content.size,
            plain_sha256=self._content.sha256,
        )


@contextmanager
def sealed_file(
    folder: LocalFolder, vault: Vault, set_name: str, file_name: str
) -> Iterator[SealedFile]:
    """Write one sealed file of an unfinished set. Raises BackupFailed, StorageFailed."""
    with folder.writing(set_name, file_name) as file:
        stored = Counted(file)
        stream = vault.seal(cast("BinaryIO", stored), context_of(set_name, file_name))
        try:
            yield SealedFile(file_name, stored, Counted(stream))
            stream.close()
        except TinkError as error:  # the disk's own error came through the seal
            raise BackupFailed(f"{file_name} could not be written: {_cause(error)}.") from error
        finally:
            stored.cut_off()
            with contextlib.suppress(TinkError):  # after a full disk it only says so again
                stream.close()


def _cause(error: TinkError) -> str:
    return "the disk is full" if "No space left" in str(error) else "writing was refused"
