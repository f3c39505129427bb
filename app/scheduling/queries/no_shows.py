"""Visits whose patient did not come in time."""

from datetime import datetime, timedelta

from sqlalchemy import func, select

from app.infra.db import session
from app.kernel.ids import AppointmentId
from app.scheduling.models import Appointment, AppointmentType
from app.scheduling.rules import AppointmentStatus

# No grace is longer than four hours (constraint), so an older visit is overdue in any case.
OLDEST = timedelta(days=31)


def overdue_visits(now: datetime, *, limit: int) -> list[AppointmentId]:
    """Confirmed visits past their start and grace, oldest first; flagged ones wait for staff."""
    grace = func.make_interval(0, 0, 0, 0, 0, AppointmentType.no_show_grace_minutes)
    rows = session().scalars(
        select(Appointment.id)
        .join(AppointmentType, AppointmentType.id == Appointment.type_id)
        .where(
            Appointment.status == AppointmentStatus.CONFIRMED.value,
            Appointment.starts_at <= now,
            Appointment.starts_at > now - OLDEST,
            Appointment.starts_at + grace <= now,
            ~Appointment.needs_rebooking,
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(limit)
    )
    return [AppointmentId(key) for key in rows]
