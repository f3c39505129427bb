"""Sending mail through Flask-Mail, or into .eml files when there is no mail server.

Flask-Mail 0.10 has no time-out, checks no certificate, and takes a failed good-bye for a failed
delivery, so its connection is replaced.
"""

import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

from flask import current_app
from flask_mail import BadHeaderError, Connection, Mail, Message

from app.infra.runtime import settings
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
    """One message to one address, written at one instant.

    `message_id` is the same for every try, so that a duplicate after a crash can be recognised.
    """

    to: str
    subject: str
    text: str
    html: str
    message_id: str
    written_at: datetime
    attachments: tuple[Attachment, ...] = ()
    headers: dict[str, str] = field(default_factory=dict)


class CheckedConnection(Connection):
    """A connection with a time-out and a checked certificate."""

    def configure_host(self) -> smtplib.SMTP:
        """Raises OSError or SMTPException when the server is away or not who it claims to be."""
        config = settings()
        context = ssl.create_default_context(cafile=config.mail_ca_file or None)
        host = self._greet(config, context)
        try:
            if self.mail.use_tls and not self.mail.use_ssl:
                host.starttls(context=context)
            if self.mail.username and self.mail.password:
                host.login(self.mail.username, self.mail.password)
        except (smtplib.SMTPException, OSError):
            host.close()
            raise
        return host

    def _greet(self, config: Settings, context: ssl.SSLContext) -> smtplib.SMTP:
        seconds = config.mail_timeout_seconds
        if self.mail.use_ssl:
            return smtplib.SMTP_SSL(
                self.mail.server, self.mail.port, timeout=seconds, context=context
            )
        return smtplib.SMTP(self.mail.server, self.mail.port, timeout=seconds)

    def __exit__(self, *error: Any) -> None:
        """Say good-bye. The server has the message: a failure here must not send it twice."""
        if self.host is not None:
            try:
                self.host.quit()
            except (smtplib.SMTPException, OSError):
                self.host.close()


class CheckedMail(Mail):
    """Flask-Mail with the connection above."""

    def connect(self) -> Connection:
        """A connection for one or more messages."""
        return CheckedConnection(current_app.extensions["mail"])


mail = CheckedMail()


def send(letter: Letter) -> None:
    """Hand one letter to the mail server, or to the mail folder when there is none.

    Raises MailUnavailable when a later try may work, MailRefused when it never will. What is
    wrong with us (sign-in, sender, certificate) can be mended, so it is worth another try; what
    is wrong with the address or the message is final.
    """
    try:
        if settings().mail_server:
            mail.send(_message(letter))
        else:
            _keep_as_file(letter)
    except smtplib.SMTPRecipientsRefused as error:
        raise _refused(*next(iter(error.recipients.values()))) from error
    except smtplib.SMTPDataError as error:
        raise _refused(error.smtp_code, error.smtp_error) from error
    # Before ValueError: a certificate that cannot be trusted is both.
    except (smtplib.SMTPException, OSError) as error:
        raise MailUnavailable(f"{type(error).__name__}: {error}") from error
    except (BadHeaderError, ValueError) as error:
        raise MailRefused("The address or a header of the message is malformed.") from error


def _refused(code: int, answer: bytes | str) -> MailRefused | MailUnavailable:
    """5xx is final; 4xx (grey-listing, a full mailbox) is worth another try."""
    text = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
    kind = MailRefused if 500 <= code < 600 else MailUnavailable
    return kind(f"The mail server answered {code} {text}"[:300])


def _message(letter: Letter) -> Message:
    message = Message(
        letter.subject,
        recipients=[letter.to],
        body=letter.text,
        html=letter.html,
        date=letter.written_at.timestamp(),
        # Out-of-office answers to these would only fill the clinic's mailbox (RFC 3834).
        extra_headers={"Auto-Submitted": "auto-generated"} | letter.headers,
    )
    message.msgId = f"<{letter.message_id}>"
    for part in letter.attachments:
        message.attach(part.filename, part.content_type, part.content)
    return message


def _keep_as_file(letter: Letter) -> None:
    """Written beside and renamed, so that a reader never sees half a message.

    The name begins with the time and is the same for every try of one letter.
    """
    message = _message(letter)
    if message.has_bad_headers():
        raise BadHeaderError
    folder = settings().mail_folder
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished = folder / f".{uuid4().hex}"
    local_part = letter.message_id.split("@", 1)[0]
    try:
        unfinished.write_bytes(bytes(message))
        unfinished.rename(folder / f"{letter.written_at:%Y%m%d-%H%M%S}-{local_part}.eml")
    finally:
        unfinished.unlink(missing_ok=True)  # every try on a full disk would leave one more
