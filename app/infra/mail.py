"""Sending mail through Flask-Mail, or into .eml files when there is no mail server.

Flask-Mail 0.10 has no time-out and checks no certificate, so its connection is replaced.
"""

import smtplib
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from flask import current_app
from flask_mail import BadHeaderError, Connection, Mail, Message

from config.settings import Settings


class MailRefused(Exception):
    """The server will never take this message: a bad address or header. Do not try again."""


class MailUnavailable(Exception):
    """The server cannot be reached or asks to come back later. Try again."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A part beside the text; `content_type` may carry parameters such as method=REQUEST."""

    filename: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """One message to one address."""

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    attachments: tuple[Attachment, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


class CheckedConnection(Connection):
    """A connection with a time-out and a checked certificate."""

    def configure_host(self) -> smtplib.SMTP:
        """Raises OSError or SMTPException when the server is away or not who it claims to be."""
        settings: Settings = current_app.config["SETTINGS"]
        context = ssl.create_default_context(cafile=settings.mail_ca_file or None)
        seconds = settings.mail_timeout_seconds
        mail = self.mail
        if mail.use_ssl:
            host: smtplib.SMTP = smtplib.SMTP_SSL(
                mail.server, mail.port, timeout=seconds, context=context
            )
        else:
            host = smtplib.SMTP(mail.server, mail.port, timeout=seconds)
        if mail.use_tls:
            host.starttls(context=context)
        if mail.username and mail.password:
            host.login(mail.username, mail.password)
        return host


class CheckedMail(Mail):
    """Flask-Mail with the connection above."""

    def connect(self) -> Connection:
        """A connection for one or more messages."""
        return CheckedConnection(current_app.extensions["mail"])


mail = CheckedMail()


def send(letter: Letter) -> None:
    """Hand one letter to the mail server, or to the mail folder when there is none.

    Raises MailUnavailable when a later try may work, MailRefused when it never will.
    """
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.mail_server:
        _keep_as_file(settings.mail_folder, letter)
        return
    try:
        mail.send(_message(letter))
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused) as error:
        raise _refusal(error) from error
    except BadHeaderError as error:
        raise MailRefused("A header of the message holds a line break.") from error
    except smtplib.SMTPResponseException as error:
        kind = MailRefused if 500 <= error.smtp_code < 600 else MailUnavailable
        raise kind(f"The mail server answered {error.smtp_code}.") from error
    except (smtplib.SMTPException, OSError) as error:
        raise MailUnavailable(f"{type(error).__name__}: {error}") from error


def _refusal(
    error: smtplib.SMTPRecipientsRefused | smtplib.SMTPSenderRefused,
) -> MailRefused | MailUnavailable:
    """5xx is final; 4xx (grey-listing, a full mailbox) is worth another try."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
    else:
        codes = [error.smtp_code]
    is_final = all(500 <= code < 600 for code in codes)
    return (MailRefused if is_final else MailUnavailable)(f"The mail server answered {codes[0]}.")


def _message(letter: Letter) -> Message:
    message = Message(
        letter.subject,
        recipients=[letter.to],
        body=letter.text,
        html=letter.html,
        extra_headers=dict(letter.headers),
    )
    message.msgId = f"<{letter.message_id}>"
    for part in letter.attachments:
        message.attach(part.filename, part.content_type, part.content)
    return message


def _keep_as_file(folder: Path, letter: Letter) -> None:
    """Written beside and renamed, so that a reader never sees half a message."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = folder / f".{uuid4().hex}"
    unfinished.write_bytes(bytes(_message(letter)))
    unfinished.rename(folder / f"{letter.message_id.split('@', 1)[0]}.eml")
