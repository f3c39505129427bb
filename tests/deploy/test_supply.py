"""Everything that we run is pinned with hashes, and can be listed (EVD-04)."""

import json
import re
import subprocess
import sys

import pytest

from tests.architecture.test_rooms import ROOT

PIN = re.compile(r"^([a-z0-9][a-z0-9.-]*)(?:\[[a-z,]+\])?==(\S+)", re.M | re.I)


def locked(name: str) -> dict[str, str]:
    """The packages of a lock file with the text of their entries."""
    text = (ROOT / name).read_text()
    starts = list(PIN.finditer(text))
    ends = [start.start() for start in starts[1:]] + [len(text)]
    return {start[1]: text[start.start() : end] for start, end in zip(starts, ends, strict=True)}


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_pinned_with_its_hash(name):
    packages = locked(name)

    assert len(packages) > 50
    assert [package for package, entry in packages.items() if "--hash=sha256:" not in entry] == []


def test_a_bill_of_materials_names_every_package_with_its_hash(tmp_path):
    file = tmp_path / "sbom.json"

    argv = [sys.executable, ROOT / ".ci" / "sbom.py", ROOT / "requirements.txt", file]
    subprocess.run(argv, check=True, capture_output=True, timeout=120)

    components = {one["name"]: one for one in json.loads(file.read_text())["components"]}
    assert set(components) == set(locked("requirements.txt"))
    assert all(one["purl"].startswith("pkg:pypi/") for one in components.values())
    assert all(one["hashes"] for one in components.values())


def test_the_front_end_is_pinned_with_its_hashes():
    listed = json.loads((ROOT / "package-lock.json").read_text())["packages"]

    assert all(one["integrity"] for name, one in listed.items() if name)
