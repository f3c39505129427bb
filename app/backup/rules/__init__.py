"""What a set is, which sets fit this release, and which are kept."""

from app.backup.rules.compatibility import check_compatible
from app.backup.rules.keeping import Copy, Plan, reasons_to_keep
from app.backup.rules.manifest import (
    CONFIGURATION,
    DATABASE,
    FILES,
    MANIFEST,
    MANIFEST_SEAL,
    Manifest,
    Part,
    context_of,
    name_of_set,
    read_manifest,
    write_manifest,
)
from app.backup.rules.proof import Check, has_passed
from app.backup.rules.runs import Proof, RunStatus

__all__ = [
    "CONFIGURATION",
    "DATABASE",
    "FILES",
    "MANIFEST",
    "MANIFEST_SEAL",
    "Check",
    "Copy",
    "Manifest",
    "Part",
    "Plan",
    "Proof",
    "RunStatus",
    "check_compatible",
    "context_of",
    "has_passed",
    "name_of_set",
    "read_manifest",
    "reasons_to_keep",
    "write_manifest",
]
