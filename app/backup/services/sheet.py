"""The escrow sheet: the keys on paper, for a safe that is not in the same building (BAK-03)."""

from dataclasses import dataclass

import segno

from app.backup.services.keys import Letter, backup_vault, letters, note_sheet
from app.infra.pdf import pdf_of
from app.infra.runtime import settings
from app.infra.templates import render
from app.kernel import clock
from app.kernel.actor import Actor
from app.security.services import audit_key_names

LINE = 64
MOST_IN_PICTURE = 2_900  # what a QR code holds; keys that were rotated very often need the text


@dataclass(frozen=True, slots=True)
class Sheet:
    """What one key file looks like on paper."""

    file_name: str
    lines: list[str]
    picture: str


def escrow_sheet(actor: Actor) -> bytes:
    """The sheet as a PDF; that it was printed is noted. Raises NoKeys, KeysUnreadable."""
    found = letters(actor)
    vault = backup_vault()
    page = render(
        "backup/sheet.html",
        sheets=[_sheet(letter) for letter in found],
        key_id=vault.key_id,
        key_count=len(vault.key_ids),
        audit_keys=audit_key_names(),
        today=clock.now(),
        places=_places(),
    )
    drawn = pdf_of(page)
    note_sheet(actor, vault)
    return drawn


def _sheet(letter: Letter) -> Sheet:
    text = letter.text
    lines = [text[start : start + LINE] for start in range(0, len(text), LINE)]
    return Sheet(letter.file_name, lines, _picture(text) if len(text) <= MOST_IN_PICTURE else "")


def _picture(text: str) -> str:
    return str(segno.make(text, error="l", micro=False).png_data_uri(scale=4, border=4))


def _places() -> list[str]:
    config = settings()
    bucket = f"s3://{config.backup_s3_bucket}" if config.backup_s3_bucket else ""
    return [
        place for place in (str(config.backup_folder), config.backup_second_folder, bucket) if place
    ]
