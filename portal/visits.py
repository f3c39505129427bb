"""What several pages ask about one visit."""

from datetime import datetime

from app.kernel import clock
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.types import type_of
from app.scheduling.rules import OPEN, TypePolicy
from app.scheduling.rules.attendance import why_no_answer


def policy_of(visit: AppointmentView) -> TypePolicy:
    """The rules of the visit's type, active or not."""
    return type_of(visit.type_id).policy


def changeable_until(visit: AppointmentView) -> datetime | None:
    """Until when the patient may change or give up an open visit; None for one that is over."""
    if visit.status not in OPEN or visit.ends_at <= clock.now():
        return None
    return visit.starts_at - policy_of(visit).cancel_cutoff


def is_answerable(visit: AppointmentView, now: datetime) -> bool:
    """Whether the patient can still say "I will come", and has not yet (SCH-30)."""
    is_open = why_no_answer(visit.status, starts_at=visit.starts_at, now=now) is None
    return is_open and visit.attendance_confirmed_at is None
