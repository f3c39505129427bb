"""Answers to a reminder, by its signed link or in the portal: "I will come" (SCH-30)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update

from app.infra import signing
from app.infra.db import transaction
from app.kernel import clock
from app.kernel.actor import Actor, Channel, system_actor
from app.kernel.ids import AppointmentId
from app.scheduling.errors import TooLateToCancel, UnknownAppointment
from app.scheduling.errors.attendance import AnswerTooLate, UnknownAnswerLink
from app.scheduling.models import Appointment
from app.scheduling.queries import appointments, types
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.rules import ActorCapacity, AppointmentStatus
from app.scheduling.rules.attendance import why_no_answer
from app.scheduling.services import parties
from app.scheduling.services.changes import change_status
from app.scheduling.services.writing import note_event
from app.security import queries as accounts

PURPOSE = "visit-answer"
# Longer than the longest lead; the visit itself ends the link long before.
VALID_FOR = timedelta(days=17)
SAID_YES = "Answered the reminder: I will come"
SAID_IN_PORTAL = "Said in the portal: I will come"
SAID_NO = "Answered the reminder: I cannot come"


@dataclass(frozen=True, slots=True)
class Asked:
    """The visit that a link asks about, and until when it can be given up by it."""

    visit: AppointmentView
    cancel_until: datetime

    @property
    def may_cancel(self) -> bool:
        """Whether giving it up online is still in time."""
        return clock.now() <= self.cancel_until


def visit_of_link(token: str) -> Asked:
    """What a link is about; changes nothing.

    Raises UnknownAnswerLink, and AnswerTooLate when there is nothing left to answer.
    """
    value = signing.read(PURPOSE, token, VALID_FOR)
    number = value.get("visit") if value else None
    visit = appointments.appointment(AppointmentId(number)) if isinstance(number, int) else None
    if visit is None:
        raise UnknownAnswerLink()
    sentence = why_no_answer(visit.status, starts_at=visit.starts_at, now=clock.now())
    if sentence:
        raise AnswerTooLate(sentence)
    cutoff = types.type_of(visit.type_id).policy.cancel_cutoff
    return Asked(visit, visit.starts_at - cutoff)


def say_coming(token: str) -> AppointmentView:
    """The patient will come. Said twice it is noted once."""
    visit = visit_of_link(token).visit
    return _note_coming(_patient(visit), visit, SAID_YES)


def confirm_attendance(actor: Actor, *, appointment_id: AppointmentId) -> AppointmentView:
    """The same, said in the portal. Said twice it is noted once.

    Raises UnknownAppointment for what is not one's own, and AnswerTooLate.
    """
    visit = parties.check_visible(actor, appointments.appointment(appointment_id))
    if ActorCapacity.STUDENT_OWNER not in parties.capacities(actor, visit):
        raise UnknownAppointment()
    sentence = why_no_answer(visit.status, starts_at=visit.starts_at, now=clock.now())
    if sentence:
        raise AnswerTooLate(sentence)
    return _note_coming(actor, visit, SAID_IN_PORTAL)


def _note_coming(actor: Actor, visit: AppointmentView, reason: str) -> AppointmentView:
    now = clock.now()
    with transaction() as tx:
        noted = tx.execute(
            update(Appointment)
            .where(
                Appointment.id == visit.id,
                Appointment.status == AppointmentStatus.CONFIRMED.value,
                Appointment.attendance_confirmed_at.is_(None),
            )
            .values(attendance_confirmed_at=now)
            .execution_options(synchronize_session=False)
        )
        if noted.rowcount:
            note_event(
                tx,
                actor,
                "confirm-attendance",
                appointment_id=visit.id,
                patient_id=visit.patient_id,
                at=now,
                from_status=AppointmentStatus.CONFIRMED,
                to_status=AppointmentStatus.CONFIRMED,
                starts_at=visit.starts_at,
                reason=reason,
                on_behalf=actor.is_system,
            )
    return appointments.known_appointment(visit.id)


def say_not_coming(token: str) -> AppointmentView:
    """Give the visit up, by the rules of the portal. Raises TooLateToCancel after the cutoff."""
    asked = visit_of_link(token)
    if not asked.may_cancel:
        raise TooLateToCancel()
    return change_status(
        _patient(asked.visit),
        appointment_id=asked.visit.id,
        status=AppointmentStatus.CANCELLED,
        reason=SAID_NO,
    )


def _patient(visit: AppointmentView) -> Actor:
    """The patient with the rights of their account; the clinic acts for one without."""
    user_id = visit.patient.user_id
    if user_id is None:
        return system_actor(Channel.PORTAL)
    return Actor(
        user_id=user_id,
        name=visit.patient.full_name,
        roles=frozenset(accounts.role_names(user_id)),
        grants=accounts.grants_of(user_id),
        channel=Channel.PORTAL,
    )
