"""Whose turn it is, and what becomes of it: calling, seeing, skipping, leaving (SCH-33)."""

from datetime import date, datetime, timedelta

from sqlalchemy import func, select

from app.infra.db import Transaction, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.ids import PractitionerId
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify
from app.scheduling import rules as scheduling_rules
from app.scheduling.errors import UnknownProvider
from app.scheduling.queries import types
from app.scheduling.queries.types import BookableType
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services.writing import lock_parties
from app.visits import rules
from app.visits.errors import AlreadyHere, NobodyWaiting, StaleVisit, UnknownService, UnknownVisit
from app.visits.models import Visit
from app.visits.permissions import Permission
from app.visits.queries import visits
from app.visits.queries.visits import VisitView
from app.visits.rules import VisitStatus, VisitStep
from app.visits.services.appointments import (
    change_appointment_status,
    values_for,
)
from app.visits.services.writing import change_visit, locked_visit

LONGEST_PLACE = 80
DOUBLE_TAP = timedelta(seconds=10)
APPOINTMENTS_STEPS = {
    VisitStep.START: (AppointmentStatus.IN_PROGRESS, VisitStatus.IN_PROGRESS),
    VisitStep.COMPLETE: (AppointmentStatus.COMPLETED, VisitStatus.COMPLETED),
    VisitStep.LEAVE: (AppointmentStatus.LEFT, VisitStatus.LEFT),
    VisitStep.SEND_BACK: (AppointmentStatus.CHECKED_IN, VisitStatus.WAITING),
    VisitStep.REOPEN: (AppointmentStatus.IN_PROGRESS, VisitStatus.IN_PROGRESS),
}


def _today() -> date:
    return local_date(clock.now(), settings().time_zone)


def possible_steps(actor: Actor, visit: VisitView) -> list[VisitStep]:
    """The buttons of a visit; asks no database."""
    if not actor.may(Permission.CALL):
        only = {VisitStep.UNDO} if actor.may(Permission.RECEIVE) else set()
    else:
        only = set(VisitStep)
    if not actor.may(Permission.RECEIVE) or clock.now() - visit.arrived_at > rules.UNDO_WITHIN:
        only -= {VisitStep.UNDO}
    if visit.ended_at is not None and clock.now() - visit.ended_at > rules.REOPEN_WITHIN:
        only -= {VisitStep.REOPEN}
    if visit.appointment_id is not None or not is_fresh(visit.ended_at):
        only -= {VisitStep.BRING_BACK}
    return [step for step in rules.steps_from(visit.status) if step in only]


def is_fresh(ended_at: datetime | None) -> bool:
    """Whether what ended then can still be taken back."""
    return ended_at is not None and clock.now() - ended_at <= rules.UNDO_WITHIN


def call_next(
    actor: Actor,
    *,
    type_code: str,
    provider: str | None = None,
    place: str = "",
    campus: str = "",
    head: int | None = None,
) -> VisitView:
    """Call whose turn it is; two who ask at once get two different patients.

    With a provider only their own patients and those of nobody in particular. With the `head` of
    the line that the page showed, a second tap of the same person finds that visit called and
    calls nobody else. Raises UnknownService, UnknownProvider, NobodyWaiting.
    """
    actor.require(Permission.CALL)
    wanted = types.bookable_type(type_code)
    if wanted is None:
        raise UnknownService()
    caller = _caller(actor, wanted, provider)
    with transaction() as tx:
        if head is not None and _was_just_called(tx, actor, head):
            return visits.known_visit(head)
        chosen = _lock_first(tx, _candidates(wanted.id, campus, caller))
        if chosen is None:
            raise NobodyWaiting()
        _call(tx, actor, visits.known_visit(chosen), place, caller)
    return visits.known_visit(chosen)


def _caller(actor: Actor, wanted: BookableType, provider: str | None) -> PractitionerId | None:
    """The named provider, or the actor where the actor offers this service."""
    if provider:
        named = wanted.providers_named(provider)
        if not named:
            raise UnknownProvider()
        return named[0].id
    own = [one.id for one in wanted.providers if one.user_id == actor.user_id]
    return own[0] if own else None


def _candidates(type_id: int, campus: str, caller: PractitionerId | None) -> list[int]:
    """Who waits, in the order of the rule."""
    of_day = visits.visits_of_day(_today(), campus=campus, type_id=type_id)
    known = {one.id: one for one in of_day}
    suitable = {None, caller}
    return [
        key
        for key in visits.waiting_in_order(of_day)
        if caller is None or known[key].practitioner_id in suitable
    ]


def _was_just_called(tx: Transaction, actor: Actor, head: int) -> bool:
    """Whether this is the second tap; the first one is waited for, as it holds the row."""
    tx.execute(select(Visit.id).where(Visit.id == head).with_for_update())
    since = clock.now() - DOUBLE_TAP
    return actor.user_id is not None and visits.was_called_by(head, actor.user_id, since=since)


def _lock_first(tx: Transaction, keys: list[int]) -> int | None:
    """The first whom nobody else is calling at this moment."""
    if not keys:
        return None
    found = tx.execute(
        select(Visit.id)
        .where(Visit.id.in_(keys), Visit.status == VisitStatus.WAITING)
        .order_by(func.array_position(keys, Visit.id))
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    key: int | None = found.scalar_one_or_none()
    return key


def call(actor: Actor, *, visit_id: int, place: str = "", version: int | None = None) -> VisitView:
    """Call one patient, or once more. Raises UnknownVisit, StaleVisit, StepRefused."""
    actor.require(Permission.CALL)
    with transaction() as tx:
        visit = locked_visit(tx, visit_id, version)
        _call(tx, actor, visit, place, None)
    return visits.known_visit(visit_id)


def _call(
    tx: Transaction, actor: Actor, visit: VisitView, place: str, caller: PractitionerId | None
) -> None:
    shown = " ".join(place.split())[:LONGEST_PLACE] or visit.place
    change_visit(
        tx,
        actor,
        visit,
        VisitStep.CALL,
        place=shown,
        called_at=clock.now(),
        practitioner_id=visit.practitioner_id or caller,
    )
    if visit.patient.user_id is None:
        return
    notify(
        tx,
        actor,
        event="visit.called",
        entity=f"visit/{visit.id}",
        occurrence=visit.version + 1,
        recipient=Recipient(visit.patient.user_id, "", ""),
        subject="It is your turn",
        template=Template.YOUR_TURN,
        params={"place": shown, "note": visit.token},
        link="/portal/turn/",
    )


def skip(actor: Actor, *, visit_id: int, version: int | None = None) -> VisitView:
    """The called patient did not come: back into the line, behind the next three."""
    with transaction() as tx:
        visit = _for_step(tx, actor, visit_id, version)
        change_visit(tx, actor, visit, VisitStep.SKIP, skips=visit.skips + 1, place="")
    return visits.known_visit(visit_id)


def hold(actor: Actor, *, visit_id: int, reason: str = "", version: int | None = None) -> VisitView:
    """The patient is away for a moment, such as at the laboratory; nobody calls them."""
    text = scheduling_rules.check_reason_text(reason)
    with transaction() as tx:
        visit = _for_step(tx, actor, visit_id, version)
        change_visit(tx, actor, visit, VisitStep.HOLD, reason=text, place="")
    return visits.known_visit(visit_id)


def resume(actor: Actor, *, visit_id: int, version: int | None = None) -> VisitView:
    """The patient is back, at the place that their due time gives them."""
    with transaction() as tx:
        visit = _for_step(tx, actor, visit_id, version)
        change_visit(tx, actor, visit, VisitStep.RESUME)
    return visits.known_visit(visit_id)


def transfer(
    actor: Actor,
    *,
    visit_id: int,
    type_code: str,
    provider: str | None = None,
    version: int | None = None,
) -> VisitView:
    """Send the patient to another service or provider; number and due time stay.

    Raises UnknownService, UnknownProvider, and what every step raises.
    """
    wanted = types.bookable_type(type_code)
    if wanted is None:
        raise UnknownService()
    other = wanted.providers_named(provider) if provider else ()
    if provider and not other:
        raise UnknownProvider()
    with transaction() as tx:
        visit = _for_step(tx, actor, visit_id, version)
        change_visit(
            tx,
            actor,
            visit,
            VisitStep.TRANSFER,
            reason=f"To {wanted.name}",
            type_id=wanted.id,
            practitioner_id=other[0].id if other else None,
            place="",
        )
    return visits.known_visit(visit_id)


def prioritise(
    actor: Actor, *, visit_id: int, priority: int, reason: str = "", version: int | None = None
) -> VisitView:
    """Let a patient go first, or back to routine. Raises PriorityReasonRequired and its kin."""
    why = rules.check_priority(priority, reason)
    with transaction() as tx:
        visit = _for_step(tx, actor, visit_id, version)
        change_visit(
            tx,
            actor,
            visit,
            VisitStep.PRIORITISE,
            reason=why,
            priority=priority,
            priority_reason=why,
        )
    return visits.known_visit(visit_id)


def _for_step(tx: Transaction, actor: Actor, visit_id: int, version: int | None) -> VisitView:
    actor.require(Permission.CALL)
    return locked_visit(tx, visit_id, version)


def start(actor: Actor, *, visit_id: int, version: int | None = None) -> VisitView:
    """The patient goes in; an appointment is in progress with it."""
    return _with_appointment(actor, visit_id, VisitStep.START, version)


def complete(actor: Actor, *, visit_id: int, version: int | None = None) -> VisitView:
    """The patient was seen."""
    return _with_appointment(actor, visit_id, VisitStep.COMPLETE, version)


def leave(
    actor: Actor, *, visit_id: int, reason: str = "", version: int | None = None
) -> VisitView:
    """The patient left without being seen."""
    return _with_appointment(actor, visit_id, VisitStep.LEAVE, version, reason)


def send_back(actor: Actor, *, visit_id: int, version: int | None = None) -> VisitView:
    """Back to the waiting room: started by mistake, or sent to the laboratory."""
    return _with_appointment(actor, visit_id, VisitStep.SEND_BACK, version)


def reopen(
    actor: Actor, *, visit_id: int, reason: str = "", version: int | None = None
) -> VisitView:
    """The patient was not done yet; within 24 hours. Raises TooLateToUndo."""
    return _with_appointment(actor, visit_id, VisitStep.REOPEN, version, reason)


def _with_appointment(
    actor: Actor, visit_id: int, step: VisitStep, version: int | None, reason: str = ""
) -> VisitView:
    """A step that an appointment takes too. Its locks come first, as everywhere."""
    actor.require(Permission.CALL)
    text = scheduling_rules.check_reason_text(reason)
    known = visits.visit(visit_id)
    if known is None:
        raise UnknownVisit()
    if version is not None and version != known.version:
        raise StaleVisit()
    rules.check_step(known.token, known.status, step)
    status, target = APPOINTMENTS_STEPS[step]
    if known.appointment_id is not None:
        change_appointment_status(
            actor, appointment_id=known.appointment_id, status=status, reason=text
        )
        return visits.known_visit(visit_id)
    with transaction() as tx:
        visit = locked_visit(tx, visit_id, version or known.version)
        if step is VisitStep.REOPEN:
            rules.check_reopen(visit.ended_at, clock.now())
        values = values_for(visit, target, text)
        if step is VisitStep.START and visit.practitioner_id is None:
            values["practitioner_id"] = _caller(actor, types.type_of(visit.type_id), None)
        change_visit(tx, actor, visit, step, reason=text, **values)
    return visits.known_visit(visit_id)


def bring_back(actor: Actor, *, visit_id: int, version: int | None = None) -> VisitView:
    """Undo "left" of a walk-in within 10 minutes: same number, same due time (SCH-33).

    Raises UnknownVisit, StaleVisit, StepRefused, TooLateToUndo, and AlreadyHere when the
    patient has taken another number since.
    """
    actor.require(Permission.CALL)
    known = visits.visit(visit_id)
    if known is None:
        raise UnknownVisit()
    with transaction() as tx:
        lock_parties(tx, [], known.patient_id)
        visit = locked_visit(tx, visit_id, version)
        rules.check_step(visit.token, visit.status, VisitStep.BRING_BACK)
        rules.check_bring_back(
            visit.token,
            visit.ended_at,
            clock.now(),
            booked=visit.appointment_id is not None,
            today=visit.on_date == _today(),
        )
        present = visits.open_visit_of_patient(visit.patient_id)
        if present is not None:
            raise AlreadyHere(present.token)
        values = values_for(visit, VisitStatus.WAITING, "")
        change_visit(tx, actor, visit, VisitStep.BRING_BACK, **values)
    return visits.known_visit(visit_id)
