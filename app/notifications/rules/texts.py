"""What messages say. An e-mail names no service and no diagnosis, its subject neither (NOT-02)."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo


class Template(StrEnum):
    """The kinds of messages; each has a text and an HTML template of this name.

    Most answer a deed and leave at once, at any hour: quiet hours are for messages that nobody
    waits for, such as reminders, offers and campaigns (NOT-03).
    """

    CONFIRMED = "confirmed"
    PENDING = "pending"
    CHANGED = "changed"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    ALARM = "alarm"
    ALERT = "alert"
    REMINDER = "reminder"
    MISSED = "missed"
    OFFER = "offer"
    OFFER_OVER = "offer_over"
    SEAT = "seat"
    SEAT_CANCELLED = "seat_cancelled"
    PLEASE_REBOOK = "please_rebook"
    POINT_DECIDED = "point_decided"
    YOUR_TURN = "your_turn"
    SERIES = "series"
    SERIES_CHANGED = "series_changed"
    SERIES_CANCELLED = "series_cancelled"
    AUDIT_HEAD = "audit_head"
    DISPOSAL = "disposal"
    PRIVACY = "privacy"
    YOUR_DATA = "your_data"


# E-mail subjects are fixed here: a caller's words could name a service (NOT-02).
SUBJECTS: Mapping[Template, str] = {
    Template.CONFIRMED: "Your appointment is confirmed",
    Template.PENDING: "We have received your appointment request",
    Template.CHANGED: "Your appointment has changed",
    Template.CANCELLED: "Your appointment is cancelled",
    Template.DECLINED: "Your appointment request could not be accepted",
    Template.ALARM: "Something could not be delivered",
    Template.ALERT: "The clinic's system needs attention",
    Template.REMINDER: "A reminder of your appointment",
    Template.MISSED: "We missed you",
    Template.OFFER: "A time has become free",
    Template.OFFER_OVER: "The offered time is gone",
    Template.SEAT: "Your place is booked",
    Template.SEAT_CANCELLED: "Your place is cancelled",
    Template.PLEASE_REBOOK: "Please choose another time",
    Template.POINT_DECIDED: "We have looked at your objection",
    Template.YOUR_TURN: "It is your turn",
    Template.SERIES: "Your appointments are confirmed",
    Template.SERIES_CHANGED: "Your appointments have changed",
    Template.SERIES_CANCELLED: "Your appointments are cancelled",
    Template.AUDIT_HEAD: "Where the audit trail ends today",
    Template.DISPOSAL: "A list of old records",
    Template.PRIVACY: "Something needs your attention",
    Template.YOUR_DATA: "What you asked for is ready",
}


def mail_subject(template: Template) -> str:
    """The neutral subject of an e-mail."""
    return SUBJECTS[template]


def when(params: Mapping[str, Any], zone: ZoneInfo) -> str:
    """Day and time of the appointment on the clinic's clock, or an empty text without one."""
    if "starts_at" not in params:
        return ""
    starts_at = datetime.fromisoformat(params["starts_at"]).astimezone(zone)
    text = f"{_day(starts_at)}, {_clock(starts_at)}"
    if "ends_at" in params:
        text += f" to {_clock(datetime.fromisoformat(params['ends_at']).astimezone(zone))}"
    return text


def visits(params: Mapping[str, Any], zone: ZoneInfo) -> list[str]:
    """Day and time of each visit of a series; nothing for a message about a single one."""
    return [
        when({"starts_at": starts_at, "ends_at": ends_at}, zone)
        for starts_at, ends_at in params.get("visits", [])
    ]


def summary(params: Mapping[str, Any], zone: ZoneInfo) -> str:
    """The line below a message in the bell: what, day and time, place; the parts that are known."""
    time = when(params, zone)
    if "visits" in params:
        time = f"{len(params['visits'])} visits, the first on {time}"
    parts = (str(params.get("note", "")), time, str(params.get("place", "")))
    return " · ".join(part for part in parts if part)


def _day(instant: datetime) -> str:
    return f"{instant:%A}, {instant.day} {instant:%B %Y}"


def _clock(instant: datetime) -> str:
    return f"{instant.hour % 12 or 12}:{instant:%M} {'AM' if instant.hour < 12 else 'PM'}"
