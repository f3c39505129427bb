"""Somebody comes: with an appointment, or without one (SCH-33)."""

from datetime import date, datetime

from sqlalchemy import update

from app.infra.db import Transaction, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import clinic_day, local_date
from app.kernel.ids import AppointmentId
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling import rules as scheduling_rules
from app.scheduling.errors import UnknownAppointment
from app.scheduling.queries import appointments, types, walk_ins
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services.writing import lock_parties
from app.visits import rules
from app.visits.errors import (
    AlreadyHere,
    NothingToCheckIn,
    NoWalkIns,
    UnknownArrival,
    UnknownService,
    UnknownVisit,
)
from app.visits.models import Visit
from app.visits.permissions import Permission
from app.visits.queries import visits
from app.visits.queries.visits import VisitView
from app.visits.rules import VisitStep
from app.visits.rules.check_in import gives_way
from app.visits.services.appointments import (
    change_appointment_status,
    check_free_to_arrive,
)
from app.visits.services.writing import Arrival, change_visit, locked_visit, store_arrival


def today_of_clinic() -> date:
    """The clinic's civil day."""
    return local_date(clock.now(), settings().time_zone)


def receive_walk_in(
    actor: Actor,
    *,
    patient: str,
    type_code: str,
    reason: str = "",
    priority: int = rules.ROUTINE,
    priority_reason: str = "",
    campus: str = "",
) -> VisitView:
    """Give a patient without appointment a number; it holds nobody's time (docs/adr/0015).

    Asked twice, the number stays the same. Raises UnknownArrival, UnknownService, NoWalkIns,
    AlreadyHere when the patient waits for something else, and what priorities raise.
    """
    actor.require(Permission.RECEIVE)
    text = scheduling_rules.check_reason_text(reason)
    why = rules.check_priority(priority, priority_reason)
    card, service = _patient(patient), _service(type_code)
    now = clock.now()
    with transaction() as tx:
        lock_parties(tx, [], card.id)
        present = visits.open_visit_of_patient(card.id)
        if present is not None and _is_same(present, service.id):
            return present
        check_free_to_arrive(present)
        visit_id = store_arrival(
            tx,
            actor,
            Arrival(
                patient_id=card.id,
                type_id=service.id,
                on_date=today_of_clinic(),
                arrived_at=now,
                due_at=rules.due_at(arrived_at=now),
                campus=campus or _only_campus(),
                reason=text,
                priority=priority,
                priority_reason=why,
            ),
        )
    return visits.known_visit(visit_id)


def _is_same(present: VisitView, type_id: int) -> bool:
    is_today = present.on_date == today_of_clinic()
    return is_today and present.is_walk_in and present.type_id == type_id


def _patient(university_id: str) -> PatientCard:
    card = patients.patient_by_university_id(university_id)
    if card is None or not card.is_active:
        raise UnknownArrival()
    return card


def _service(code: str) -> walk_ins.QueueService:
    wanted = code.strip().lower()
    for one in walk_ins.queue_services():
        if one.is_active and one.code.lower() == wanted:
            if not one.takes_walk_ins:
                raise NoWalkIns(one.name)
            return one
    raise UnknownService()


def _only_campus() -> str:
    """The clinic, where there is only one."""
    known = walk_ins.campuses()
    return known[0] if len(known) == 1 else ""


def check_in(
    actor: Actor, *, appointment_id: AppointmentId, version: int | None = None
) -> VisitView:
    """The front desk receives a patient with an appointment; two clicks are one arrival.

    Raises UnknownAppointment, AlreadyHere, and what the table of statuses refuses.
    """
    actor.require(Permission.RECEIVE)
    present = visits.visit_of_appointment(appointment_id)
    if present is not None and present.status in rules.IS_HERE:
        return present
    change_appointment_status(
        actor,
        appointment_id=appointment_id,
        status=AppointmentStatus.CHECKED_IN,
        version=version,
    )
    return _opened(appointment_id)


def check_in_at_kiosk(actor: Actor, *, university_id: str) -> VisitView:
    """The patient checks in alone, standing at a kiosk, inside the window of the visit.

    Asked twice, the number stays the same. A number without appointment that nobody has called
    ends with it. Raises UnknownArrival, NothingToCheckIn, AlreadyHere, and TransitionRefused
    outside the window.
    """
    card = _patient(university_id)
    present = visits.open_visit_of_patient(card.id)
    earlier = None
    if present is not None and present.on_date == today_of_clinic():
        if not present.is_walk_in:
            return present
        earlier = present
    chosen = _to_check_in(card)
    with transaction() as tx:
        given_up = _give_up_number(tx, actor, earlier) if earlier else None
        change_appointment_status(
            actor, appointment_id=chosen.id, status=AppointmentStatus.CHECKED_IN, by_qr=True
        )
        if given_up:
            _keep_standing(tx, given_up, chosen)
    return _opened(chosen.id)


def _give_up_number(tx: Transaction, actor: Actor, earlier: VisitView) -> VisitView:
    """End a walk-in's number for the appointment's; it is never given again (SCH-33).

    Raises AlreadyHere when it was called meanwhile.
    """
    fresh = locked_visit(tx, earlier.id)
    if not gives_way(fresh.status, is_walk_in=fresh.is_walk_in):
        raise AlreadyHere(fresh.token)
    reason = "Checked in for an appointment."
    change_visit(
        tx,
        actor,
        fresh,
        VisitStep.UNDO,
        reason=reason,
        ended_at=clock.now(),
        ended_reason=reason,
    )
    return fresh


def _keep_standing(tx: Transaction, given_up: VisitView, chosen: AppointmentView) -> None:
    """The patient came when the first number was taken, and stays as urgent as then."""
    due = rules.due_at(arrived_at=given_up.arrived_at, booked_at=chosen.starts_at)
    tx.execute(
        update(Visit)
        .where(Visit.appointment_id == chosen.id)
        .values(due_at=due, priority=given_up.priority, priority_reason=given_up.priority_reason)
        .execution_options(synchronize_session=False)
    )


def _to_check_in(card: PatientCard) -> AppointmentView:
    """The appointment that the patient comes for now. Raises NothingToCheckIn."""
    expected = _expected_today(card)
    if not expected:
        raise NothingToCheckIn()
    now = clock.now()
    return next((one for one in expected if _is_in_window(one, now)), expected[0])


def _expected_today(card: PatientCard) -> list[AppointmentView]:
    """The patient's confirmed appointments of today, the earliest first."""
    today = clinic_day(today_of_clinic(), settings().time_zone)
    coming = appointments.appointments_of_patient(
        card.id,
        now=clock.now(),
        when="upcoming",
        statuses=(AppointmentStatus.CONFIRMED,),
        page_size=20,
    )
    return [one for one in coming.results if today.starts_at <= one.starts_at < today.ends_at]


def _is_in_window(one: AppointmentView, now: datetime) -> bool:
    policy = types.type_of(one.type_id).policy
    opens, closes = one.starts_at - policy.check_in_window, one.starts_at + policy.no_show_grace
    return opens <= now <= closes


def _opened(appointment_id: AppointmentId) -> VisitView:
    opened = visits.visit_of_appointment(appointment_id)
    if opened is None:
        raise UnknownAppointment()
    return opened


def undo_check_in(actor: Actor, *, visit_id: int, version: int | None = None) -> VisitView:
    """Take back an arrival within 10 minutes; its number is void and never given again.

    Raises UnknownVisit, StaleVisit, StepRefused, TooLateToUndo.
    """
    actor.require(Permission.RECEIVE)
    known = visits.visit(visit_id)
    if known is None:
        raise UnknownVisit()
    rules.check_step(known.token, known.status, VisitStep.UNDO)
    with transaction() as tx:
        if known.appointment_id is not None:
            change_appointment_status(
                actor, appointment_id=known.appointment_id, status=AppointmentStatus.CONFIRMED
            )
        else:
            visit = locked_visit(tx, visit_id, version)
            now = clock.now()
            rules.check_undo(visit.arrived_at, now)
            change_visit(tx, actor, visit, VisitStep.UNDO, ended_at=now)
    return visits.known_visit(visit_id)
