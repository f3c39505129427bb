"""Reminds patients of their seats, exactly once per lead time (SCH-04, SCH-30, NOT-03)."""

from datetime import datetime

from sqlalchemy.dialects.postgresql import insert

from app.infra.db import Transaction, transaction
from app.infra.one_by_one import one_by_one
from app.kernel import clock
from app.kernel.actor import Actor
from app.scheduling.models import SeatReminder
from app.scheduling.permissions import Permission
from app.scheduling.queries import seat_reminders
from app.scheduling.queries.seat_reminders import SeatDue
from app.scheduling.rules.quiet import QuietHours
from app.scheduling.rules.reminders import due_lead, look_ahead
from app.scheduling.services.reminders import REACH, quiet_hours
from app.scheduling.services.seat_messages import remind_of_seat
from app.scheduling.services.seats import known_seat
from app.scheduling.services.sessions import known_session


def send_seat_reminders(actor: Actor) -> int:
    """Send every reminder of a seat that is due now; returns how many.

    The lead times are those of the kind of visit, or as the patient wishes. A row per seat and
    lead decides who sends. A seat that breaks stops no other; then SomeFailed is raised.
    """
    actor.require(Permission.RUN_DESK)
    now, quiet = clock.now(), quiet_hours()
    planned_until = look_ahead(now, quiet)
    if planned_until is None:
        return 0
    found = list(seat_reminders.seats_due(now=now, planned_until=planned_until, until=now + REACH))
    return one_by_one("seat reminders", found, lambda one: _remind(actor, one, now, quiet))


def _remind(actor: Actor, one: SeatDue, now: datetime, quiet: QuietHours) -> bool:
    lead = due_lead(
        one.leads, starts_at=one.starts_at, created_at=one.booked_at, now=now, quiet=quiet
    )
    if lead is None:
        return False
    with transaction() as tx:
        if not seat_reminders.is_still_booked(one.id):
            return False  # given up, or the session called off, since it was read
        if not _is_first(tx, one, lead, now):
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


def _is_first(tx: Transaction, one: SeatDue, lead: int, now: datetime) -> bool:
    stored = tx.execute(
        insert(SeatReminder)
        .values(seat_id=one.id, lead_minutes=lead, sent_at=now)
        .on_conflict_do_nothing()
        .returning(SeatReminder.lead_minutes)
    )
    return stored.scalar() is not None
