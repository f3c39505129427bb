"""Moving a visit to another time, length or provider (SCH-07)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from app.infra.db import Transaction, retried, transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import Invalid
from app.kernel.ids import AppointmentId, PractitionerId
from app.kernel.period import Period
from app.notifications.rules import Template
from app.scheduling import rules
from app.scheduling.errors import SlotTaken
from app.scheduling.permissions import Permission
from app.scheduling.queries import appointments, schedules, types
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.rules import AppointmentStatus, Question, Slot
from app.scheduling.services import questions
from app.scheduling.services.booking import chosen_resources
from app.scheduling.services.changes import (
    context_of,
    guarded_update,
    note_change,
    visit_for_change,
)
from app.scheduling.services.freed import visit_freed
from app.scheduling.services.kept import give_up
from app.scheduling.services.messages import News, tell_everybody
from app.scheduling.services.writing import (
    NewAppointment,
    hold_time,
    next_appointment_id,
    note_event,
    release_lapsed_holds,
    store_appointment,
)

SHORTEST, LONGEST = timedelta(minutes=5), timedelta(hours=12)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """Where a visit shall go; checked as far as its shape goes."""

    appointment_id: AppointmentId
    starts_at: datetime
    length: timedelta | None
    provider: str | None
    reason: str
    version: int | None
    override_reason: str | None


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
    move = _Move(
        appointment_id=appointment_id,
        starts_at=start,
        length=_checked_length(actor, start, ends_at),
        provider=provider,
        reason=rules.check_reason_text(reason),
        version=version,
        override_reason=override_reason,
    )
    return retried(
        lambda: _reschedule(actor, move), refusal=SlotTaken, between=release_lapsed_holds
    )


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


def _reschedule(actor: Actor, move: _Move) -> AppointmentView:
    with transaction() as tx:
        visit = visit_for_change(
            tx, actor, move.appointment_id, move.version, moving=True, also=move.provider
        )
        now = clock.now()
        context = context_of(actor, visit, move.reason, now)
        rules.check_transition(visit.status, AppointmentStatus.RESCHEDULED, context=context)
        override = _checked_override(actor, move.override_reason)
        new = _successor(tx, visit, move, override, is_own=visit.patient.user_id == actor.user_id)
        _replace(tx, actor, visit, new, now)
        guarded_update(
            tx,
            visit,
            status=AppointmentStatus.RESCHEDULED.value,
            status_since=now,
            ended_reason=move.reason,
            successor_id=new.id,
            needs_rebooking=False,
        )
        note_change(tx, actor, visit, AppointmentStatus.RESCHEDULED, move.reason, context, now)
    return appointments.known_appointment(new.id, patient=visit.patient)


def _checked_override(actor: Actor, override_reason: str | None) -> str:
    if override_reason is None:
        return ""
    actor.require(Permission.OVERRIDE)
    return rules.check_override_reason(override_reason)


def _successor(
    tx: Transaction, visit: AppointmentView, move: _Move, override: str, *, is_own: bool
) -> NewAppointment:
    """The visit at its new time, with the rooms that are free then."""
    question = _question(visit, move, is_own=is_own)
    if override:
        question = question.without_limits()
    slot = rules.check_offered(question, question.providers[0].practitioner_id, move.starts_at)
    give_up(tx, question)
    return _moved(visit, slot, question, AppointmentId(next_appointment_id(tx)), override)


def _question(visit: AppointmentView, move: _Move, *, is_own: bool) -> Question:
    """Which times are free for the visit, with its own time left out of the way."""
    wanted = types.type_of(visit.type_id)
    day = questions.day_of(move.starts_at)
    return questions.question(
        wanted,
        questions.providers_for(wanted, move.provider or visit.provider),
        first=day,
        last=day,
        patient_id=visit.patient_id,
        duration=move.length or visit.period.lasts_for,
        moving=visit.id,
        is_own=is_own,
    )


def _moved(
    visit: AppointmentView, slot: Slot, question: Question, number: AppointmentId, override: str
) -> NewAppointment:
    return NewAppointment(
        id=number,
        type=types.type_of(visit.type_id),
        practitioner_id=PractitionerId(slot.practitioner_id),
        patient_id=visit.patient_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        campus=slot.campus,
        status=rules.moved_status(missed_too_many=question.needs_approval),
        reason=visit.reason,
        override_reason=override,
        resources=chosen_resources(question, slot),
        series_id=visit.series_id,
        series_number=visit.series_number,
        uid=visit.uid,
        sequence=visit.sequence + 1,
    )


def _replace(
    tx: Transaction, actor: Actor, visit: AppointmentView, new: NewAppointment, now: datetime
) -> None:
    """Give up the old time and take the new one, in one transaction under the locks."""
    hold_time(tx, visit.id, active=False)
    visit_freed(tx, visit, now=now)
    store_appointment(tx, actor, new, now=now)
    note_event(
        tx,
        actor,
        "reschedule",
        appointment_id=new.id,
        patient_id=visit.patient_id,
        at=now,
        from_status=None,
        to_status=new.status,
        starts_at=new.starts_at,
        reason=new.override_reason,
        on_behalf=visit.patient.user_id != actor.user_id,
    )
    _tell_move(tx, actor, visit, new)
    tx.flush()  # the old visit names the new one, which must be there first


def _tell_move(tx: Transaction, actor: Actor, visit: AppointmentView, new: NewAppointment) -> None:
    provider = schedules.known_practitioner(new.practitioner_id)
    is_pending = new.status is AppointmentStatus.PENDING
    tell_everybody(
        tx,
        actor,
        News(
            template=Template.PENDING if is_pending else Template.CHANGED,
            appointment_id=new.id,
            uid=visit.uid,
            sequence=new.sequence,
            occurrence=new.sequence,
            period=Period(new.starts_at, new.ends_at),
            type_name=visit.type_name,
            patient=visit.patient,
            provider_user_id=provider.user_id,
        ),
    )
