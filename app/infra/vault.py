"""Seals streams so that only the keys open them, and any change is found (EVD-02).

AES-256-GCM in segments of 1 MiB (Tink's streaming AEAD): memory stays bounded, every segment is
bound to its place, and the last one says that it is the last. Keys lie in a file outside the
database; a keyset has one primary key, which seals, and older ones, which still open.
"""

import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

import tink
from tink import json_proto_keyset_format, secret_key_access, streaming_aead

from app.infra.local.folders import write_private

SEGMENTS = streaming_aead.streaming_aead_key_templates.AES256_GCM_HKDF_1MB

streaming_aead.register()


class KeysMissing(Exception):
    """There is no readable keyset where one is needed."""


class SealBroken(Exception):
    """Sealed with another key, meant for another place, changed, or cut off."""


@dataclass(frozen=True, slots=True)
class Vault:
    """A keyset in use."""

    handle: tink.KeysetHandle
    key_id: int
    key_ids: frozenset[int]

    def seal(self, target: BinaryIO, context: str) -> BinaryIO:
        """A stream to write into; its sealed form goes to `target`, complete once it is closed.

        `context` names what the bytes are; the same words are needed to open them. Closing the
        stream closes the target.
        """
        primitive = self.handle.primitive(streaming_aead.StreamingAead)
        return cast("BinaryIO", primitive.new_encrypting_stream(target, context.encode()))

    def unseal(self, source: BinaryIO, context: str) -> "Unsealed":
        """A stream to read the content from. Reading raises SealBroken for what is not intact."""
        primitive = self.handle.primitive(streaming_aead.StreamingAead)
        try:
            return Unsealed(primitive.new_decrypting_stream(source, context.encode()))
        except tink.TinkError as error:
            raise SealBroken("The seal cannot be opened.") from error


class Unsealed(io.RawIOBase):
    """The content of a sealed stream. Only what was read to its end is known to be whole."""

    def __init__(self, content: BinaryIO) -> None:
        self._content = content

    def readable(self) -> bool:
        """It can be read."""
        return True

    def readinto(self, target: Any) -> int:
        """Fill the buffer. Raises SealBroken."""
        view = memoryview(target)
        try:
            found = self._content.read(len(view)) or b""
        except tink.TinkError as error:
            raise SealBroken("The seal does not fit its content.") from error
        view[: len(found)] = found
        return len(found)

    def close(self) -> None:
        """Close the sealed stream as well."""
        if not self.closed:
            self._content.close()
        super().close()


def open_vault(file: Path) -> Vault:
    """The keyset in this file. Raises KeysMissing."""
    try:
        text = file.read_text(encoding="utf-8")
        handle = json_proto_keyset_format.parse(text, secret_key_access.TOKEN)
        keyset = json.loads(text)
        key_ids = frozenset(int(key["keyId"]) for key in keyset["key"])
        return Vault(handle, int(keyset["primaryKeyId"]), key_ids)
    except (OSError, ValueError, KeyError, TypeError, tink.TinkError) as error:
        raise KeysMissing(f"{file.name} holds no keys that can be read.") from error


def create_keys(file: Path) -> Vault:
    """Make a keyset of one key. Raises FileExistsError: keys are never overwritten."""
    if file.exists():
        raise FileExistsError(file)
    _write(file, _new_keyset())
    return open_vault(file)


def rotate_keys(file: Path) -> Vault:
    """Add a key that seals from now on; the older ones still open what they sealed."""
    open_vault(file)
    kept, added = json.loads(file.read_text(encoding="utf-8")), _new_keyset()
    kept["key"] += added["key"]
    kept["primaryKeyId"] = added["primaryKeyId"]
    _write(file, kept)
    return open_vault(file)


def _new_keyset() -> dict[str, Any]:
    handle = tink.new_keyset_handle(SEGMENTS)
    text = json_proto_keyset_format.serialize(handle, secret_key_access.TOKEN)
    return dict(json.loads(text))


def _write(file: Path, keyset: dict[str, Any]) -> None:
    if not file.parent.exists():
        file.parent.mkdir(parents=True, mode=0o700)
    write_private(file, json.dumps(keyset, indent=2) + "\n")
    folder = os.open(file.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
