"""What was typed into the forms of privacy, and a button that does one thing."""

from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from flask import flash, redirect, request
from werkzeug.wrappers import Response

from app.kernel.actor import Actor
from app.kernel.errors import DomainError, NotFound
from app.privacy.errors import OddValue
from app.web.fields import instant_of
from app.web.http import clinic_zone, current_actor

Choice = TypeVar("Choice", bound=StrEnum)
LAST_PAGE = 1_000


def words(name: str) -> str:
    """A text of the form."""
    return request.form.get(name, "").strip()


def number(name: str) -> int:
    """A key that was chosen; 0, which no row has, for anything else."""
    typed = words(name)
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 10 else 0


def instant(name: str) -> datetime | None:
    """A day and time on the clinic's clock; None when it was left empty. Raises OddValue."""
    if not words(name):
        return None
    try:
        typed = datetime.fromisoformat(words(name))
        return instant_of(typed.replace(tzinfo=None), clinic_zone())
    except (ValueError, OverflowError) as error:
        raise OddValue(name, "This is not a date and time.") from error


def choice(name: str, choices: type[Choice]) -> Choice:
    """One of the known words. Raises OddValue."""
    try:
        return choices(words(name))
    except ValueError as error:
        raise OddValue(name, "Please choose one of these.") from error


def page_number() -> int:
    """Which page of a list."""
    return max(0, min(request.args.get("page", 0, type=int), LAST_PAGE))


def step(deed: Callable[[Actor], object], done: str, back: str) -> Response:
    """Do it and say so, or say why not; what is not there is a 404."""
    try:
        deed(current_actor())
    except NotFound:
        raise
    except DomainError as refusal:
        flash(refusal.message, "danger")
    else:
        flash(done, "success")
    return redirect(back, 303)
