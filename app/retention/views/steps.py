"""What the screens of retention share: buttons that lead back, and the page of a list."""

from collections.abc import Callable

from flask import flash, redirect, request
from werkzeug.wrappers import Response

from app.kernel.actor import Actor
from app.kernel.errors import DomainError, NotFound
from app.retention.errors import UnknownPerson
from app.web.http import current_actor

LAST_PAGE = 1_000


def step(deed: Callable[[Actor], object], done: str, back: str) -> Response:
    """Do it and say so, or say why not; what is not there is a 404."""
    try:
        deed(current_actor())
    except DomainError as refusal:
        if isinstance(refusal, NotFound) and not isinstance(refusal, UnknownPerson):
            raise
        flash(refusal.message, "danger")
    else:
        flash(done, "success")
    return redirect(back, 303)


def page_number() -> int:
    """Which page of a list is asked for, from 0."""
    return max(0, min(request.args.get("page", 0, type=int), LAST_PAGE))
