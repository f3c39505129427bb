"""Base copies and the log that leads on from them (BAK-01): which serve for a moment, and if whole.

A base copy is the whole cluster as files. From its first segment on, PostgreSQL's log leads to any
later moment, if no segment of it is missing.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from app.backup.errors import BadManifest, NothingToRecover
from app.backup.rules.manifest import LARGEST

CLUSTER_FILES = "cluster.tar.gz.sealed"
CONTENTS = "contents.sealed"
SEGMENT = re.compile(r"[0-9A-F]{24}")
NAME = re.compile(r"base-(\d{8}T\d{6}Z)-[0-9a-f]+")
FORMAT = 1


@dataclass(frozen=True, slots=True)
class BaseCopy:
    """What one base copy is: of which cluster, when it ended, and where its log begins."""

    set_name: str
    finished_at: datetime
    cluster: str
    timeline: int
    start_wal: str
    segment_bytes: int
    server_major: int
    size: int
    sha256: str


def name_of_base(made_at: datetime, mark: str) -> str:
    """`base-<UTC time>-<mark>`: names in order are copies in order."""
    return f"base-{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{mark}"


def made_at_of(name: str) -> datetime | None:
    """When the copy of this name was begun; None for what is no base copy."""
    found = NAME.fullmatch(name)
    return datetime.strptime(found[1], "%Y%m%dT%H%M%S%z") if found else None


def write_base(copy: BaseCopy) -> bytes:
    """As text."""
    values = asdict(copy) | {"finished_at": copy.finished_at.isoformat(), "format": FORMAT}
    return json.dumps(values, sort_keys=True).encode()


def read_base(text: bytes) -> BaseCopy:
    """Read it back. Raises BadManifest."""
    try:
        if len(text) > LARGEST:
            raise ValueError("too large")
        values = json.loads(text)
        if values.pop("format") != FORMAT:
            raise ValueError("another format")
        values["finished_at"] = datetime.fromisoformat(values["finished_at"])
        copy = BaseCopy(**values)
        if not SEGMENT.fullmatch(copy.start_wal) or copy.finished_at.tzinfo is None:
            raise ValueError("odd values")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadManifest("The contents of a base copy cannot be read.") from error
    return copy


def copy_for(copies: Iterable[BaseCopy], moment: datetime, *, timeline: int | None) -> BaseCopy:
    """The latest copy that was finished before the moment. Raises NothingToRecover."""
    fitting = [
        copy for copy in copies if copy.finished_at <= moment and timeline in (None, copy.timeline)
    ]
    if not fitting:
        raise NothingToRecover(
            "There is no base copy from before that moment, so it cannot be reached. "
            "Restore a backup set instead, or choose a later moment."
        )
    return max(fitting, key=lambda copy: copy.finished_at)


def log_from(copy: BaseCopy, names: Iterable[str]) -> list[str]:
    """The archived segments that lead on from the copy on its timeline, in order.

    Raises NothingToRecover when one is missing in between.
    """
    kept = sorted(
        name
        for name in names
        if SEGMENT.fullmatch(name) and name[:8] == copy.start_wal[:8] and name >= copy.start_wal
    )
    for found, expected in zip(kept, _following(copy), strict=False):
        if found != expected:
            raise NothingToRecover(f"The segment {expected} of the log is missing in the archive.")
    return kept


def _following(copy: BaseCopy) -> Iterator[str]:
    """Names of segments from the first of the copy on, without end."""
    per_file = 0x1_0000_0000 // copy.segment_bytes
    number = int(copy.start_wal[8:16], 16) * per_file + int(copy.start_wal[16:], 16)
    while True:
        yield f"{copy.start_wal[:8]}{number // per_file:08X}{number % per_file:08X}"
        number += 1


def needless(kept: Sequence[BaseCopy], names: Iterable[str]) -> list[str]:
    """Files of the log from before the oldest kept copy; the history of timelines stays."""
    if not kept:
        return []
    oldest = min(copy.start_wal[8:] for copy in kept)
    return [name for name in names if SEGMENT.match(name) and name[8:24] < oldest]
