"""Security headers and request ids (WEB-01, EVD-03)."""

import secrets
from uuid import uuid4

from flask import Flask, Response, g, request

from app.infra.runtime import settings
from config.logging import request_id

POLICY = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src-elem 'self' 'nonce-{nonce}'; "
    "style-src-attr 'none'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "manifest-src 'self'; base-uri 'none'; frame-ancestors 'none'; object-src 'none'"
)


def csp_nonce() -> str:
    """The nonce of this page. A Jinja global, because macros do not see context processors."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def init_headers(app: Flask) -> None:
    """Set the headers on every answer and give every request an id."""
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.before_request(_name_request)
    app.after_request(_set_headers)


def _name_request() -> None:
    g.request_id = uuid4().hex
    request_id.set(g.request_id)


def _set_headers(answer: Response) -> Response:
    headers = answer.headers
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["X-Request-Id"] = g.get("request_id", "")
    if answer.mimetype == "text/html":
        headers["Content-Security-Policy"] = POLICY.format(nonce=csp_nonce())
    if not request.path.startswith(("/static/", "/portal/static/")):
        headers.setdefault("Cache-Control", "no-store")
    if settings().public_url.startswith("https:"):
        headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    return answer
