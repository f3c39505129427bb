"""Checking in alone at a kiosk: when it is possible, and what to do when it is not.

Somebody who tries numbers is slowed down: more than 8 that lead nowhere within 5 minutes, and
the kiosk rests for a minute.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.kernel.clock import local_date
from app.visits.rules.steps import VisitStatus

TRIES = 8
TRIES_WITHIN = timedelta(minutes=5)
REST = timedelta(minutes=1)
LONGEST_ID = 32
LONGEST_CODE = 300


class Verdict(StrEnum):
    """What a kiosk answers."""

    READY = "ready"
    TOO_EARLY = "too-early"
    TOO_LATE = "too-late"
    NOTHING_TODAY = "nothing-today"


@dataclass(frozen=True, slots=True)
class Expected:
    """A visit that a patient may come for."""

    starts_at: datetime
    window: timedelta
    grace: timedelta


def verdict(visits: Iterable[Expected], *, now: datetime, zone: ZoneInfo) -> Verdict:
    """The best answer for a patient with these visits; both ends of the window count."""
    today = [one for one in visits if local_date(one.starts_at, zone) == local_date(now, zone)]
    if not today:
        return Verdict.NOTHING_TODAY
    if any(one.starts_at - one.window <= now <= one.starts_at + one.grace for one in today):
        return Verdict.READY
    if any(now < one.starts_at for one in today):
        return Verdict.TOO_EARLY
    return Verdict.TOO_LATE


def what_to_do(answer: Verdict, window: timedelta) -> str:
    """One sentence for somebody who cannot check in now. It tells no time of a visit."""
    minutes = window // timedelta(minutes=1)
    if answer is Verdict.TOO_EARLY:
        return f"You are early. Please check in at most {minutes} minutes before your visit."
    return "Your time has passed. Please go to the front desk; they will help you."


def is_resting(led_nowhere: Sequence[datetime], now: datetime) -> bool:
    """Whether a kiosk rests, by the tries of late that led nowhere."""
    recent = [at for at in led_nowhere if now - at < TRIES_WITHIN]
    return len(recent) > TRIES and now - max(recent) < REST


def gives_way(status: VisitStatus, *, is_walk_in: bool) -> bool:
    """Whether a number without appointment ends when its owner checks in for an appointment.

    Only while nobody has called it: who is called or being seen goes there first.
    """
    return is_walk_in and status in (VisitStatus.WAITING, VisitStatus.ON_HOLD)


def is_code(typed: str) -> bool:
    """Whether a scanner read a QR code; a university ID has no dots and is short."""
    return "." in typed or len(typed) > LONGEST_ID


def is_of_today(day: object, today: date) -> bool:
    """Whether a code is for this day."""
    return day == today.isoformat()
