"""The order of the queue, and how long it takes (SCH-33). Pure: times come in as values.

By priority, then by due time: an appointment's booked time if the patient came by then, else
the arrival; a walk-in's arrival. Who was called and did not come goes behind the next three.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from app.visits.errors import PriorityReasonRequired, UnusablePriority

ORDER_IN_WORDS = (
    "Emergencies first, then urgent visits, then all others. Among them a booked visit has its"
    " booked time, if the patient came by then, and everybody else the time of arrival. Who is"
    " called and does not come goes behind the next three."
)
EMERGENCY, URGENT, ROUTINE = 1, 2, 3
PRIORITIES = {EMERGENCY: "Emergency", URGENT: "Urgent", ROUTINE: "Routine"}
BEHIND = 3
MEASURED = 20
LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What decides when somebody waiting is called. `missed_at` is the call that was missed."""

    id: int
    priority: int
    due_at: datetime
    missed_at: datetime | None = None


def due_at(*, arrived_at: datetime, booked_at: datetime | None = None) -> datetime:
    """The time that decides the turn within a priority."""
    if booked_at is not None and arrived_at <= booked_at:
        return booked_at
    return arrived_at


def in_order(turns: Iterable[Turn], calls: Sequence[datetime] = ()) -> list[int]:
    """The keys of those waiting, the next one first; `calls` are the calls of the day.

    A missed call is forgiven once three others were called after it.
    """
    waiting = sorted(turns, key=lambda turn: (turn.priority, turn.due_at, turn.id))
    places = {turn.id: place for place, turn in enumerate(waiting)}
    order = [turn.id for turn in waiting if turn.missed_at is None]
    missed = [(turn.missed_at, turn.id) for turn in waiting if turn.missed_at is not None]
    for missed_at, key in sorted(missed):
        called_since = sum(1 for call in calls if call > missed_at)
        order.insert(max(places[key], BEHIND - called_since), key)
    return order


def predicted_wait(
    ahead: int, *, measured: Sequence[timedelta], planned: timedelta, at_work: int
) -> timedelta:
    """How long until a patient with `ahead` people before them is called.

    The median of what visits took lately, else the planned length, for everybody ahead, divided
    by the providers at work.
    """
    seconds = [one.total_seconds() for one in measured]
    each = timedelta(seconds=median(seconds)) if seconds else planned
    return each * ahead / max(1, at_work)


def wait_in_words(wait: timedelta) -> str:
    """About 20 minutes; in steps of five, because nobody knows better."""
    minutes = round(wait / timedelta(minutes=5)) * 5
    if minutes < 5:
        return "a few minutes"
    if minutes < 90:
        return f"about {minutes} minutes"
    return f"about {round(minutes / 60)} hours"


def check_priority(priority: int, reason: str) -> str:
    """The reason as it is kept. Raises UnusablePriority, PriorityReasonRequired."""
    if priority not in PRIORITIES:
        raise UnusablePriority()
    kept = " ".join(reason.split())[:LONGEST_REASON]
    if priority != ROUTINE and not kept:
        raise PriorityReasonRequired()
    return kept if priority != ROUTINE else ""
