"""The history of the schema, and how a copy from an older release is brought up to date."""

import os
import subprocess
import sys
from functools import cache
from pathlib import Path

from alembic.script import ScriptDirectory

from app.backup.errors import BackupFailed

ROOT = Path(__file__).parents[3]


@cache
def known_revisions() -> tuple[str, ...]:
    """Every schema revision that this release knows, oldest first."""
    scripts = ScriptDirectory(str(ROOT / "migrations"))
    return tuple(script.revision for script in scripts.walk_revisions())[::-1]


def migrate_copy(url: str) -> None:
    """Bring the database of this URL to the newest schema. Raises BackupFailed.

    In a process of its own: this one has its settings and its engine for the live database.
    """
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "db", "upgrade"],
        cwd=ROOT,
        env=os.environ | {"DATABASE_URL": url, "DATABASE_OWNER_URL": url},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise BackupFailed(
            f"The older schema could not be brought up to date: {lines[-1] if lines else ''}"
        )
