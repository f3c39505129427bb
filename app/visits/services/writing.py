"""Writes a visit with its number, its history and its audit event (SCH-33, SCH-07)."""

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.infra.db import Transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import AppointmentId, PatientId, PractitionerId
from app.scheduling.queries import walk_ins
from app.security.services import record_event
from app.visits import rules
from app.visits.errors import StaleVisit, UnknownVisit
from app.visits.models import TokenCounter, Visit, VisitEvent
from app.visits.queries import visits
from app.visits.queries.visits import VisitView
from app.visits.rules import Service, VisitStatus, VisitStep

INSERT_EVENT = insert(VisitEvent)


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """Somebody who has just come."""

    patient_id: PatientId
    type_id: int
    on_date: date
    arrived_at: datetime
    due_at: datetime
    campus: str
    reason: str = ""
    practitioner_id: PractitionerId | None = None
    appointment_id: AppointmentId | None = None
    priority: int = rules.ROUTINE
    priority_reason: str = ""


def store_arrival(tx: Transaction, actor: Actor, arrival: Arrival) -> int:
    """Store a visit with the next number of its service; returns its key."""
    prefix = prefix_of(arrival.type_id)
    row = Visit(
        patient_id=arrival.patient_id,
        type_id=arrival.type_id,
        practitioner_id=arrival.practitioner_id,
        appointment_id=arrival.appointment_id,
        campus=arrival.campus,
        on_date=arrival.on_date,
        token_prefix=prefix,
        token_number=next_number(tx, arrival.campus, arrival.on_date, prefix),
        status=VisitStatus.WAITING.value,
        status_since=arrival.arrived_at,
        priority=arrival.priority,
        priority_reason=arrival.priority_reason,
        reason=arrival.reason,
        due_at=arrival.due_at,
        arrived_at=arrival.arrived_at,
        channel=actor.channel.value,
    )
    tx.add(row)
    tx.flush()
    note_step(
        tx,
        actor,
        "arrive",
        visit_id=row.id,
        patient_id=arrival.patient_id,
        from_status=None,
        to_status=VisitStatus.WAITING,
        reason=arrival.priority_reason,
        token=row.token,
    )
    return int(row.id)


def prefix_of(type_id: int) -> str:
    """The letters of a service; no two services share them."""
    services = [Service(one.id, one.code, one.token_prefix) for one in walk_ins.queue_services()]
    return rules.prefixes(services)[type_id]


def next_number(tx: Transaction, campus: str, on_date: date, prefix: str) -> int:
    """The next number; two who ask at once never get the same, and none comes back (SCH-33)."""
    first = upsert(TokenCounter).values(
        campus=campus, on_date=on_date, prefix=prefix, last_number=1
    )
    statement = first.on_conflict_do_update(
        index_elements=["campus", "on_date", "prefix"],
        set_={"last_number": TokenCounter.last_number + 1},
    ).returning(TokenCounter.last_number)
    return int(tx.execute(statement).scalar_one())


def locked_visit(tx: Transaction, visit_id: int, version: int | None = None) -> VisitView:
    """The visit, locked until the end of the use case. Raises UnknownVisit, StaleVisit."""
    found = tx.execute(select(Visit.id).where(Visit.id == visit_id).with_for_update())
    if found.scalar_one_or_none() is None:
        raise UnknownVisit()
    fresh = visits.known_visit(visit_id)
    if version is not None and version != fresh.version:
        raise StaleVisit()
    return fresh


def change_visit(
    tx: Transaction,
    actor: Actor,
    visit: VisitView,
    step: VisitStep,
    *,
    reason: str = "",
    to: VisitStatus | None = None,
    **values: object,
) -> None:
    """One UPDATE guarded by the version, with the line of history and the audit event.

    `to` is given where the appointment's own table decided already. Raises StepRefused.
    """
    target = to or rules.check_step(visit.token, visit.status, step)
    if target is not visit.status:
        values |= {"status": target.value, "status_since": clock.now()}
    changed = tx.execute(
        update(Visit)
        .where(Visit.id == visit.id, Visit.version == visit.version)
        .values(version=Visit.version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:
        raise StaleVisit()
    note_step(
        tx,
        actor,
        step.value,
        visit_id=visit.id,
        patient_id=visit.patient_id,
        from_status=visit.status,
        to_status=target,
        reason=reason,
        token=visit.token,
    )


def note_step(
    tx: Transaction,
    actor: Actor,
    step: str,
    *,
    visit_id: int,
    patient_id: PatientId,
    from_status: VisitStatus | None,
    to_status: VisitStatus,
    reason: str = "",
    token: str = "",
) -> None:
    """The append-only line of the visit's history, and the audit event (SCH-07)."""
    tx.later(
        INSERT_EVENT,
        {
            "visit_id": visit_id,
            "at": clock.now(),
            "actor_id": actor.user_id,
            "actor_name": actor.name[:160],
            "actor_role": actor.role[:200],
            "channel": actor.channel.value,
            "step": step,
            "from_status": from_status.value if from_status else None,
            "to_status": to_status.value,
            "reason": reason,
            "details": {"token": token},
        },
    )
    record_event(
        tx,
        actor,
        f"visits:visit:{step}",
        object_type="Visit",
        object_id=visit_id,
        patient_id=patient_id,
        details={"status": to_status.value},
    )
