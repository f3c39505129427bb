"""How long a backup and its restore take (BAK-01, BAK-02)."""

import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask

from app.backup.rules import has_passed
from app.backup.services.making import Source, make_set
from app.backup.services.proving import check_before, prove_copy
from app.backup.services.restoring import Place, restore_database
from app.backup.services.scratch import SCRATCH, copy_beside
from app.infra.storage import LocalFolder
from app.infra.vault import create_keys
from bench.report import Row

RESTORE_SECONDS = 60
BACKUP_SECONDS = 60


def restore(app: Flask, size: int) -> list[Row]:
    """Seal the whole database, and fill an empty one from the sealed set."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    with TemporaryDirectory() as name:
        folder = Path(name)
        vault = create_keys(folder / "keys" / "backup.json")
        source = Source(url, folder / "home", (), {}, "San Carlos")
        sets = LocalFolder(folder / "sets")
        begin = time.perf_counter()
        made = make_set(
            source, vault, sets, made_at=datetime.now(UTC), mark="0a1b2c3d", say=lambda *_: None
        )
        backed_up = time.perf_counter() - begin
        place = Place(sets, vault, made)
        with copy_beside(url, folder / "work", SCRATCH) as copy:
            begin = time.perf_counter()
            restore_database(place, copy.url, copy.folder)
            restored = time.perf_counter() - begin
        with app.app_context(), copy_beside(url, folder / "work", SCRATCH) as copy:
            begin = time.perf_counter()
            checks = check_before(place, url, folder) + prove_copy(place, (), copy)
            recovered = time.perf_counter() - begin
    note = f"{sum(made.row_counts.values()):,} rows, {made.size / 1e6:,.0f} MB sealed"
    proof = f"{len(checks)} checks, {'all passed' if has_passed(checks) else 'NOT PASSED'}"
    return [
        Row(f"backup of {size:,} visits", backed_up, BACKUP_SECONDS, "s", note=note),
        Row(f"restore of {size:,} visits, database", restored, RESTORE_SECONDS, "s", note=note),
        Row(f"restore of {size:,} visits, proven", recovered, RESTORE_SECONDS, "s", note=proof),
    ]
