"""Changing a visit: its status along the table, or its time (SCH-07, SCH-19)."""

from datetime import datetime, timedelta

from sqlalchemy import update

from app.infra.db import Transaction, retried, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import Invalid
from app.kernel.ids import AppointmentId, PractitionerId
from app.kernel.period import Period
from app.notifications.rules import Template
from app.scheduling import rules
from app.scheduling.errors import SlotTaken, StaleVersion, UnknownProvider
from app.scheduling.models import Appointment
from app.scheduling.permissions import Permission
from app.scheduling.queries import appointments, facts, schedules
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.rules import HOLDS_TIME, ActorCapacity, AppointmentStatus, Context, Slot
from app.scheduling.services import parties, questions
from app.scheduling.services.messages import News, tell_everybody
from app.scheduling.services.writing import (
    NewAppointment,
    hold_time,
    lock_parties,
    next_appointment_id,
    note_event,
    store_appointment,
)

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=12)
PATIENTS_MOVES = frozenset({AppointmentStatus.CANCELLED, AppointmentStatus.RESCHEDULED})
MESSAGES = {
    AppointmentStatus.CONFIRMED: Template.CONFIRMED,
    AppointmentStatus.CANCELLED: Template.CANCELLED,
    AppointmentStatus.DECLINED: Template.DECLINED,
}


def change_status(
    actor: Actor,
    *,
    appointment_id: AppointmentId,
    status: AppointmentStatus,
    reason: str = "",
    version: int | None = None,
) -> AppointmentView:
    """Move a visit along the table of transitions and tell those concerned.

    Raises UnknownAppointment, StaleVersion when it was changed since `version`, and
    TransitionRefused, TransitionForbidden, TooLateToCancel or ReasonRequired.
    """
    text = rules.check_reason_text(reason)
    return retried(
        lambda: _change_status(actor, appointment_id, status, text, version), refusal=SlotTaken
    )


def _change_status(
    actor: Actor,
    appointment_id: AppointmentId,
    status: AppointmentStatus,
    reason: str,
    version: int | None,
) -> AppointmentView:
    if status is AppointmentStatus.RESCHEDULED:
        raise Invalid("Please choose the new time.", errors={"status": ["Choose a new time."]})
    with transaction() as tx:
        visit = _visit_for_change(tx, actor, appointment_id, version)
        now = clock.now()
        context = _context(actor, visit, reason, now)
        rules.check_transition(visit.status, status, context=context)
        is_late = status is AppointmentStatus.CANCELLED and rules.is_late_cancellation(context)
        _guarded_update(
            tx,
            visit,
            status=status.value,
            status_since=now,
            ended_reason=reason if status not in HOLDS_TIME else "",
            is_late_cancellation=is_late,
            needs_rebooking=visit.needs_rebooking and status in HOLDS_TIME,
        )
        hold_time(tx, visit.id, active=status in HOLDS_TIME)
        _note(tx, actor, visit, status, reason, context, now)
        _tell(tx, actor, visit, status)
    return appointments.known_appointment(appointment_id)


def reschedule_appointment(
    actor: Actor,
    *,
    appointment_id: AppointmentId,
    starts_at: datetime,
    ends_at: datetime | None = None,
    provider: str | None = None,
    reason: str = "",
    version: int | None = None,
    override_reason: str | None = None,
) -> AppointmentView:
    """Move a visit to another time, length or provider; returns its successor.

    The old visit stays as "rescheduled" and names the new one. Moving onto a part of its own
    time works. Raises what booking and changing a status raise.
    """
    start = rules.check_start(starts_at)
    text = rules.check_reason_text(reason)
    length = _checked_length(actor, start, ends_at)
    successor_id = retried(
        lambda: _reschedule(
            actor, appointment_id, start, length, provider, text, version, override_reason
        ),
        refusal=SlotTaken,
    )
    return appointments.known_appointment(successor_id)


def _checked_length(
    actor: Actor, starts_at: datetime, ends_at: datetime | None
) -> timedelta | None:
    """The new length of a visit; only staff change it, in steps of five minutes."""
    if ends_at is None:
        return None
    actor.require(Permission.BOOK)
    length = ends_at - starts_at
    if not SHORTEST <= length <= LONGEST or length % SHORTEST:
        sentence = "A visit lasts 5 minutes to 12 hours, in steps of 5 minutes."
        raise Invalid(sentence, errors={"ends_at": [sentence]})
    return length


def _reschedule(
    actor: Actor,
    appointment_id: AppointmentId,
    starts_at: datetime,
    length: timedelta | None,
    provider: str | None,
    reason: str,
    version: int | None,
    override_reason: str | None,
) -> AppointmentId:
    with transaction() as tx:
        visit = _visit_for_change(tx, actor, appointment_id, version, also=provider)
        now = clock.now()
        context = _context(actor, visit, reason, now)
        rules.check_transition(visit.status, AppointmentStatus.RESCHEDULED, context=context)
        override = _checked_override(actor, override_reason)
        slot = _new_slot(visit, starts_at, length, provider, is_free=bool(override))
        successor_id = _replace(tx, actor, visit, slot, override, now)
        _guarded_update(
            tx,
            visit,
            status=AppointmentStatus.RESCHEDULED.value,
            status_since=now,
            ended_reason=reason,
            successor_id=successor_id,
            needs_rebooking=False,
        )
        _note(tx, actor, visit, AppointmentStatus.RESCHEDULED, reason, context, now)
    return successor_id


def _checked_override(actor: Actor, override_reason: str | None) -> str:
    if override_reason is None:
        return ""
    actor.require(Permission.OVERRIDE)
    return rules.check_override_reason(override_reason)


def _new_slot(
    visit: AppointmentView,
    starts_at: datetime,
    length: timedelta | None,
    provider: str | None,
    *,
    is_free: bool,
) -> Slot:
    """The offered slot to move to, with the visit's own time left out of the way."""
    wanted = facts.type_of(visit.type_id)
    providers = questions.providers_for(wanted, provider or visit.provider)
    day = questions.day_of(starts_at)
    question = questions.question(
        wanted,
        providers,
        first=day,
        last=day,
        patient_id=visit.patient_id,
        duration=length or visit.period.lasts_for,
        moving=visit.id,
    )
    if is_free:
        question = question.without_limits()
    return rules.check_offered(question, providers[0].id, starts_at)


def _replace(
    tx: Transaction,
    actor: Actor,
    visit: AppointmentView,
    slot: Slot,
    override: str,
    now: datetime,
) -> AppointmentId:
    """Give up the old time and take the new one, in one transaction under the locks."""
    hold_time(tx, visit.id, active=False)
    successor_id = next_appointment_id(tx)
    new = NewAppointment(
        id=successor_id,
        type=facts.type_of(visit.type_id),
        practitioner_id=PractitionerId(slot.practitioner_id),
        patient_id=visit.patient_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        campus=slot.campus,
        status=AppointmentStatus.CONFIRMED,
        reason=visit.reason,
        override_reason=override,
        uid=visit.uid,
        sequence=visit.sequence + 1,
    )
    store_appointment(tx, actor, new, now=now)
    note_event(
        tx,
        actor,
        "reschedule",
        appointment_id=successor_id,
        patient_id=visit.patient_id,
        at=now,
        from_status=None,
        to_status=AppointmentStatus.CONFIRMED,
        starts_at=slot.starts_at,
        reason=override,
        on_behalf=visit.patient.user_id != actor.user_id,
    )
    _tell_move(tx, actor, visit, new, successor_id)
    tx.flush()  # the old visit names the new one, which must be there first
    return successor_id


def _tell_move(
    tx: Transaction,
    actor: Actor,
    visit: AppointmentView,
    new: NewAppointment,
    successor_id: AppointmentId,
) -> None:
    provider = schedules.known_practitioner(new.practitioner_id)
    tell_everybody(
        tx,
        actor,
        News(
            template=Template.CHANGED,
            appointment_id=successor_id,
            uid=visit.uid,
            sequence=new.sequence,
            occurrence=new.sequence,
            period=Period(new.starts_at, new.ends_at),
            type_name=visit.type_name,
            patient=visit.patient,
            provider_user_id=provider.user_id,
        ),
    )


def _visit_for_change(
    tx: Transaction,
    actor: Actor,
    appointment_id: AppointmentId,
    version: int | None,
    also: str | None = None,
) -> AppointmentView:
    """The visit, seen by somebody who may, locked together with its parties (SCH-03)."""
    visit = parties.check_visible(actor, appointments.appointment(appointment_id))
    providers = [int(visit.practitioner_id)]
    if also is not None:
        other = schedules.practitioner_by_university_id(also)
        if other is None:
            raise UnknownProvider()
        providers.append(other.id)
    lock_parties(tx, providers, visit.patient_id)
    appointments.appointment_for_update(appointment_id)
    fresh = parties.check_visible(actor, appointments.appointment(appointment_id))
    rules.check_version(version, fresh.version)
    return fresh


def _context(actor: Actor, visit: AppointmentView, reason: str, now: datetime) -> Context:
    zone = settings().time_zone
    return Context(
        capacities=parties.capacities(actor, visit),
        now=now,
        starts_at=visit.starts_at,
        status_since=visit.status_since,
        zone=zone,
        cutoff=facts.type_of(visit.type_id).policy.cancel_cutoff,
        reason=reason,
        was_away=facts.was_away(visit.practitioner_id, visit.period),
    )


def _guarded_update(tx: Transaction, visit: AppointmentView, **values: object) -> None:
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


def _note(
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
    """An approval, a cancellation or a refusal is news; a check-in is not."""
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
