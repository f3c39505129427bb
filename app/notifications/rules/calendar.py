"""The iCalendar part of a message (CAL-01): stable UID, SEQUENCE, no word about the service."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Self

from icalendar import Calendar, Event, vCalAddress, vText

from app.kernel.period import Period

PRODUCT = "-//USC-PIS//Appointments//EN"
SUMMARY = "Clinic appointment"


class CalendarMethod(StrEnum):
    """RFC 5546: put it into the calendar, or take it out; or several at once, one by one."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"
    PUBLISH = "PUBLISH"


@dataclass(frozen=True, slots=True)
class CalendarPart:
    """What the calendar entry says. The same `entity` is the same entry, whatever changes.

    `sequence` counts the changes; `period` is in instants; `location` is a place, not a service.
    """

    entity: str
    sequence: int
    method: CalendarMethod
    period: Period
    location: str = ""

    def facts(self) -> dict[str, str | int]:
        """As plain values, to be stored with the message."""
        return {
            "entity": self.entity,
            "sequence": self.sequence,
            "method": self.method.value,
            "starts_at": self.period.starts_at.astimezone(UTC).isoformat(),
            "ends_at": self.period.ends_at.astimezone(UTC).isoformat(),
            "location": self.location,
        }

    @classmethod
    def of_facts(cls, facts: Mapping[str, Any]) -> Self:
        """The part that `facts()` described."""
        return cls(
            entity=str(facts["entity"]),
            sequence=int(facts["sequence"]),
            method=CalendarMethod(facts["method"]),
            period=Period(
                datetime.fromisoformat(facts["starts_at"]),
                datetime.fromisoformat(facts["ends_at"]),
            ),
            location=str(facts["location"]),
        )


@dataclass(frozen=True, slots=True)
class CalendarParts:
    """Several entries in one letter, such as the visits of a series (SCH-32).

    They are published: a request or a cancellation may hold one UID only (RFC 5546, 3.2). Each
    keeps the UID and the SEQUENCE that its later messages go on with.
    """

    parts: tuple[CalendarPart, ...]
    method: CalendarMethod = CalendarMethod.PUBLISH

    def facts(self) -> dict[str, Any]:
        """As plain values, to be stored with the message."""
        return {"parts": [part.facts() for part in self.parts]}


def calendar_of(facts: Mapping[str, Any]) -> CalendarPart | CalendarParts:
    """What `facts()` of one entry or of several described."""
    if "parts" in facts:
        return CalendarParts(tuple(CalendarPart.of_facts(one) for one in facts["parts"]))
    return CalendarPart.of_facts(facts)


@dataclass(frozen=True, slots=True)
class Organizer:
    """Who invites: the clinic. `domain` makes the UID unique in the world."""

    name: str
    email: str
    domain: str


@dataclass(frozen=True, slots=True)
class Attendee:
    """Who is invited."""

    name: str
    email: str


def uid_of(entity: str, domain: str) -> str:
    """The UID of an entry: "appointment/12" is appointment-12@ the clinic's domain, for ever."""
    return f"{entity.replace('/', '-')}@{domain}"


def calendar_text(
    part: CalendarPart | CalendarParts,
    *,
    organizer: Organizer,
    attendee: Attendee | None,
    stamped_at: datetime,
) -> bytes:
    """The part as an RFC 5545 object. Times are in UTC, which needs no VTIMEZONE."""
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", part.method.value)
    if isinstance(part, CalendarPart):
        calendar.add_component(_event(part, organizer, attendee, stamped_at))
    else:
        for one in part.parts:  # what is published names nobody (RFC 5546, 3.2.1)
            calendar.add_component(_event(one, organizer, None, stamped_at))
    return bytes(calendar.to_ical())


def _event(
    part: CalendarPart, organizer: Organizer, attendee: Attendee | None, stamped_at: datetime
) -> Event:
    event = Event()
    event.add("uid", uid_of(part.entity, organizer.domain))
    event.add("sequence", part.sequence)
    event.add("dtstamp", stamped_at.astimezone(UTC))
    event.add("dtstart", part.period.starts_at.astimezone(UTC))
    event.add("dtend", part.period.ends_at.astimezone(UTC))
    event.add("summary", SUMMARY)
    is_cancelled = part.method is CalendarMethod.CANCEL
    event.add("status", "CANCELLED" if is_cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    if part.location:
        event.add("location", _one_line(part.location))
    event.add("organizer", _address(organizer.name, organizer.email))
    if attendee is not None and attendee.email:
        person = _address(attendee.name, attendee.email)
        person.params["ROLE"] = vText("REQ-PARTICIPANT")
        person.params["PARTSTAT"] = vText("ACCEPTED")
        person.params["RSVP"] = vText("FALSE")
        event.add("attendee", person)
    return event


def _address(name: str, email: str) -> vCalAddress:
    address = vCalAddress(f"mailto:{_one_line(email).replace(' ', '')}")
    # A parameter value may hold neither quotes nor control characters (RFC 5545, 3.1).
    address.params["CN"] = vText(_one_line(name).replace('"', "'"))
    return address


def _one_line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
