"""A status of an appointment and its visit change together, in one transaction (SCH-07)."""

from typing import Any

from app.infra.db import Transaction, in_transaction, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor, system_actor
from app.kernel.clock import local_date
from app.kernel.ids import AppointmentId
from app.scheduling import services as scheduling
from app.scheduling.errors import SlotTaken
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services.writing import release_lapsed_holds
from app.visits import rules
from app.visits.errors import AlreadyHere
from app.visits.queries import visits
from app.visits.queries.visits import VisitView
from app.visits.rules import VisitStatus, VisitStep
from app.visits.services.writing import Arrival, change_visit, locked_visit, store_arrival

FOLLOWS = {
    AppointmentStatus.IN_PROGRESS: VisitStatus.IN_PROGRESS,
    AppointmentStatus.COMPLETED: VisitStatus.COMPLETED,
    AppointmentStatus.LEFT: VisitStatus.LEFT,
    AppointmentStatus.CHECKED_IN: VisitStatus.WAITING,
}
STEP_TO = {
    VisitStatus.IN_PROGRESS: VisitStep.START,
    VisitStatus.COMPLETED: VisitStep.COMPLETE,
    VisitStatus.LEFT: VisitStep.LEAVE,
    VisitStatus.WAITING: VisitStep.SEND_BACK,
    VisitStatus.VOID: VisitStep.UNDO,
}


def change_appointment_status(
    actor: Actor,
    *,
    appointment_id: AppointmentId,
    status: AppointmentStatus,
    reason: str = "",
    version: int | None = None,
    by_qr: bool = False,
) -> AppointmentView:
    """Move an appointment along its table, and its visit with it; either both or neither.

    Raises what `scheduling.change_status` raises, and AlreadyHere when the patient is in the
    queue for something else.
    """

    def once() -> AppointmentView:
        with transaction() as tx:
            changed = scheduling.change_status(
                actor,
                appointment_id=appointment_id,
                status=status,
                reason=reason,
                version=version,
                by_qr=by_qr,
            )
            follow(tx, actor, changed, reason)
        return changed

    try:
        return once()
    except SlotTaken:
        if in_transaction():
            raise
        release_lapsed_holds()
        return once()


def follow(tx: Transaction, actor: Actor, changed: AppointmentView, reason: str) -> None:
    """Bring the visit to where its appointment is now; a check-in opens one."""
    visit = visits.visit_of_appointment(changed.id)
    if visit is not None:
        visit = locked_visit(tx, visit.id)
    target = FOLLOWS.get(changed.status, VisitStatus.VOID)
    if visit is None:
        if changed.status is AppointmentStatus.CHECKED_IN:
            open_visit(tx, actor, changed)
        return
    if visit.status is target:
        return
    step = STEP_TO[target]
    if visit.status is VisitStatus.COMPLETED and target is VisitStatus.IN_PROGRESS:
        step = VisitStep.REOPEN
    change_visit(
        tx, actor, visit, step, reason=reason, to=target, **values_for(visit, target, reason)
    )


def values_for(visit: VisitView, target: VisitStatus, reason: str) -> dict[str, Any]:
    """The stamps that go with a status."""
    now = clock.now()
    if target is VisitStatus.IN_PROGRESS:
        return {"started_at": visit.started_at or now, "ended_at": None, "ended_reason": ""}
    if target is VisitStatus.WAITING:
        return {"started_at": None, "ended_at": None, "ended_reason": "", "place": ""}
    return {"ended_at": visit.ended_at or now, "ended_reason": reason[:200]}


def open_visit(tx: Transaction, actor: Actor, appointment: AppointmentView) -> int:
    """The visit of an appointment that has just been checked in.

    Raises AlreadyHere when the patient is in the queue for something else.
    """
    now = clock.now()
    today = local_date(now, settings().time_zone)
    check_free_to_arrive(visits.open_visit_of_patient(appointment.patient_id))
    arrival = Arrival(
        patient_id=appointment.patient_id,
        type_id=appointment.type_id,
        on_date=today,
        arrived_at=now,
        due_at=rules.due_at(arrived_at=now, booked_at=appointment.starts_at),
        campus=appointment.campus,
        reason=appointment.reason,
        practitioner_id=appointment.practitioner_id,
        appointment_id=appointment.id,
    )
    return store_arrival(tx, actor, arrival)


def check_free_to_arrive(present: VisitView | None) -> None:
    """One visit at a time; a visit of an earlier day that nobody ended is ended now.

    Raises AlreadyHere.
    """
    if present is None:
        return
    today = local_date(clock.now(), settings().time_zone)
    if present.on_date >= today:
        raise AlreadyHere(present.token)
    end_forgotten(present)


def end_forgotten(visit: VisitView) -> None:
    """End a visit of an earlier day: who still waited has left, who was inside was seen."""
    end_visit(system_actor(), visit, "The day ended.")


def end_visit(actor: Actor, visit: VisitView, reason: str) -> None:
    """End a visit with its day. Raises Conflict when it was changed meanwhile."""
    was_inside = visit.status is VisitStatus.IN_PROGRESS
    with transaction() as tx:
        if visit.appointment_id is not None:
            change_appointment_status(
                actor,
                appointment_id=visit.appointment_id,
                status=AppointmentStatus.COMPLETED if was_inside else AppointmentStatus.LEFT,
                reason=reason,
            )
            return
        target = VisitStatus.COMPLETED if was_inside else VisitStatus.LEFT
        fresh = locked_visit(tx, visit.id, visit.version)
        values = values_for(fresh, target, reason)
        change_visit(tx, actor, fresh, STEP_TO[target], reason=reason, to=target, **values)
