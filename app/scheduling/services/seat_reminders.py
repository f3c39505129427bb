"""Reminds patients of their seats, exactly once per lead time (SCH-04, SCH-30, NOT-03)."""

from datetime import datetime

from app.infra.db import transaction
from app.kernel.actor import Actor
from app.scheduling.models import SeatReminder
from app.scheduling.queries import seat_reminders
from app.scheduling.queries.reminders import Due
from app.scheduling.services.reminders import is_first, send_due
from app.scheduling.services.seat_messages import remind_of_seat
from app.scheduling.services.seats import known_seat
from app.scheduling.services.sessions import known_session


def send_seat_reminders(actor: Actor) -> int:
    """Send every reminder of a seat that is due now; returns how many.

    The lead times are those of the kind of visit, or as the patient wishes. A row per seat and
    lead decides who sends. A seat that breaks stops no other; then SomeFailed is raised.
    """
    return send_due(actor, "seat reminders", seat_reminders.seats_due, _remind)


def _remind(actor: Actor, one: Due, lead: int, now: datetime) -> bool:
    with transaction() as tx:
        if not seat_reminders.is_still_booked(one.id):
            return False  # given up, or the session called off, since it was read
        if not is_first(tx, SeatReminder, seat_id=one.id, lead_minutes=lead, sent_at=now):
            return False
        seat = known_seat(one.id)
        remind_of_seat(
            tx,
            actor,
            known_session(seat.session_id),
            seat,
            lead=lead,
            by_email=one.by_email,
            in_app=one.in_app,
        )
    return True
