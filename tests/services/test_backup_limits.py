"""Full disks and large files: earlier sets stay, and memory stays small (BAK-01)."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.backup.services.checking import check_parts, read_set
from tests.factories.backups import create_kit

LARGE = 300_000_000
MOST_GROWTH = 150_000_000
ROOT = Path(__file__).parents[2]

# A process of its own makes a set and says what became of it, and how much memory it took.
PROGRAM = """
import json, resource, sys
from datetime import UTC, datetime
from pathlib import Path
from app.backup.services.making import Source, make_set
from app.infra.storage import LocalFolder, StorageFailed
from app.infra.vault import open_vault
from app.kernel.errors import DomainError
from app.kernel.invariant import FileArea

url, home, keys, folder, limit = sys.argv[1:]
area = FileArea("test.reports", "reports", "Reports.")
source = Source(url, Path(home), (area,), {}, "San Carlos")
vault = open_vault(Path(keys))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
if int(limit):
    import signal
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
said = ""
try:
    made = make_set(source, vault, LocalFolder(Path(folder)), made_at=datetime.now(UTC),
                    mark="ffffffff", say=lambda *_: None)
except (DomainError, StorageFailed) as error:
    said = str(error)
grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
print(json.dumps({"said": said, "grown": grown * 1024}))
"""


def make_elsewhere(kit, limit=0, folder=None):
    """A set made by another process; what it said."""
    values = [
        kit.source.database_url,
        str(kit.source.home),
        str(kit.keys),
        str(folder or kit.folder.folder),
        str(limit),
    ]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *values],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def kit(template_database, tmp_path):
    """What backups of the template database need."""
    return create_kit(template_database, tmp_path)


def test_files_of_300_megabytes_need_little_memory(kit):
    with (kit.source.home / "reports" / "large.pdf").open("wb") as file:
        file.truncate(LARGE)

    told = make_elsewhere(kit)

    assert told["said"] == ""
    assert told["grown"] < MOST_GROWTH
    [name] = kit.folder.sets()
    assert kit.folder.files(name)["files.tar.sealed"] > LARGE


@pytest.mark.parametrize("limit", [40_000, 2_500_000])
def test_a_file_that_cannot_grow_leaves_the_earlier_set_and_nothing_else(kit, limit):
    earlier = kit.make()
    (kit.source.home / "reports" / "large.pdf").write_bytes(os.urandom(5_000_000))

    told = make_elsewhere(kit, limit)

    assert told["said"]
    assert [path.name for path in kit.folder.folder.iterdir()] == [earlier.set_name]
    check_parts(kit.folder, kit.vault, read_set(kit.folder, kit.vault, earlier.set_name))


def test_a_disk_that_is_full_is_said_and_leaves_nothing(kit, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    (kit.source.home / "reports" / "large.pdf").write_bytes(os.urandom(5_000_000))
    # Who may not mount meets the same end by a limit of the process.
    limit = 0 if mounted.returncode == 0 else 2_500_000
    try:
        told = make_elsewhere(kit, limit, disk)
        left = list(disk.iterdir())
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", str(disk)], check=True)

    assert told["said"]
    assert left == []
    if mounted.returncode == 0:
        assert "full" in told["said"] or "No space left" in told["said"]
