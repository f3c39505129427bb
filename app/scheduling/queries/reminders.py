"""Visits that may be due for a reminder, and how patients want to be reminded (SCH-30)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import TextClause, select, text

from app.infra.db import plain, session
from app.kernel.ids import PatientId
from app.scheduling.models import ReminderWish

PAGE = 500

# Confirmed visits with a lead that is planned until now (or until the end of the quiet hours
# ahead) while no reminder of it or of a shorter one has left. Walks along (starts_at, id).
VISITS_DUE = text(
    """
    SELECT a.id, a.starts_at, a.created_at, coalesce(w.lead_minutes, t.reminder_minutes) AS leads,
           coalesce(w.by_email, true) AS by_email, coalesce(w.in_app, true) AS in_app
    FROM scheduling_appointment a
    JOIN scheduling_appointment_type t ON t.id = a.type_id
    LEFT JOIN scheduling_reminder_wish w ON w.patient_id = a.patient_id
    WHERE a.status = 'confirmed' AND a.starts_at > :now AND a.starts_at <= :until
      AND (a.starts_at, a.id) > (CAST(:after AS timestamptz), CAST(:after_id AS bigint))
      AND EXISTS (
        SELECT 1 FROM unnest(coalesce(w.lead_minutes, t.reminder_minutes)) AS lead
        WHERE a.starts_at - make_interval(mins => lead) <= :planned_until
          AND a.created_at < a.starts_at - make_interval(mins => lead)
          AND NOT EXISTS (SELECT 1 FROM scheduling_reminder r
                          WHERE r.appointment_id = a.id AND r.lead_minutes <= lead))
    ORDER BY a.starts_at, a.id
    LIMIT 500
    """
)


@dataclass(frozen=True, slots=True)
class Due:
    """A visit or a seat that may be due, and the ways that its patient wishes."""

    id: int
    starts_at: datetime
    created_at: datetime
    leads: tuple[int, ...]
    by_email: bool
    in_app: bool


def visits_due(*, now: datetime, planned_until: datetime, until: datetime) -> Iterator[Due]:
    """The visits to look at, soonest first, a page at a time."""
    return walk(VISITS_DUE, now=now, planned_until=planned_until, until=until)


def walk(
    statement: TextClause, *, now: datetime, planned_until: datetime, until: datetime
) -> Iterator[Due]:
    """What a statement finds, along (starts_at, id), a page at a time."""
    after, after_id = now, 0
    while True:
        values = {
            "now": now,
            "planned_until": planned_until,
            "until": until,
            "after": after,
            "after_id": after_id,
        }
        rows = plain(statement, values).all()
        for row in rows:
            yield Due(
                row.id, row.starts_at, row.created_at, tuple(row.leads), row.by_email, row.in_app
            )
        if len(rows) < PAGE:
            return
        after, after_id = rows[-1].starts_at, rows[-1].id


@dataclass(frozen=True, slots=True)
class WishView:
    """How a patient wants to be reminded; without leads as the kind of visit says."""

    by_email: bool = True
    in_app: bool = True
    lead_minutes: tuple[int, ...] | None = None


def wish_of(patient_id: PatientId) -> WishView:
    """A patient's wish; everything on when none was ever said."""
    row = session().scalar(select(ReminderWish).where(ReminderWish.patient_id == patient_id))
    if row is None:
        return WishView()
    leads = None if row.lead_minutes is None else tuple(row.lead_minutes)
    return WishView(row.by_email, row.in_app, leads)
