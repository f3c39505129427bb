"""Seats in group sessions that may be due for a reminder (SCH-04, SCH-30)."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select, text

from app.infra.db import session
from app.scheduling.models import GroupSession, Seat
from app.scheduling.queries.reminders import Due, walk

# As with visits: seats with a lead that is planned until now while neither it nor a shorter one
# has left. Walks along (starts_at, id).
SEATS_DUE = text(
    """
    SELECT s.id, g.starts_at, s.booked_at AS created_at,
           coalesce(w.lead_minutes, t.reminder_minutes) AS leads,
           coalesce(w.by_email, true) AS by_email, coalesce(w.in_app, true) AS in_app
    FROM scheduling_group_session g
    JOIN scheduling_seat s ON s.session_id = g.id
    JOIN scheduling_appointment_type t ON t.id = g.type_id
    LEFT JOIN scheduling_reminder_wish w ON w.patient_id = s.patient_id
    WHERE s.status = 'booked' AND g.status IN ('open', 'closed')
      AND g.starts_at > :now AND g.starts_at <= :until
      AND (g.starts_at, s.id) > (CAST(:after AS timestamptz), CAST(:after_id AS bigint))
      AND EXISTS (
        SELECT 1 FROM unnest(coalesce(w.lead_minutes, t.reminder_minutes)) AS lead
        WHERE g.starts_at - make_interval(mins => lead) <= :planned_until
          AND s.booked_at < g.starts_at - make_interval(mins => lead)
          AND NOT EXISTS (SELECT 1 FROM scheduling_seat_reminder r
                          WHERE r.seat_id = s.id AND r.lead_minutes <= lead))
    ORDER BY g.starts_at, s.id
    LIMIT 500
    """
)


def seats_due(*, now: datetime, planned_until: datetime, until: datetime) -> Iterator[Due]:
    """The seats to look at, soonest first, a page at a time."""
    return walk(SEATS_DUE, now=now, planned_until=planned_until, until=until)


def is_still_booked(seat_id: int) -> bool:
    """Whether the seat is held and its session takes place; the seat's row stays locked."""
    statement = (
        select(GroupSession.status)
        .join(Seat, Seat.session_id == GroupSession.id)
        .where(Seat.id == seat_id, Seat.status == "booked")
        .with_for_update(of=Seat)
    )
    return session().scalar(statement) in ("open", "closed")
