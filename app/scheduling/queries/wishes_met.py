"""Who waits for a time although they have a visit or a seat that suits them (SCH-31)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Select, Time, and_, cast, func, or_, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import InstrumentedAttribute

from app.infra.db import session
from app.kernel.ids import AppointmentId
from app.scheduling.models import Appointment, GroupSession, Seat, WaitlistEntry
from app.scheduling.rules import HOLDS_TIME
from app.scheduling.rules.sessions import SeatStatus
from app.scheduling.rules.waitlist import OPEN_ENTRY

HOLDING = sorted(status.value for status in HOLDS_TIME)
MOST = 500


@dataclass(frozen=True, slots=True)
class WishMet:
    """An open entry, and the visit or the seat that was booked since and lies within it."""

    entry_id: int
    starts_at: datetime
    ends_at: datetime
    appointment_id: AppointmentId | None = None
    seat_id: int | None = None
    session_id: int | None = None


def meets(zone: ZoneInfo) -> ColumnElement[bool]:
    """Whether an appointment is what an entry waits for: the rule of `WaitingTimes.suit`."""
    return and_(
        Appointment.patient_id == WaitlistEntry.patient_id,
        Appointment.type_id == WaitlistEntry.type_id,
        Appointment.status.in_(HOLDING),
        Appointment.created_at >= WaitlistEntry.created_at,
        _suits(zone, Appointment.starts_at, Appointment.ends_at, Appointment.practitioner_id),
    )


def seat_meets(zone: ZoneInfo) -> ColumnElement[bool]:
    """The same of a seat; joined with its session."""
    return and_(
        Seat.patient_id == WaitlistEntry.patient_id,
        Seat.status == SeatStatus.BOOKED.value,
        Seat.booked_at >= WaitlistEntry.created_at,
        GroupSession.type_id == WaitlistEntry.type_id,
        _suits(zone, GroupSession.starts_at, GroupSession.ends_at, GroupSession.practitioner_id),
    )


def _suits(
    zone: ZoneInfo,
    starts_at: InstrumentedAttribute[datetime],
    ends_at: InstrumentedAttribute[datetime],
    practitioner_id: InstrumentedAttribute[int],
) -> ColumnElement[bool]:
    starts, ends = func.timezone(zone.key, starts_at), func.timezone(zone.key, ends_at)
    return and_(
        or_(
            WaitlistEntry.practitioner_id.is_(None),
            WaitlistEntry.practitioner_id == practitioner_id,
        ),
        cast(starts, Date).between(WaitlistEntry.first_day, WaitlistEntry.last_day),
        cast(ends, Date) == cast(starts, Date),
        cast(starts, Time) >= WaitlistEntry.earliest,
        cast(ends, Time) <= WaitlistEntry.latest,
    )


def wishes_met(zone: ZoneInfo, *, entry_id: int | None = None) -> list[WishMet]:
    """Open entries that have their visit or seat, the soonest of each, the oldest entry first."""
    visits: Any = select(
        WaitlistEntry.id, Appointment.starts_at, Appointment.ends_at, Appointment.id
    ).join(Appointment, meets(zone))
    seats: Any = (
        select(
            WaitlistEntry.id, GroupSession.starts_at, GroupSession.ends_at, Seat.id, GroupSession.id
        )
        .join(Seat, Seat.patient_id == WaitlistEntry.patient_id)
        .join(GroupSession, and_(GroupSession.id == Seat.session_id, seat_meets(zone)))
    )
    found = {
        row[0]: WishMet(row[0], row[1], row[2], seat_id=row[3], session_id=row[4])
        for row in _soonest(seats, GroupSession.starts_at, entry_id)
    }
    found |= {
        row[0]: WishMet(row[0], row[1], row[2], appointment_id=AppointmentId(row[3]))
        for row in _soonest(visits, Appointment.starts_at, entry_id)
    }
    return [found[key] for key in sorted(found)]


def _soonest(
    statement: Select[Any], starts_at: InstrumentedAttribute[datetime], entry_id: int | None
) -> list[Any]:
    wanted = (
        statement.where(WaitlistEntry.status.in_([one.value for one in OPEN_ENTRY]))
        .ext(distinct_on(WaitlistEntry.id))
        .order_by(WaitlistEntry.id, starts_at)
        .limit(MOST)
    )
    if entry_id is not None:
        wanted = wanted.where(WaitlistEntry.id == entry_id)
    return list(session().execute(wanted))
