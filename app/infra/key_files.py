"""Small secrets in files of their own, outside of the database and of every backup (EVD-02).

Made once and never overwritten: what was signed or sealed with a key needs just that key.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path


class KeyFileMissing(Exception):
    """There is no such key, and this process must not make one up."""


def kept_key(file: Path, make: Callable[[], str], *, may_create: bool) -> str:
    """The content of the key file, made now where that is allowed. Raises KeyFileMissing."""
    if may_create:
        create_key(file, make)
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise KeyFileMissing(file.name) from error


def create_key(file: Path, make: Callable[[], str]) -> bool:
    """Make the key file for us alone, complete or not at all; False when it is there already.

    Two who begin at once end with the same key: a link is made once.
    """
    if file.exists():
        return False
    half = _written(file, make())
    try:
        os.link(half, file)
    except FileExistsError:
        return False
    finally:
        half.unlink()
    return True


def keep_beside_keys(file: Path, text: str) -> None:
    """Write a note that belongs to a key, or replace it, complete or not at all."""
    _written(file, text).replace(file)


def _written(file: Path, text: str) -> Path:
    """The text on disk under a name of its own, readable by us alone."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    return Path(name)
