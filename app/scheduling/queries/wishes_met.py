"""Who waits for a time although they have booked one that suits them (SCH-31)."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Time, and_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.infra.db import session
from app.kernel.ids import AppointmentId
from app.scheduling.models import Appointment, WaitlistEntry
from app.scheduling.rules import HOLDS_TIME
from app.scheduling.rules.waitlist import OPEN_ENTRY

HOLDING = sorted(status.value for status in HOLDS_TIME)
MOST = 500


@dataclass(frozen=True, slots=True)
class WishMet:
    """An open entry, and the visit that was booked since and lies within it."""

    entry_id: int
    appointment_id: AppointmentId
    starts_at: datetime
    ends_at: datetime


def meets(zone: ZoneInfo) -> ColumnElement[bool]:
    """Whether an appointment is what an entry waits for: the rule of `WaitingTimes.suit`."""
    starts = func.timezone(zone.key, Appointment.starts_at)
    ends = func.timezone(zone.key, Appointment.ends_at)
    return and_(
        Appointment.patient_id == WaitlistEntry.patient_id,
        Appointment.type_id == WaitlistEntry.type_id,
        Appointment.status.in_(HOLDING),
        Appointment.created_at >= WaitlistEntry.created_at,
        or_(
            WaitlistEntry.practitioner_id.is_(None),
            WaitlistEntry.practitioner_id == Appointment.practitioner_id,
        ),
        cast(starts, Date).between(WaitlistEntry.first_day, WaitlistEntry.last_day),
        cast(ends, Date) == cast(starts, Date),
        cast(starts, Time) >= WaitlistEntry.earliest,
        cast(ends, Time) <= WaitlistEntry.latest,
    )


def wishes_met(zone: ZoneInfo, *, entry_id: int | None = None) -> list[WishMet]:
    """Open entries that have their visit, the soonest visit of each, the oldest entry first."""
    statement = (
        select(
            WaitlistEntry.id,
            Appointment.id.label("appointment_id"),
            Appointment.starts_at,
            Appointment.ends_at,
        )
        .join(Appointment, meets(zone))
        .where(WaitlistEntry.status.in_([one.value for one in OPEN_ENTRY]))
        .ext(distinct_on(WaitlistEntry.id))
        .order_by(WaitlistEntry.id, Appointment.starts_at)
        .limit(MOST)
    )
    if entry_id is not None:
        statement = statement.where(WaitlistEntry.id == entry_id)
    rows = session().execute(statement)
    return [WishMet(row[0], AppointmentId(row[1]), row[2], row[3]) for row in rows]
