"""What an address or a form asks for, as values. Nonsense is Malformed, never an error of ours."""

from datetime import UTC, date, datetime
from typing import Any

from flask import request

from app.kernel.errors import Malformed, NotFound
from app.scheduling.rules.booking import FIRST_YEAR, LAST_YEAR

LAST_PAGE = 1000


def page_number() -> int:
    """The page of a list, from 1. Raises NotFound beyond 1,000 and Malformed for no number."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit()):
        raise Malformed("A page is a whole number.")
    number = int(text[:9])
    if not 1 <= number <= LAST_PAGE:
        raise NotFound("There is no such page.")
    return number


def day(name: str) -> date | None:
    """A civil day such as 2026-11-24, or None when it was left out. Raises Malformed."""
    text = request.args.get(name, "")
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Malformed("A day reads like 2026-11-24.") from error


def week_of_address() -> dict[str, Any]:
    """The week and day that the page shows, for links that keep them."""
    return {name: request.args[name] for name in ("from", "on") if name in request.args}


def week_query(first: date, on: date | None) -> dict[str, Any]:
    """A week and a day for an address."""
    return {"from": first.isoformat(), "on": on.isoformat() if on else None}


def instant(text: str | None) -> datetime:
    """An instant with its offset, in UTC. Raises Malformed."""
    try:
        found = datetime.fromisoformat(text or "")
        if found.tzinfo is None:
            raise ValueError("without an offset it could be any instant")
        if not FIRST_YEAR <= found.year <= LAST_YEAR:
            raise ValueError("near the ends of the calendar a day more is an error")
        return found.astimezone(UTC)
    except ValueError as error:
        raise Malformed("This is not a time. Please choose one from the list.") from error


def instant_text(value: datetime) -> str:
    """An instant for an address; Z instead of an offset, because a plus sign means a space."""
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def version(text: str | None) -> int | None:
    """The version that a page showed, or None when it says nothing. Raises Malformed."""
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise Malformed("This page is damaged. Please reload it.")
    return int(text)
