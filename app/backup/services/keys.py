"""The keys of backups: made once, kept apart from every copy, printed for the safe (BAK-03).

A letter is one key file as a single line of text, which the escrow sheet shows as words and as a
QR code: `uscpis-key:1:<file>:<zlib and base64>:<check>`. The check is the beginning of the SHA-256
of the file. Nothing here ever logs a letter.
"""

import base64
import binascii
import hashlib
import json
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from app.backup.errors import KeysExist, KeysNotApart, KeysUnreadable, NoKeys, NotALetter
from app.backup.permissions import Permission
from app.infra.db import transaction
from app.infra.key_files import create_key, keep_beside_keys
from app.infra.runtime import settings
from app.infra.vault import KeysMissing, Vault, create_keys, open_vault, rotate_keys
from app.integrity.queries import all_files
from app.kernel import clock
from app.kernel.actor import Actor
from app.security.services import audit_key_names, record_event

KEY_FILE = "backup.json"
SHEET_NOTE = "backup-sheet.json"
# A restored clinic needs these too: without them neither trail nor reports can be checked.
ESCROWED = (KEY_FILE, "audit.json", "report-signing.pem")
PREFIX = "uscpis-key:1"
LARGEST = 200_000


@dataclass(frozen=True, slots=True)
class Letter:
    """One key file as a line of text."""

    file_name: str
    text: str
    check: str


@dataclass(frozen=True, slots=True)
class SheetNote:
    """When the escrow sheet was printed last, and with which key."""

    printed_at: datetime
    key_id: int
    audit_key: str = ""


def backup_vault() -> Vault:
    """The keys to seal with. Raises NoKeys, KeysUnreadable, KeysNotApart.

    Outside production they are made at first use.
    """
    check_keys_apart()
    file = _file(KEY_FILE)
    if not file.exists():
        if settings().is_production:
            raise NoKeys()
        return create_keys(file)
    try:
        return open_vault(file)
    except KeysMissing as error:
        raise KeysUnreadable() from error


def check_keys_apart() -> None:
    """Refuse keys that a backup would carry, or that lie beside its sets. Raises KeysNotApart."""
    config = settings()
    copied = [config.home / area.folder for area in all_files()]
    kept = [config.backup_folder]
    if config.backup_second_folder:
        kept.append(Path(config.backup_second_folder))
    keys = config.keys_folder.resolve()
    for folder in (*copied, *kept):
        if keys.is_relative_to(folder.resolve()):
            raise KeysNotApart(str(folder))


def create_backup_keys(actor: Actor) -> Vault:
    """Make the keys of a new installation. Raises KeysExist, KeysNotApart."""
    actor.require(Permission.BACKUP_RUN)
    check_keys_apart()
    try:
        vault = create_keys(_file(KEY_FILE))
    except FileExistsError as error:
        raise KeysExist(KEY_FILE) from error
    _record(actor, "create", vault)
    return vault


def rotate_backup_keys(actor: Actor) -> Vault:
    """Seal with a new key from now on; older sets still open. Raises NoKeys, KeysUnreadable."""
    actor.require(Permission.BACKUP_RUN)
    backup_vault()
    vault = rotate_keys(_file(KEY_FILE))
    _record(actor, "rotate", vault)
    return vault


def letters(actor: Actor) -> list[Letter]:
    """Every key that escrow needs, as text. Raises NoKeys, KeysUnreadable."""
    actor.require(Permission.BACKUP_RUN)
    backup_vault()
    folder = settings().keys_folder
    return [_letter(folder / name) for name in ESCROWED if (folder / name).is_file()]


def _letter(file: Path) -> Letter:
    content = file.read_bytes()
    packed = base64.urlsafe_b64encode(zlib.compress(content, 9)).decode()
    check = _check(content)
    return Letter(file.name, f"{PREFIX}:{file.name}:{packed}:{check}", check)


def enter_letter(actor: Actor, text: str) -> str:
    """Bring a key file back from its letter; returns its name. White space does not matter.

    Raises NotALetter, KeysExist.
    """
    actor.require(Permission.BACKUP_RUN)
    name, content = read_letter(text)
    file = _file(name)
    if not create_key(file, lambda: content.decode()) and file.read_bytes() != content:
        raise KeysExist(name)
    return name


def read_letter(text: str) -> tuple[str, bytes]:
    """The name and the content of a key file. Raises NotALetter."""
    parts = "".join(text.split()).split(":")
    if len(parts) != 5 or ":".join(parts[:2]) != PREFIX or parts[2] not in ESCROWED:
        raise NotALetter("This is not the text of an escrow sheet; it begins with uscpis-key:1.")
    try:
        packed = base64.b64decode(parts[3], altchars=b"-_", validate=True)
        content = zlib.decompressobj().decompress(packed, LARGEST)
        content.decode()
    except (binascii.Error, zlib.error, ValueError) as error:
        raise NotALetter("The text is not whole: something was left out or mistyped.") from error
    if _check(content) != parts[4]:
        raise NotALetter("The check at the end does not fit: something was mistyped.")
    return parts[2], content


def note_sheet(actor: Actor, vault: Vault) -> None:
    """Remember that the sheet was printed, so that nobody has to be reminded."""
    values = {
        "printed_at": clock.now().isoformat(),
        "key_id": vault.key_id,
        "audit_key": next(reversed(audit_key_names()), ""),
    }
    keep_beside_keys(_file(SHEET_NOTE), json.dumps(values) + "\n")
    _record(actor, "print-sheet", vault)


def sheet_note() -> SheetNote | None:
    """When the sheet was printed last; None when never."""
    try:
        values = json.loads(_file(SHEET_NOTE).read_text(encoding="utf-8"))
        return SheetNote(
            datetime.fromisoformat(values["printed_at"]),
            int(values["key_id"]),
            str(values.get("audit_key", "")),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def key_in_use() -> int | None:
    """The number of the key that seals; None when there is none yet. For the page."""
    try:
        return open_vault(_file(KEY_FILE)).key_id
    except KeysMissing:
        return None


def _record(actor: Actor, action: str, vault: Vault) -> None:
    with transaction() as tx:
        record_event(
            tx,
            actor,
            f"backup:keys:{action}",
            object_type="BackupKey",
            object_id=vault.key_id,
        )


def _check(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:8]


def _file(name: str) -> Path:
    return settings().keys_folder / name
