"""Who waits for a seat in a group session, and the session that offers go by (SCH-31)."""

from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select

from app.infra.db import session
from app.scheduling.models import Appointment, GroupSession, Hold, Seat, WaitlistEntry
from app.scheduling.queries.sessions import SessionView
from app.scheduling.queries.waitlist import MOST_CANDIDATES, Candidate, candidate_of
from app.scheduling.queries.wishes_met import meets, seat_meets
from app.scheduling.rules.waitlist import EntryStatus


def candidates(found: SessionView, *, day: date, zone: ZoneInfo) -> list[Candidate]:
    """Who may take a seat: they wait for this kind of visit on this day, who came first first.

    Not those who were offered a seat here before, nor those who have booked what they wait for
    since.
    """
    has_visit = select(Appointment.id).where(meets(zone)).correlate(WaitlistEntry)
    has_seat = (
        select(Seat.id)
        .join(GroupSession, GroupSession.id == Seat.session_id)
        .where(seat_meets(zone))
        .correlate(WaitlistEntry)
    )
    was_asked = (
        select(Hold.id)
        .where(Hold.entry_id == WaitlistEntry.id, Hold.session_id == found.id)
        .correlate(WaitlistEntry)
    )
    rows = session().scalars(
        select(WaitlistEntry)
        .where(
            WaitlistEntry.status == EntryStatus.WAITING.value,
            WaitlistEntry.type_id == found.type_id,
            or_(
                WaitlistEntry.practitioner_id.is_(None),
                WaitlistEntry.practitioner_id == found.practitioner_id,
            ),
            WaitlistEntry.first_day <= day,
            WaitlistEntry.last_day >= day,
            ~has_visit.exists(),
            ~has_seat.exists(),
            ~was_asked.exists(),
        )
        .order_by(WaitlistEntry.created_at, WaitlistEntry.id)
        .limit(MOST_CANDIDATES)
        .execution_options(populate_existing=True)
    )
    return [candidate_of(row) for row in rows]


def lock_session(session_id: int) -> None:
    """Nobody changes the session until the transaction ends; seats in it may still be stored."""
    statement = select(GroupSession.id).where(GroupSession.id == session_id)
    session().execute(statement.with_for_update(key_share=True))
