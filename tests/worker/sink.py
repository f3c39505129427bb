"""A mail server for tests: it takes, refuses or delays what it is sent, and can speak TLS."""

import email
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PASSWORD = b"the relay's key"


class Sink:
    """What the server was sent. `answers` are given first, one per message, then 250."""

    def __init__(self, answers: list[str] | None = None, refused: str = "") -> None:
        self.letters: list[EmailMessage] = []
        self.over_tls: list[bool] = []
        self.answers = list(answers or [])
        self.refused = refused

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802
        if self.refused:
            return self.refused
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("250"):
            self.letters.append(email.message_from_bytes(envelope.content, policy=policy.default))
            self.over_tls.append(session.ssl is not None)
        return answer


def free_port() -> int:
    """A port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def mail_server(sink: Sink, *, port: int = 0, certificate: Path | None = None) -> Iterator[int]:
    """Run the sink as a server on this machine. With a certificate it insists on STARTTLS."""
    tls = {}
    if certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate)
        tls = {
            "tls_context": context,
            "require_starttls": True,
            "auth_required": True,
            "authenticator": _right_password,
        }
    controller = Controller(sink, hostname="127.0.0.1", port=port or free_port(), **tls)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


def _right_password(server, session, envelope, mechanism, data) -> AuthResult:
    return AuthResult(success=data.password == PASSWORD, handled=False)


@contextmanager
def hung_server() -> Iterator[int]:
    """A server that takes the connection and never says a word."""
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(5)
        yield silent.getsockname()[1]


def make_certificate(path: Path, name: str = "127.0.0.1", *, days: int = 1) -> Path:
    """A key and a self-signed certificate for `localhost` and 127.0.0.1 in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=30))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path
