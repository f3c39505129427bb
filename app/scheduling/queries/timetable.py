"""A student's classes. Only the student ever sees them."""

from datetime import datetime

from sqlalchemy import func, select

from app.infra.db import session
from app.kernel.ids import PatientId
from app.kernel.period import Period
from app.scheduling.models import TimetableEntry
from app.scheduling.rules.timetable import MOST_ENTRIES, ClassTime


def class_periods(patient_id: PatientId, period: Period) -> list[Period]:
    """When the student has class, for marking times that clash."""
    rows = session().execute(
        select(TimetableEntry.starts_at, TimetableEntry.ends_at)
        .where(
            TimetableEntry.patient_id == patient_id,
            TimetableEntry.starts_at < period.ends_at,
            TimetableEntry.ends_at > period.starts_at,
        )
        .order_by(TimetableEntry.starts_at)
        .limit(MOST_ENTRIES)
    )
    return [Period(row.starts_at, row.ends_at) for row in rows]


def coming_classes(patient_id: PatientId, *, now: datetime, limit: int = 10) -> list[ClassTime]:
    """The next classes, by start."""
    rows = session().scalars(
        select(TimetableEntry)
        .where(TimetableEntry.patient_id == patient_id, TimetableEntry.ends_at > now)
        .order_by(TimetableEntry.starts_at)
        .limit(limit)
    )
    return [ClassTime(row.starts_at, row.ends_at, row.title) for row in rows]


def count_classes(patient_id: PatientId) -> int:
    """How many classes are stored."""
    found = session().scalar(
        select(func.count())
        .select_from(TimetableEntry)
        .where(TimetableEntry.patient_id == patient_id)
    )
    return int(found or 0)
