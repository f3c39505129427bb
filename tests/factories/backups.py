"""The smallest things a backup needs: keys, a folder, a source and a finished set."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.backup.rules import Manifest
from app.backup.services.making import Source, make_set
from app.infra.storage import LocalFolder
from app.infra.vault import Vault, create_keys
from app.kernel.invariant import FileArea

AREA = FileArea("test.reports", "reports", "Reports that somebody signed.")
MADE_AT = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Kit:
    """Everything at hand to make sets of one database."""

    source: Source
    vault: Vault
    folder: LocalFolder
    keys: Path

    def make(self, mark: str = "0a1b2c3d") -> Manifest:
        """One finished set."""
        return make_set(
            self.source, self.vault, self.folder, made_at=MADE_AT, mark=mark, say=lambda *_: None
        )


def create_kit(url: str, folder: Path, *, files: dict[str, bytes] | None = None) -> Kit:
    """A home with some files, keys beside it, and an empty folder for sets."""
    home = folder / "home"
    (home / "reports").mkdir(parents=True)
    for name, content in (files or {"proof.pdf": b"%PDF of \xc3\xb1", "proof.json": b"{}"}).items():
        (home / "reports" / name).write_bytes(content)
    keys = folder / "keys" / "backup.json"
    return Kit(
        source=Source(url, home, (AREA,), {"CLINIC_NAME": "Health Services"}, "San Carlos"),
        vault=create_keys(keys),
        folder=LocalFolder(folder / "backups"),
        keys=keys,
    )
