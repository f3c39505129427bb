"""The key that signs reports (Ed25519), in a file outside of the database."""

import base64
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from app.infra import key_files
from app.infra.runtime import settings
from app.integrity.errors import NoReportKey

KEY_FILE = "report-signing.pem"
ALGORITHM = "Ed25519"


def create_report_key() -> bool:
    """Make the key of a new installation; False when there is one, which is never replaced."""
    return key_files.create_key(_file(), _new_key)


def public_key() -> str:
    """What others need to check our signatures, as text. Raises NoReportKey."""
    return _text(_key().public_key())


def sign(content: bytes) -> str:
    """The signature as text. Raises NoReportKey."""
    return base64.b64encode(_key().sign(content)).decode()


def is_signed(content: bytes, signature: str, *, by: str) -> bool:
    """Whether the owner of the public key signed exactly this."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(by, validate=True))
        key.verify(base64.b64decode(signature, validate=True), content)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        return False
    return True


def _text(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def _key() -> Ed25519PrivateKey:
    """Outside production a first key is made by itself."""
    try:
        pem = key_files.kept_key(_file(), _new_key, may_create=not settings().is_production)
        key = load_pem_private_key(pem.encode(), password=None)
    except (key_files.KeyFileMissing, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NoReportKey(KEY_FILE) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise NoReportKey(KEY_FILE)
    return key


def _new_key() -> str:
    made = Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _file() -> Path:
    return settings().keys_folder / KEY_FILE
