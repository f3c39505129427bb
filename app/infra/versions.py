"""Which releases run here: ours, Python, and the packages that matter."""

import functools
import platform
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = (
    "Flask",
    "Flask-AppBuilder",
    "SQLAlchemy",
    "psycopg2-binary",
    "rq",
    "redis",
    "gunicorn",
    "tink",
)


@functools.cache
def own_version() -> str:
    """The version in pyproject.toml."""
    project = Path(__file__).parents[2] / "pyproject.toml"
    return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])


@functools.cache
def package_versions() -> dict[str, str]:
    """Name to version; what is not installed is left out."""
    found = {"USC-PIS": own_version(), "Python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
