"""Marks visits as missed after their grace period (SCH-35)."""

from functools import partial

from sqlalchemy import update

from app.infra.db import transaction
from app.infra.one_by_one import one_by_one
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import AppointmentId
from app.scheduling.errors import SlotTaken, StaleVersion, TransitionRefused
from app.scheduling.models import Appointment
from app.scheduling.permissions import Permission
from app.scheduling.queries import appointments, facts, no_shows
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services.changes import change_status

BATCH = 500


def mark_no_shows(actor: Actor) -> int:
    """Mark confirmed visits whose patient did not come; returns how many.

    Safe to run twice and at once: each visit is marked in a transaction of its own, under its
    locks. When the clinic was closed or the provider away nobody missed anything: such a visit
    is flagged for another time instead, and left to the front desk (SCH-19). A visit that breaks
    stops no other; then SomeFailed is raised at the end.
    """
    actor.require(Permission.RUN_DESK)
    due = no_shows.overdue_visits(clock.now(), limit=BATCH)
    return one_by_one("no-shows", due, partial(_settle, actor))


def _settle(actor: Actor, appointment_id: AppointmentId) -> bool:
    visit = appointments.known_appointment(appointment_id)
    if facts.was_away(visit.practitioner_id, visit.period):
        _flag(appointment_id)
        return False
    try:
        change_status(actor, appointment_id=appointment_id, status=AppointmentStatus.NO_SHOW)
    except (TransitionRefused, StaleVersion, SlotTaken):
        return False  # somebody was faster: checked in, cancelled, or marked already
    return True


def _flag(appointment_id: AppointmentId) -> None:
    with transaction() as tx:
        tx.execute(
            update(Appointment)
            .where(
                Appointment.id == appointment_id,
                Appointment.status == AppointmentStatus.CONFIRMED.value,
                ~Appointment.needs_rebooking,
            )
            .values(needs_rebooking=True, version=Appointment.version + 1)
            .execution_options(synchronize_session=False)
        )
