"""Looks at a set before anybody relies on it: every bit of it, and nothing live is touched."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from app.backup.errors import BadManifest, Damaged, SetNotFound, WrongKey
from app.backup.rules import MANIFEST, MANIFEST_SEAL, Manifest, Part, context_of, read_manifest
from app.backup.rules.manifest import LARGEST
from app.infra.storage import StorageFailed, Target
from app.infra.vault import SealBroken, Vault

CHUNK = 1024 * 1024


def read_set(target: Target, vault: Vault, set_name: str) -> Manifest:
    """The manifest of a set, proven by its seal.

    Raises SetNotFound, WrongKey, BadManifest, or Damaged when a part is missing or has another
    size. The content of the parts is not read yet: see `check_parts`.
    """
    try:
        sizes = target.files(set_name)
        plain = _whole(target, set_name, MANIFEST, sizes)
    except StorageFailed as error:
        raise SetNotFound(set_name) from error
    manifest = read_manifest(plain)
    if manifest.set_name != set_name:
        raise BadManifest("The manifest belongs to another set.")
    if manifest.key_id not in vault.key_ids:
        raise WrongKey(set_name, manifest.key_id)
    _check_seal(target, vault, set_name, plain, sizes)
    for part in manifest.parts:
        if sizes.get(part.name) != part.size:
            raise Damaged(f"{part.name} of {set_name} is missing or does not have its size.")
    return manifest


def check_parts(target: Target, vault: Vault, manifest: Manifest) -> None:
    """Read every part to its end. Raises Damaged for any bit that is not as it was."""
    for part in manifest.parts:
        with opened(target, vault, manifest, part) as content:
            while content.read(CHUNK):
                pass


@contextmanager
def opened(
    target: Target, vault: Vault, manifest: Manifest, part: Part
) -> Iterator["CheckedReader"]:
    """The content of a part. Reading raises Damaged; only its end says that it was whole."""
    try:
        with target.open(manifest.set_name, part.name) as file:
            hashed = _Hashed(file)
            context = context_of(manifest.set_name, part.name)
            with vault.unseal(cast("BinaryIO", hashed), context) as content:
                yield CheckedReader(content, hashed, part, manifest.set_name)
    except (SealBroken, StorageFailed, OSError) as error:
        raise Damaged(f"{part.name} of {manifest.set_name} is damaged or cut off.") from error


class _Hashed(io.RawIOBase):
    """Reads a file and keeps the SHA-256 of what was read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.hash, self.size = file, hashlib.sha256(), 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        found = self._file.read(size)
        self.hash.update(found)
        self.size += len(found)
        return found


class CheckedReader:
    """Reads content and compares it with the manifest at its end."""

    def __init__(self, content: io.RawIOBase, stored: _Hashed, part: Part, set_name: str) -> None:
        self._content, self._stored = content, stored
        self._part, self._set_name = part, set_name
        self._hash, self._size = hashlib.sha256(), 0

    def read(self, size: int = CHUNK) -> bytes:
        """The next bytes; empty at the end. Raises Damaged when the whole is not as it was."""
        found = self._content.read(size) or b""
        self._hash.update(found)
        self._size += len(found)
        if not found and size:
            self._compare()
        return found

    def _compare(self) -> None:
        part = self._part
        is_whole = (self._size, self._hash.hexdigest()) == (part.plain_size, part.plain_sha256)
        is_same = (self._stored.size, self._stored.hash.hexdigest()) == (part.size, part.sha256)
        if not (is_whole and is_same):
            raise Damaged(f"{part.name} of {self._set_name} is not what its manifest says.")


def _check_seal(
    target: Target, vault: Vault, set_name: str, plain: bytes, sizes: dict[str, int]
) -> None:
    sealed = _whole(target, set_name, MANIFEST_SEAL, sizes)
    try:
        with vault.unseal(io.BytesIO(sealed), context_of(set_name, MANIFEST_SEAL)) as content:
            proven = content.readall()
    except SealBroken as error:
        raise Damaged(f"The seal of {set_name} is broken: it was changed.") from error
    if proven != plain:
        raise Damaged(f"The manifest of {set_name} is not the one that was sealed.")


def _whole(target: Target, set_name: str, file_name: str, sizes: dict[str, int]) -> bytes:
    if file_name not in sizes:
        raise Damaged(f"{set_name} has no {file_name}.")
    if sizes[file_name] > 2 * LARGEST:
        raise BadManifest(f"{file_name} of {set_name} is too large to be one of ours.")
    with target.open(set_name, file_name) as file:
        return file.read()
