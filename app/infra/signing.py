"""Signed texts for links and QR codes: nobody can make one up, and each is for one purpose."""

from datetime import timedelta
from typing import Any

from flask import current_app
from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer

from app.kernel import clock


class ClinicTimeSigner(TimestampSigner):
    """Stamps and ages by the clinic's clock, so that a pretended time counts here too."""

    def get_timestamp(self) -> int:
        """Whole seconds since 1970."""
        return int(clock.now().timestamp())


def sign(purpose: str, value: dict[str, Any]) -> str:
    """The value as a text that fits into an address."""
    return _serializer(purpose).dumps(value)


def read(purpose: str, token: str, max_age: timedelta | int) -> dict[str, Any] | None:
    """The value that was signed for this purpose, or None when it is none or too old."""
    age = int(max_age.total_seconds()) if isinstance(max_age, timedelta) else max_age
    try:
        found = _serializer(purpose).loads(token, max_age=age)
    except BadData:
        return None
    return found if isinstance(found, dict) else None


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        current_app.config["SECRET_KEY"], salt=f"clinic.{purpose}", signer=ClinicTimeSigner
    )
