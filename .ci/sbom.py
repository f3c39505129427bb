"""Writes the bill of materials of requirements.txt in CycloneDX's JSON (EVD-04).

    python .ci/sbom.py requirements.txt test-results/sbom.json

A few lines over the library that pip-audit brings along: the program for it would install
checkers of JSON formats, which Flask-AppBuilder's own library then loads in every process (1 s).
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

PIN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)(?:\[[\w,-]+\])?==(?P<version>[^\s;\\]+)")
SHA256 = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def components(lock: str) -> Iterator[Component]:
    """One for each pinned package, with the hashes of its files."""
    for entry in re.split(r"\n(?=[A-Za-z0-9])", lock):
        pin = PIN.match(entry)
        if pin:
            name, version = pin["name"], pin["version"]
            yield Component(
                name=name,
                version=version,
                type=ComponentType.LIBRARY,
                purl=PackageURL("pypi", name=name, version=version),
                hashes=[
                    HashType(alg=HashAlgorithm.SHA_256, content=h) for h in SHA256.findall(entry)
                ],
            )


def main(lock: str, target: str) -> None:
    """Read the lock file, write the bill."""
    bill = Bom(components=components(Path(lock).read_text(encoding="utf-8")))
    JsonV1Dot6(bill).output_to_file(target, allow_overwrite=True, indent=2)


if __name__ == "__main__":
    main(*sys.argv[1:])
