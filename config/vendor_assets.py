"""Copy the front-end files that we serve out of node_modules, after checking what they are.

Run `python -m config.vendor_assets` after `npm ci --ignore-scripts`. Nothing is loaded from another
host at run time, so these copies are what every browser gets: when a file's SHA-256 differs from
`vendor.lock.json`, none is copied (EVD-04). `--update` rewrites the lock file after a deliberate
change.
"""

import argparse
import hashlib
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = Path("config/vendor.lock.json")

STAFF = "app/static/vendor"
PORTAL = "portal/static/vendor"

FILES: dict[str, str] = {
    f"{STAFF}/event-calendar.min.js": "@event-calendar/build/dist/event-calendar.min.js",
    f"{STAFF}/event-calendar.min.css": "@event-calendar/build/dist/event-calendar.min.css",
    f"{STAFF}/chart.umd.min.js": "chart.js/dist/chart.umd.min.js",
    f"{STAFF}/htmx.min.js": "htmx.org/dist/htmx.min.js",
    f"{PORTAL}/htmx.min.js": "htmx.org/dist/htmx.min.js",
}
"""Where each file goes, and which file of node_modules it is."""


class VendorError(Exception):
    """The files cannot be trusted or are not there; the message says what to do."""


def sha256(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def packaged(root: Path) -> dict[str, str]:
    """SHA-256 of every file as npm installed it. Raises VendorError when one is missing."""
    hashes = {}
    for target, source in FILES.items():
        path = root / "node_modules" / source
        if not path.is_file():
            raise VendorError(f"{source} is not installed. Run: npm ci --ignore-scripts")
        hashes[target] = sha256(path)
    return hashes


def locked(root: Path) -> dict[str, str]:
    """The hashes that were reviewed and committed. Raises VendorError when there are none."""
    path = root / LOCK
    if not path.is_file():
        raise VendorError(f"{LOCK} is missing. Restore it from the repository.")
    hashes: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return hashes


def check(found: dict[str, str], expected: dict[str, str]) -> None:
    """Raises VendorError naming every file that is not the reviewed one."""
    wrong = sorted(name for name in found | expected if found.get(name) != expected.get(name))
    if wrong:
        raise VendorError(
            "These files are not the reviewed ones: " + ", ".join(wrong) + ". "
            "After a deliberate change of version run: python -m config.vendor_assets --update"
        )


def is_current(root: Path, hashes: dict[str, str]) -> bool:
    """Whether every served copy already is the reviewed file."""
    return all((root / name).is_file() and sha256(root / name) == h for name, h in hashes.items())


def copy_all(root: Path) -> None:
    """Put the files in place, each by an atomic rename so that a server never sends half of one."""
    for target, source in FILES.items():
        path = root / target
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(path.name + ".part")
        shutil.copyfile(root / "node_modules" / source, part)
        part.replace(path)


def main(arguments: Sequence[str] | None = None, *, root: Path = ROOT) -> int:
    """0 when every file is in place, 1 with a sentence on standard error when not."""
    parser = argparse.ArgumentParser(description="Put the front-end files in place.")
    parser.add_argument("--update", action="store_true", help="rewrite the lock file")
    options = parser.parse_args(arguments)
    try:
        if options.update:
            text = json.dumps(packaged(root), indent=2, sort_keys=True) + "\n"
            (root / LOCK).write_text(text, encoding="utf-8")
        expected = locked(root)
        if is_current(root, expected) and set(expected) == set(FILES):
            return 0
        check(packaged(root), expected)
        copy_all(root)
    except VendorError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{len(FILES)} front-end files are in place.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
