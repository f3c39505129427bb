"""How days, times and the history of a visit read: short, in whole words, on the clinic's clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from app.kernel import clock
from app.kernel.clock import local_date
from app.kernel.period import Period
from app.kernel.permission import PATIENT_ROLES
from app.scheduling.queries.appointments import EventView
from app.scheduling.rules import AppointmentStatus as Status
from app.web.fields import clock_time, local
from app.web.http import clinic_zone
from portal.blueprint import portal


@portal.app_template_filter("long_day")
def long_day(day: date) -> str:
    """Tuesday, 24 November, with the year only when it is another one."""
    year = "" if day.year == today().year else f" {day.year}"
    return f"{day:%A}, {day.day} {day:%B}{year}"


@portal.app_template_filter("spoken_day")
def spoken_day(instant: datetime) -> str:
    """Today, Tomorrow, or Tue 24 Nov."""
    day = local_date(instant, clinic_zone())
    near = {today(): "Today", today() + timedelta(days=1): "Tomorrow"}
    year = "" if day.year == today().year else f" {day.year}"
    return near.get(day) or f"{day:%a} {day.day} {day:%b}{year}"


@portal.app_template_filter("spoken_time")
def spoken_time(instant: datetime) -> str:
    """Tomorrow, 9:00 AM."""
    wall = local(instant)
    return f"{spoken_day(instant)}, {clock_time(wall.time())}" if wall else ""


@portal.app_template_filter("mid_sentence")
def mid_sentence(instant: datetime) -> str:
    """The same within a sentence: tomorrow at 9:00 AM."""
    text = spoken_time(instant).replace(", ", " at ")
    return text[:1].lower() + text[1:] if text.startswith("To") else text


@portal.app_template_filter("span")
def span(period: Period) -> str:
    """9:00 AM to 9:20 AM."""
    starts, ends = local(period.starts_at), local(period.ends_at)
    return f"{clock_time(starts.time())} to {clock_time(ends.time())}" if starts and ends else ""


@portal.app_template_filter("minutes")
def minutes(length: timedelta) -> str:
    """20 minutes, 1 hour, 1 hour 30 minutes, 2 days."""
    total = length // timedelta(minutes=1)
    if total and total % 1440 == 0:
        return _counted(total // 1440, "day")
    hours, rest = divmod(total, 60)
    parts = [_counted(hours, "hour")] if hours else []
    return " ".join(parts + ([_counted(rest, "minute")] if rest or not hours else []))


def _counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def today() -> date:
    """The clinic's civil day."""
    return local_date(clock.now(), clinic_zone())


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a visit's history, as the patient reads it."""

    at: datetime
    text: str
    reason: str


# What the clinic did or noted, by the status before and after; None before means new.
_STEPS: Mapping[tuple[Status | None, Status], str] = {
    (None, Status.PENDING): "You asked for this visit",
    (None, Status.CONFIRMED): "You booked this visit",
    (Status.CONFIRMED, Status.CONFIRMED): "You said that you will come",
    (Status.PENDING, Status.CONFIRMED): "The clinic accepted your request",
    (Status.PENDING, Status.DECLINED): "The clinic could not accept your request",
    (Status.CHECKED_IN, Status.CONFIRMED): "The check-in was undone",
    (Status.CHECKED_IN, Status.IN_PROGRESS): "Your visit began",
    (Status.IN_PROGRESS, Status.CHECKED_IN): "You are waiting to be seen again",
    (Status.NO_SHOW, Status.CHECKED_IN): "You arrived late and were checked in",
    (Status.COMPLETED, Status.IN_PROGRESS): "The visit was opened again",
}
_ARRIVALS: Mapping[Status, str] = {
    Status.CHECKED_IN: "You arrived and were checked in",
    Status.COMPLETED: "Your visit was completed",
    Status.NO_SHOW: "The visit was missed",
    Status.LEFT: "You left before you were seen",
    Status.CANCELLED: "You cancelled this visit",
    Status.RESCHEDULED: "You moved this visit",
    Status.ENTERED_IN_ERROR: "The visit was entered by mistake",
}
_BY_CLINIC: Mapping[str, str] = {
    "You asked for this visit": "The clinic asked for this visit for you",
    "You booked this visit": "The clinic booked this visit for you",
    "You cancelled this visit": "The clinic cancelled this visit",
    "You moved this visit": "The clinic moved this visit",
}
# Reasons that are meant for the patient; others are notes among staff.
_TOLD = frozenset({Status.CANCELLED, Status.DECLINED, Status.RESCHEDULED})


def history_in_words(events: list[EventView], *, my_name: str) -> list[Step]:
    """A visit's history, latest first. Colleagues of the clinic are not named."""
    steps = [_step(event, my_name, is_first=i == 0) for i, event in enumerate(events)]
    return steps[::-1]


def _step(event: EventView, my_name: str, *, is_first: bool) -> Step:
    target = Status(event.to_status)
    reason = event.reason if target in _TOLD else ""
    if event.from_status is None and not is_first:
        # The first line of a visit that took the place of an earlier one.
        return Step(event.at, f"New time: {spoken_time(event.starts_at)}", "")
    source = Status(event.from_status) if event.from_status else None
    text = _STEPS.get((source, target)) or _ARRIVALS.get(target, "The visit was changed")
    return Step(event.at, text if _is_mine(event, my_name) else _BY_CLINIC.get(text, text), reason)


def _is_mine(event: EventView, my_name: str) -> bool:
    """Whether the patient did it; on a patient's behalf it was the clinic."""
    roles = {role.strip() for role in event.actor_role.split(",")}
    return (
        not event.on_behalf
        and event.actor_name == my_name[:160]
        and not roles.isdisjoint({role.value for role in PATIENT_ROLES})
    )
