"""Civil days, times of day and names inside a JSON body."""

from collections.abc import Mapping
from datetime import date, time
from typing import Any

from app.kernel.errors import Malformed
from app.scheduling.api.shapes import LONGEST_NAME


def body_day(body: Mapping[str, Any], name: str) -> date:
    """A civil day of the body. Raises Malformed when it is none."""
    try:
        return date.fromisoformat(body[name])
    except ValueError as error:
        raise _malformed(name, "This must be a date such as 2026-11-24.") from error


def body_time(body: Mapping[str, Any], name: str) -> time:
    """A time of day of the body, on the clinic's clock. Raises Malformed when it is none."""
    try:
        found = time.fromisoformat(body[name])
        if found.tzinfo is not None:
            raise ValueError("times of day are the clinic's")
        return found
    except ValueError as error:
        raise _malformed(name, "This must be a time of day such as 08:00.") from error


def plain_name(name: str, value: object) -> str:
    """A university ID deep inside the body. Raises Malformed for what is no short text."""
    if not isinstance(value, str) or "\x00" in value or len(value) > LONGEST_NAME:
        raise _malformed(name, "This must be a university ID.")
    return value


def _malformed(name: str, sentence: str) -> Malformed:
    return Malformed(f"{name}: {sentence}", errors={name: [sentence]})
