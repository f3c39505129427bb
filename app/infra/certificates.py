"""When does the certificate of a host end, and does this machine trust it?"""

import socket
import ssl
from datetime import UTC, datetime

SECONDS = 3.0


class CertificateProblem(Exception):
    """The certificate is refused, or nobody answers. The text says which, for people."""


def expiry_of(host: str, port: int) -> datetime:
    """The end of the certificate that the host shows. Raises CertificateProblem."""
    context = ssl.create_default_context()
    try:
        with (
            socket.create_connection((host, port), timeout=SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host) as channel,
        ):
            shown = channel.getpeercert() or {}
    except ssl.SSLCertVerificationError as error:
        raise CertificateProblem(f"is not accepted: {error.verify_message}") from error
    except (OSError, ValueError) as error:
        raise CertificateProblem("could not be read: the server did not answer") from error
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)
