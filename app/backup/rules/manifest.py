"""The table of contents of a set (BAK-02, BAK-03): what belongs to it and how it is checked.

It lies in the set twice, word for word: as `manifest.json`, which anybody may read (it holds sizes,
counts and hashes, nobody's data), and sealed, which proves that nobody changed it.
"""

import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from app.backup.errors import BadManifest

FORMAT = 1
DATABASE = "database.dump.sealed"
FILES = "files.tar.sealed"
CONFIGURATION = "configuration.json.sealed"
PARTS = (DATABASE, FILES, CONFIGURATION)
MANIFEST = "manifest.json"
MANIFEST_SEAL = "manifest.sealed"
LARGEST = 5_000_000  # bytes of a manifest; ours have some thousands

SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Part:
    """One sealed file: its own size and SHA-256, and those of what it holds. Sizes in bytes."""

    name: str
    size: int
    sha256: str
    plain_size: int
    plain_sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What one set holds."""

    set_name: str
    made_at: datetime
    institution: str
    product_version: str
    schema_revision: str
    server_major: int
    key_id: int
    parts: tuple[Part, ...]
    row_counts: dict[str, int]
    file_count: int

    @property
    def size(self) -> int:
        """Bytes of all parts."""
        return sum(part.size for part in self.parts)

    def part(self, name: str) -> Part:
        """One part by its name."""
        return next(part for part in self.parts if part.name == name)


def name_of_set(made_at: datetime, mark: str) -> str:
    """`uscpis-<UTC time>-<mark>`; the mark keeps two sets of one second apart."""
    return f"uscpis-{made_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{mark}"


def context_of(set_name: str, file_name: str) -> str:
    """The words that bind a seal to its place, so that parts of two sets cannot be swapped."""
    return f"uscpis-backup/{FORMAT}/{set_name}/{file_name}"


def write_manifest(manifest: Manifest) -> bytes:
    """As text for `manifest.json`."""
    values = asdict(manifest) | {"format": FORMAT, "made_at": manifest.made_at.isoformat()}
    return (json.dumps(values, indent=2, sort_keys=True) + "\n").encode()


def read_manifest(text: bytes) -> Manifest:
    """Read it back. Whoever wrote it is not trusted: raises BadManifest for anything odd."""
    if len(text) > LARGEST:
        raise BadManifest("The manifest is too large to be one of ours.")
    try:
        values = json.loads(text)
        found = _format_of(values)
        if found != FORMAT:
            raise BadManifest(
                f"The set has format {found}; this release reads format {FORMAT}. "
                "Use the release that made it."
            )
        return _manifest_of(values)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BadManifest("The manifest cannot be read: it is cut or not one of ours.") from error


def _format_of(values: Any) -> int:
    return _number(values["format"])


def _manifest_of(values: dict[str, Any]) -> Manifest:
    made_at = datetime.fromisoformat(_text(values["made_at"]))
    if made_at.tzinfo is None:
        raise ValueError("no zone")
    parts = tuple(_part_of(part) for part in values["parts"])
    if tuple(part.name for part in parts) != PARTS:
        raise BadManifest("The manifest does not name exactly the parts that a set has.")
    return Manifest(
        set_name=_text(values["set_name"]),
        made_at=made_at,
        institution=_text(values["institution"]),
        product_version=_text(values["product_version"]),
        schema_revision=_text(values["schema_revision"]),
        server_major=_number(values["server_major"]),
        key_id=_number(values["key_id"]),
        parts=parts,
        row_counts={_text(name): _number(n) for name, n in values["row_counts"].items()},
        file_count=_number(values["file_count"]),
    )


def _part_of(values: dict[str, Any]) -> Part:
    part = Part(
        name=_text(values["name"]),
        size=_number(values["size"]),
        sha256=_text(values["sha256"]),
        plain_size=_number(values["plain_size"]),
        plain_sha256=_text(values["plain_sha256"]),
    )
    if not SHA256.fullmatch(part.sha256) or not SHA256.fullmatch(part.plain_sha256):
        raise ValueError("no hash")
    return part


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _number(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise TypeError("no number")
    return value
