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

__all__ = [
    "CONFIGURATION",
    "DATABASE",
    "FILES",
    "MANIFEST",
    "MANIFEST_SEAL",
    "Copy",
    "Manifest",
    "Part",
    "Plan",
    "check_compatible",
    "context_of",
    "name_of_set",
    "read_manifest",
    "reasons_to_keep",
    "write_manifest",
]
