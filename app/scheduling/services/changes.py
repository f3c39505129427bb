"""Changing a visit: its status along the table, or its time (SCH-07, SCH-19)."""

from datetime import datetime, timedelta

from sqlalchemy import update

from app.infra.db import Transaction, retried, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import Invalid
from app.kernel.ids import AppointmentId
from app.notifications.rules import Template
from app.scheduling import rules
from app.scheduling.errors import SlotTaken, StaleVersion, UnknownProvider
from app.scheduling.models import Appointment
from app.scheduling.queries import appointments, facts, schedules, types
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.rules import HOLDS_TIME, OPEN, ActorCapacity, AppointmentStatus, Context
from app.scheduling.services import parties
from app.scheduling.services.freed import visit_freed
from app.scheduling.services.messages import News, tell_everybody
from app.scheduling.services.points import follow_status
from app.scheduling.services.writing import (
    hold_time,
    lock_parties,
    note_event,
    release_lapsed_holds,
)

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=12)
PATIENTS_MOVES = frozenset({AppointmentStatus.CANCELLED, AppointmentStatus.RESCHEDULED})
PAPER = frozenset({ActorCapacity.PAPER})
MESSAGES = {
    AppointmentStatus.CONFIRMED: Template.CONFIRMED,
    AppointmentStatus.CANCELLED: Template.CANCELLED,
    AppointmentStatus.DECLINED: Template.DECLINED,
    AppointmentStatus.NO_SHOW: Template.MISSED,
}


def change_status(
    actor: Actor,
    *,
    appointment_id: AppointmentId,
    status: AppointmentStatus,
    reason: str = "",
    version: int | None = None,
    by_qr: bool = False,
    from_paper: bool = False,
) -> AppointmentView:
    """Move a visit along the table of transitions and tell those concerned.

    `by_qr` says that the patient proved to be in the clinic, `from_paper` that a form of an
    outage is typed in (services/late.py).

    Raises UnknownAppointment, StaleVersion when it was changed since `version`, and
    TransitionRefused, TransitionForbidden, TooLateToCancel or ReasonRequired.
    """
    text = rules.check_reason_text(reason)
    return retried(
        lambda: _change_status(
            actor, appointment_id, status, text, version, by_qr=by_qr, from_paper=from_paper
        ),
        refusal=SlotTaken,
        between=release_lapsed_holds,
    )


def _change_status(
    actor: Actor,
    appointment_id: AppointmentId,
    status: AppointmentStatus,
    reason: str,
    version: int | None,
    *,
    by_qr: bool,
    from_paper: bool,
) -> AppointmentView:
    if status is AppointmentStatus.RESCHEDULED:
        raise Invalid("Please choose the new time.", errors={"status": ["Choose a new time."]})
    with transaction() as tx:
        visit = visit_for_change(tx, actor, appointment_id, version)
        now = clock.now()
        context = context_of(actor, visit, reason, now, by_qr=by_qr, from_paper=from_paper)
        rules.check_transition(visit.status, status, context=context)
        is_late = status is AppointmentStatus.CANCELLED and rules.is_late_cancellation(context)
        guarded_update(
            tx,
            visit,
            status=status.value,
            status_since=now,
            ended_reason=reason if status not in HOLDS_TIME else "",
            is_late_cancellation=is_late,
            **({"is_late_entry": status not in OPEN} if from_paper else {}),
            needs_rebooking=visit.needs_rebooking and status in HOLDS_TIME,
        )
        hold_time(tx, visit.id, active=status in HOLDS_TIME)
        if status not in HOLDS_TIME:
            visit_freed(tx, visit, now=now)
        follow_status(tx, visit, status, now=now)
        note_change(tx, actor, visit, status, reason, context, now)
        _tell(tx, actor, visit, status)
    return appointments.known_appointment(appointment_id, patient=visit.patient)


def visit_for_change(
    tx: Transaction,
    actor: Actor,
    appointment_id: AppointmentId,
    version: int | None,
    *,
    moving: bool = False,
    also: str | None = None,
) -> AppointmentView:
    """The visit, seen by somebody who may, locked together with its parties (SCH-03)."""
    visit = parties.check_visible(actor, appointments.appointment(appointment_id))
    providers = [int(visit.practitioner_id)]
    resources = types.type_of(visit.type_id).resource_ids if also is not None or moving else ()
    if also is not None:
        other = schedules.practitioner_by_university_id(also)
        if other is None:
            raise UnknownProvider()
        providers.append(other.id)
    lock_parties(tx, providers, visit.patient_id, resources)
    fresh = parties.check_visible(actor, appointments.locked_appointment(visit))
    rules.check_version(version, fresh.version)
    return fresh


def context_of(
    actor: Actor,
    visit: AppointmentView,
    reason: str,
    now: datetime,
    *,
    by_qr: bool = False,
    from_paper: bool = False,
) -> Context:
    """What decides about a change of this visit besides its status."""
    wanted = types.type_of(visit.type_id)
    return Context(
        capacities=PAPER if from_paper else parties.capacities(actor, visit),
        now=now,
        starts_at=visit.starts_at,
        status_since=visit.status_since,
        zone=settings().time_zone,
        cutoff=wanted.policy.cancel_cutoff,
        grace=wanted.policy.no_show_grace,
        check_in_window=wanted.policy.check_in_window,
        by_qr=by_qr,
        reason=reason,
        was_away=facts.was_away(visit.practitioner_id, visit.period),
    )


def guarded_update(tx: Transaction, visit: AppointmentView, **values: object) -> None:
    """One UPDATE guarded by the expected status and version (SCH-07). Raises StaleVersion."""
    changed = tx.execute(
        update(Appointment)
        .where(
            Appointment.id == visit.id,
            Appointment.status == visit.status.value,
            Appointment.version == visit.version,
        )
        .values(version=Appointment.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:
        raise StaleVersion()


def note_change(
    tx: Transaction,
    actor: Actor,
    visit: AppointmentView,
    status: AppointmentStatus,
    reason: str,
    context: Context,
    now: datetime,
) -> None:
    note_event(
        tx,
        actor,
        status.value,
        appointment_id=visit.id,
        patient_id=visit.patient_id,
        at=now,
        from_status=visit.status,
        to_status=status,
        starts_at=visit.starts_at,
        reason=reason,
        on_behalf=status in PATIENTS_MOVES
        and ActorCapacity.STUDENT_OWNER not in context.capacities,
    )


def _tell(tx: Transaction, actor: Actor, visit: AppointmentView, status: AppointmentStatus) -> None:
    """An approval, a cancellation, a refusal or a missed visit is news; a check-in is not."""
    is_undo = visit.status is not AppointmentStatus.PENDING
    template = MESSAGES.get(status)
    if template is None or (template is Template.CONFIRMED and is_undo):
        return
    is_change = template is Template.CANCELLED
    tell_everybody(
        tx,
        actor,
        News(
            template=template,
            appointment_id=visit.id,
            uid=visit.uid,
            sequence=visit.sequence + is_change,
            occurrence=visit.version + 1,
            period=visit.period,
            type_name=visit.type_name,
            patient=visit.patient,
            provider_user_id=visit.provider_user_id,
        ),
    )
