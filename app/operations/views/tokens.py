"""The key of programs that watch: METRICS_TOKEN as a bearer token."""

import hmac

from flask import request

from app.infra.runtime import settings


def is_wanted() -> bool:
    """Whether this site has a key at all; without one nobody may."""
    return bool(settings().metrics_token)


def shows_token() -> bool:
    """Whether the request shows the key. Compared in constant time."""
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    wanted = settings().metrics_token
    if not wanted or kind.lower() != "bearer":
        return False
    return hmac.compare_digest(shown.strip().encode(), wanted.encode())
