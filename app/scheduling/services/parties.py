"""Who takes part in an appointment, and in which capacity somebody acts on it."""

from datetime import timedelta
from typing import Protocol

from app.infra.runtime import settings
from app.kernel.actor import Actor, Channel
from app.kernel.errors import Forbidden
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling import rules
from app.scheduling.errors import UnknownAppointment, UnknownPatient, UnknownType
from app.scheduling.permissions import Permission
from app.scheduling.queries import types
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.types import BookableType
from app.scheduling.rules import ActorCapacity, PatientLimits, PointsPolicy


def clinic_limits() -> PatientLimits:
    """The clinic's limits per patient across all types, from the settings (SCH-17)."""
    config = settings()
    return PatientLimits(
        max_open=config.max_open_bookings,
        max_per_day=config.max_bookings_per_day,
        max_per_week=config.max_bookings_per_week,
    )


def points_policy() -> PointsPolicy:
    """What missed visits do to a patient's own bookings, from the settings (SCH-35)."""
    config = settings()
    return PointsPolicy(
        for_approval=config.no_show_points_for_approval,
        for_horizon=config.no_show_points_for_horizon,
        horizon=timedelta(days=config.no_show_horizon_days),
    )


def patient_to_book(actor: Actor, university_id: str | None) -> tuple[PatientCard, bool]:
    """The patient of a booking, and whether the actor is that patient.

    Without an ID it is the actor's own booking. Raises Forbidden when somebody without the
    front desk's permission names another person, whether that person exists or not.
    """
    own = None
    if actor.user_id is not None and (university_id is None or actor.may(Permission.BOOK_OWN)):
        own = patients.patient_for_user(actor.user_id)
    if university_id is None or (own and own.university_id.lower() == university_id.lower()):
        actor.require(Permission.BOOK_OWN)
        if own is None:
            raise UnknownPatient("Your account is not linked to a patient record yet.")
        return own, True
    actor.require(Permission.BOOK)
    patient = patients.patient_by_university_id(university_id)
    if patient is None:
        raise UnknownPatient()
    return patient, False


def type_to_book(actor: Actor, code: str) -> BookableType:
    """The type, when the actor's roles may book it (SCH-13).

    Raises UnknownType, TypeNotBookable.
    """
    wanted = types.bookable_type(code)
    if wanted is None:
        raise UnknownType()
    if not actor.is_system:
        rules.check_type_bookable_by(wanted.policy, frozenset(actor.roles))
    return wanted


class Account(Protocol):
    """Somebody who may have an account."""

    @property
    def user_id(self) -> int | None: ...


class Visit(Protocol):
    """What decides in which capacity somebody acts on a visit."""

    @property
    def patient(self) -> Account: ...
    @property
    def provider_user_id(self) -> int: ...


def capacities(actor: Actor, appointment: Visit) -> frozenset[ActorCapacity]:
    """Everything that entitles the actor to act on this appointment."""
    held = set()
    if actor.channel is Channel.KIOSK:
        return frozenset({ActorCapacity.KIOSK})  # it stands for the patient, whoever lent it
    if actor.is_system:
        held.add(ActorCapacity.WORKER)
    elif appointment.patient.user_id == actor.user_id and actor.may(Permission.BOOK_OWN):
        held.add(ActorCapacity.STUDENT_OWNER)
    if actor.user_id == appointment.provider_user_id and actor.may(Permission.READ):
        held.add(ActorCapacity.OWN_PROVIDER)
    for permission, capacity in (
        (Permission.RUN_DESK, ActorCapacity.FRONT_DESK),
        (Permission.ASSIST, ActorCapacity.NURSE),
        (Permission.CORRECT, ActorCapacity.ADMIN),
    ):
        if actor.may(permission):
            held.add(capacity)
    return frozenset(held)


def check_visible(actor: Actor, appointment: AppointmentView | None) -> AppointmentView:
    """The appointment, when the actor may know of it.

    Raises UnknownAppointment for what is not one's own, so that nobody learns what exists
    (ACC-02), and Forbidden for staff without the permission.
    """
    if appointment is not None and (
        actor.may(Permission.READ) or appointment.patient.user_id == actor.user_id
    ):
        return appointment
    if actor.may(Permission.BOOK_OWN) or appointment is None:
        raise UnknownAppointment()
    raise Forbidden()
