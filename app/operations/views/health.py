"""/healthz: ready or not for everybody; what is late and what waits for those who may know."""

from flask import Flask, Response, current_app, jsonify, request
from sqlalchemy.exc import SQLAlchemyError

from app.infra import db, health
from app.infra.runtime import settings
from app.operations.permissions import Permission
from app.operations.queries.system import health_details
from app.operations.views.tokens import shows_token
from app.web.http import current_actor


def register(app: Flask) -> None:
    """Add the address. Supervisors and load balancers ask it without any key."""
    app.add_url_rule("/healthz", "healthz", healthz)


def healthz() -> tuple[Response, int]:
    """Is the system ready, and what was looked at? Details need a key or an admin's session."""
    is_ready, checks = health.report(settings().redis_url)
    answer: dict[str, object] = {
        "status": "ok" if is_ready else "unavailable",
        "checks": checks,
    }
    if is_ready and _may_know():
        answer["details"] = _details()
    return jsonify(answer), 200 if is_ready else 503


def _may_know() -> bool:
    """A probe without a key and without a cookie costs no look at any session."""
    if shows_token():
        return True
    cookie = str(current_app.config["SESSION_COOKIE_NAME"])
    return cookie in request.cookies and current_actor().may(Permission.SYSTEM_READ)


def _details() -> dict[str, object]:
    try:
        return health_details()
    except SQLAlchemyError as error:
        db.session().rollback()
        return {"problem": type(error).__name__}
