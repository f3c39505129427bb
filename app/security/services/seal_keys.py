"""The keys of the audit trail's chain, and the last seal, in files outside of the database."""

import json
import logging
import secrets
from pathlib import Path

from app.infra import key_files
from app.infra.runtime import settings
from app.security.errors import BadHead, NoAuditKey
from app.security.rules import AuditKeys, Head, key_name

log = logging.getLogger(__name__)

KEY_FILE = "audit.json"
HEAD_FILE = "audit-head.txt"


def audit_keys() -> AuditKeys:
    """The keys from the keys folder (AUD-02). Raises NoAuditKey.

    Outside production a first key is made by itself; in production somebody makes it on purpose
    and puts a copy into escrow.
    """
    try:
        text = key_files.kept_key(
            _file(KEY_FILE), _new_key, may_create=not settings().is_production
        )
        kept = json.loads(text)
        keys = {name: bytes.fromhex(key) for name, key in kept["keys"].items()}
        return AuditKeys(kept["primary"], {kept["primary"]: keys[kept["primary"]], **keys})
    except (key_files.KeyFileMissing, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoAuditKey(KEY_FILE) from error


def create_audit_key() -> bool:
    """Make the key of a new installation; False when there is one, which is never replaced."""
    return key_files.create_key(_file(KEY_FILE), _new_key)


def _new_key() -> str:
    key = secrets.token_bytes(32)
    name = key_name(key)
    return json.dumps({"primary": name, "keys": {name: key.hex()}}, indent=2) + "\n"


def known_head() -> Head | None:
    """The last seal that this machine noted beside the keys."""
    file = _file(HEAD_FILE)
    if not file.exists():
        return None
    try:
        return Head.of(file.read_text(encoding="utf-8"))
    except (BadHead, UnicodeDecodeError):
        log.error("%s holds no head of the audit trail", HEAD_FILE)
        return None


def note_head(head: Head | None) -> None:
    """Keep the last seal beside the keys; None forgets it."""
    file = _file(HEAD_FILE)
    if head is None:
        file.unlink(missing_ok=True)
    else:
        key_files.keep_beside_keys(file, f"{head}\n")


def _file(name: str) -> Path:
    return settings().keys_folder / name
