"""Between HTTP and the domain: who acts, and which status a refusal becomes."""

import logging
from typing import Any, cast
from zoneinfo import ZoneInfo

from flask import Flask, Response, current_app, g, jsonify, render_template, request
from flask_login import AnonymousUserMixin, current_user
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.wrappers import Response as WerkzeugResponse

from app.infra import db, error_reports
from app.infra.runtime import settings
from app.kernel.actor import Actor, Channel
from app.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    Invalid,
    Malformed,
    NotFound,
    NotSignedIn,
    TooMany,
)
from app.kernel.ids import UserId

log = logging.getLogger(__name__)

# The first family that fits wins: Malformed is an Invalid too.
STATUS_OF = (
    (Malformed, 400),
    (NotSignedIn, 401),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Invalid, 422),
    (TooMany, 429),
)
RETRY_AFTER_SECONDS = 5
PLAIN = {
    400: "We could not understand this request. Please check it and try again.",
    401: "Please sign in first.",
    403: "You are not allowed to do this.",
    404: "This page was not found.",
    405: "This cannot be done here.",
    413: "This is too large.",
    415: "This kind of content is not accepted here.",
    429: "Too many tries. Please wait a minute and try again.",
    500: "Something went wrong on our side. It has been noted; please try again.",
    503: "The clinic's system is busy or being restarted. Please try again in a moment.",
}


def clinic_zone() -> ZoneInfo:
    """The clinic's time zone."""
    return settings().time_zone


def current_actor() -> Actor:
    """The person behind this request with their permissions; asked once per request."""
    by_token: Actor | None = g.get("token_actor")
    if by_token is not None:
        return by_token
    known: Actor | None = g.get("actor")
    if known is not None and known.user_id == _user_id():
        return known
    g.actor = _actor()
    return cast(Actor, g.actor)


def _user() -> Any:
    """The signed-in user of FAB's own token endpoints, else of the cookie."""
    by_token = g.get("user")
    if by_token is not None and getattr(by_token, "is_authenticated", False):
        return by_token
    return current_user


def _user_id() -> int | None:
    user = _user()
    return user.id if user.is_authenticated else None


def _actor() -> Actor:
    user = _user()
    if not user.is_authenticated:
        # Nobody: no grants at all, and not the system either.
        return Actor(UserId(0), "nobody", channel=_channel(), address=_address())
    manager = current_app.extensions["appbuilder"].sm
    return Actor(
        user_id=UserId(user.id),
        name=user.get_full_name(),
        roles=frozenset(manager.role_names(user)),
        grants=manager.grants(user),
        channel=_channel(),
        request_id=g.get("request_id", ""),
        address=_address(),
    )


def _channel() -> Channel:
    if request.path.startswith("/portal"):
        return Channel.PORTAL
    return Channel.API if request.headers.get("Authorization") else Channel.STAFF


def _address() -> str:
    return request.remote_addr or ""


def status_of(refusal: DomainError) -> int:
    """The HTTP status of a refusal's family."""
    return next((status for family, status in STATUS_OF if isinstance(refusal, family)), 400)


def problem_of(refusal: DomainError) -> dict[str, Any]:
    """A refusal as the JSON body that every endpoint uses for errors."""
    body: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
    if refusal.errors:
        body["errors"] = refusal.errors
    return body | getattr(refusal, "extra", {})


def wants_json() -> bool:
    """Whether the caller is a program (or one of our scripts) rather than a page load."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"


def plain_answer(status: int, *, code: str = "", message: str = "") -> Response:
    """An error as JSON for programs and as a page for people."""
    sentence = message or PLAIN.get(status, PLAIN[400])
    if wants_json():
        answer = jsonify(code=code or f"http_{status}", message=sentence)
    else:
        if status >= 500:
            # Templates name the person; Flask-Login would ask the database, which may be gone.
            g._login_user = AnonymousUserMixin()
        try:
            answer = Response(render_template(_page(), status=status, sentence=sentence))
        except Exception as error:
            # The page of a 404 names the person, and the database is away just now.
            if status >= 500 or not db.is_unavailable(error):
                raise
            return plain_answer(503)
    answer.status_code = status
    if status == 503:
        answer.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return answer


def _page() -> str:
    """The error page of the side that the person is on. It must render without a database."""
    return "portal/error.html" if request.path.startswith("/portal") else "errors/plain.html"


def init_errors(app: Flask) -> None:
    """Every refusal and every bug becomes an answer that a person can read."""
    app.before_request(_refuse_unstorable)
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def _refuse_unstorable() -> None:
    """No text may hold NUL: the database cannot store it, nobody can type it (INP-01)."""
    for values in (request.args, request.form):
        if any("\x00" in text for _, text in values.items(multi=True)):
            raise Malformed("Text must not hold the NUL character.")


def _refused(refusal: DomainError) -> Response:
    status = status_of(refusal)
    if not wants_json():
        return plain_answer(status, message=refusal.message)
    answer = jsonify(problem_of(refusal))
    answer.status_code = status
    return answer


def _stale_form(error: CSRFError) -> Response:
    return plain_answer(
        400,
        code="csrf",
        message="This page was open for too long. Please go back, reload it and try again.",
    )


def _http_error(error: HTTPException) -> WerkzeugResponse:
    status = error.code or 500
    if status < 400 or error.response is not None:
        return error.get_response()
    answer = plain_answer(status)
    if isinstance(error, MethodNotAllowed):
        answer.allow.update(error.valid_methods or ())
    return answer


def _unexpected(error: Exception) -> Response:
    """503 when the database is away, else 500. Its kind and place are noted (EVD-03)."""
    if db.is_unavailable(error):
        log.warning("database unavailable: %s", type(error).__name__)
        return plain_answer(503, code="unavailable")
    log.error("unexpected error", exc_info=error)
    error_reports.note_error(error, door=request.endpoint or "none")
    return plain_answer(500)
