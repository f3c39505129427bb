"""A calendar feed: what a phone reads again and again behind a secret address (SCH-37, CAL-01)."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from icalendar import Calendar, Event

from app.kernel.period import Period
from app.notifications.rules.calendar import PRODUCT, SUMMARY, uid_of

PAST_DAYS = 30
COMING_DAYS = 180
MOST_ENTRIES = 2_000
TOKEN_BYTES = 32
REFRESH = timedelta(hours=1)


class FeedKind(StrEnum):
    """Whose visits: those one comes for, or those one sees patients in."""

    PATIENT = "patient"
    PROVIDER = "provider"


@dataclass(frozen=True, slots=True)
class FeedEntry:
    """One visit, without whose it is and what it is for."""

    uid: str
    sequence: int
    period: Period
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Clinic:
    """What every entry says about the clinic. `domain` makes UIDs those of the e-mails."""

    name: str
    place: str
    domain: str


def feed_text(entries: Sequence[FeedEntry], clinic: Clinic) -> bytes:
    """The visits in iCalendar's format. The same visits give the same bytes.

    Neither service nor patient is in it (SCH-37); times are in UTC, which needs no VTIMEZONE.
    """
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", " ".join(clinic.name.split()))
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    for entry in entries[:MOST_ENTRIES]:
        calendar.add_component(_event(entry, clinic))
    return bytes(calendar.to_ical())


def _event(entry: FeedEntry, clinic: Clinic) -> Event:
    event = Event()
    event.add("uid", uid_of(entry.uid, clinic.domain))
    event.add("sequence", entry.sequence)
    event.add("dtstamp", entry.changed_at.astimezone(UTC))
    event.add("last-modified", entry.changed_at.astimezone(UTC))
    event.add("dtstart", entry.period.starts_at)
    event.add("dtend", entry.period.ends_at)
    event.add("summary", SUMMARY)
    event.add("status", "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("location", " ".join(clinic.place.split()))
    return event


def token_hash(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def is_possible_token(token: str) -> bool:
    """Whether a token could be one of ours, before the database is asked."""
    return re.fullmatch(r"[A-Za-z0-9_-]{20,64}", token) is not None


def etag_of(content: bytes) -> str:
    """The tag of a feed: another one exactly when a byte is another."""
    return hashlib.sha256(content).hexdigest()[:32]
