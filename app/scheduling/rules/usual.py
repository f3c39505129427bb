"""The provider whom a patient knows, to be offered first. Pure: times come in as values."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

# Who saw somebody longer ago is nobody's usual provider any more.
REMEMBERED_FOR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Seen:
    """When a provider saw a patient last."""

    provider: str
    at: datetime


def usual_provider(seen: Iterable[Seen], offered: Collection[str], *, now: datetime) -> str | None:
    """The one of the offered providers who saw the patient last, within a year; both by key."""
    known = [one for one in seen if one.provider in offered and now - one.at <= REMEMBERED_FOR]
    latest = max(known, key=lambda one: (one.at, one.provider), default=None)
    return latest.provider if latest else None
