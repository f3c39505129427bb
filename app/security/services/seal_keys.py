"""The keys of the audit trail's chain, and the last seal, in files outside of the database."""

import json
import logging
import secrets
from collections.abc import Callable
from pathlib import Path

from app.infra import key_files
from app.infra.runtime import settings
from app.security.errors import BadHead, NoAuditKey
from app.security.rules import AuditKeys, Head, key_name

log = logging.getLogger(__name__)

KEY_FILE = "audit.json"
_UNREADABLE = (
    *(key_files.KeyFileMissing, BadHead),
    *(ValueError, KeyError, TypeError, AttributeError),
)
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
        begins = {name: Head.of(head) for name, head in kept.get("begins", {}).items()}
        if kept["primary"] not in keys:
            raise NoAuditKey(KEY_FILE)
        return AuditKeys(kept["primary"], keys, begins)
    except _UNREADABLE as error:
        raise NoAuditKey(KEY_FILE) from error


def create_audit_key() -> bool:
    """Make the key of a new installation; False when there is one, which is never replaced."""
    return key_files.create_key(_file(KEY_FILE), _new_key)


def add_audit_key(after: Head) -> str:
    """Seal with a new key from behind this seal on; the older ones stay and verify.

    Only for who holds the lock of sealing. Returns the new key's name. Raises NoAuditKey.
    """
    kept, key = audit_keys(), secrets.token_bytes(32)
    name = key_name(key)
    _keep(AuditKeys(name, {**kept.keys, name: key}, {**kept.begins, name: after}))
    return name


def move_beginnings(holds: Callable[[Head], bool], last: Head | None) -> None:
    """After a restore: a key whose place the chain does not reach begins where the chain ends."""
    kept = audit_keys()
    begins = {
        name: head if holds(head) else last
        for name, head in kept.begins.items()
        if holds(head) or last is not None
    }
    if begins != kept.begins:
        known = {name: head for name, head in begins.items() if head is not None}
        _keep(AuditKeys(kept.primary, kept.keys, known))


def audit_key_names() -> tuple[str, ...]:
    """The names of the keys, that in use last; none when there is no readable file."""
    try:
        kept = audit_keys() if _file(KEY_FILE).exists() else None
    except NoAuditKey:
        kept = None
    if kept is None:
        return ()
    return (*(name for name in kept.keys if name != kept.primary), kept.primary)


def _new_key() -> str:
    key = secrets.token_bytes(32)
    name = key_name(key)
    return _written(AuditKeys(name, {name: key}))


def _keep(keys: AuditKeys) -> None:
    key_files.keep_beside_keys(_file(KEY_FILE), _written(keys))


def _written(keys: AuditKeys) -> str:
    content = {
        "primary": keys.primary,
        "keys": {name: key.hex() for name, key in keys.keys.items()},
        "begins": {name: str(head) for name, head in keys.begins.items()},
    }
    return json.dumps(content, indent=2) + "\n"


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
