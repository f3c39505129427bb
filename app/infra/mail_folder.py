"""Reading the messages that were kept as files because there is no mail server."""

import email
import re
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import cast

from app.infra.runtime import settings

# No dot but the last and no slash: such a name cannot lead out of the folder.
NAME = re.compile(r"[A-Za-z0-9_-]{1,120}\.eml")
LARGEST = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class StoredPart:
    """A part of a message beside its text."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class StoredLetter:
    """A kept message, taken apart. `html` is the markup as it was sent, never to be rendered."""

    name: str
    to: str
    sender: str
    subject: str
    date: str
    message_id: str
    text: str
    html: str
    parts: tuple[StoredPart, ...]


def letter_names() -> list[str]:
    """The names of all kept messages, newest first: a name begins with its time."""
    folder = settings().mail_folder
    if not folder.is_dir():
        return []
    return sorted(
        (path.name for path in folder.iterdir() if NAME.fullmatch(path.name)), reverse=True
    )


def read_letter(name: str) -> StoredLetter | None:
    """One kept message, or None when there is none of this name (or it is no message of ours)."""
    path = settings().mail_folder / name
    if not NAME.fullmatch(name) or path.is_symlink() or not path.is_file():
        return None
    return _taken_apart(path)


def _taken_apart(path: Path) -> StoredLetter:
    with path.open("rb") as file:
        content = file.read(LARGEST)
    message = cast(EmailMessage, email.message_from_bytes(content, policy=policy.default))
    return StoredLetter(
        name=path.name,
        to=str(message["To"] or ""),
        sender=str(message["From"] or ""),
        subject=str(message["Subject"] or ""),
        date=str(message["Date"] or ""),
        message_id=str(message["Message-ID"] or ""),
        text=_body(message, "plain"),
        html=_body(message, "html"),
        parts=tuple(_part(part) for part in message.iter_attachments()),
    )


def _body(message: EmailMessage, kind: str) -> str:
    body = message.get_body(preferencelist=(kind,))
    return str(body.get_content()) if body is not None else ""


def _part(part: EmailMessage) -> StoredPart:
    payload = part.get_payload(decode=True)
    return StoredPart(
        filename=part.get_filename() or "part",
        content_type=part.get_content_type(),
        content=payload if isinstance(payload, bytes) else b"",
    )
