"""Writes the rows of an appointment: the visit, its claims, its history and its audit event."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from sqlalchemy import insert, text, update

from app.infra.db import Transaction
from app.infra.locks import LockSpace, lock, lock_and_number
from app.kernel.actor import Actor
from app.kernel.ids import AppointmentId, PatientId, PractitionerId
from app.scheduling.models import Appointment, AppointmentEvent, Claim
from app.scheduling.queries.facts import PATIENT, PROVIDER, BookableType
from app.scheduling.rules import AppointmentStatus
from app.security.services import record_event

# Made once: what is compiled is remembered by the object (infra/db.py).
INSERT_APPOINTMENT = insert(Appointment)
INSERT_CLAIM = insert(Claim)
INSERT_EVENT = insert(AppointmentEvent)
SEQUENCE = "scheduling_appointment_id_seq"
NEXT_ID = text(f"SELECT nextval('{SEQUENCE}')")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAppointment:
    """A visit about to be stored; times are checked already."""

    id: AppointmentId
    type: BookableType
    practitioner_id: PractitionerId
    patient_id: PatientId
    starts_at: datetime
    ends_at: datetime
    campus: str
    status: AppointmentStatus
    reason: str
    override_reason: str = ""
    uid: str = field(default_factory=lambda: uuid4().hex)
    sequence: int = 0


def lock_parties(
    tx: Transaction, practitioner_ids: list[int], patient_id: PatientId | None
) -> None:
    """Hold everybody's calendar until the end, in one agreed order (SCH-03)."""
    lock(tx, LockSpace.RESOURCE, _keys(practitioner_ids, patient_id))


def lock_parties_for_new(
    tx: Transaction, practitioner_ids: list[int], patient_id: PatientId
) -> AppointmentId:
    """The same for a visit about to be stored; returns the key that it will have."""
    keys = _keys(practitioner_ids, patient_id)
    return AppointmentId(lock_and_number(tx, LockSpace.RESOURCE, keys, sequence=SEQUENCE))


def next_appointment_id(tx: Transaction) -> AppointmentId:
    """The key of a visit about to be stored."""
    return AppointmentId(int(tx.execute(NEXT_ID).scalar_one()))


def _keys(practitioner_ids: list[int], patient_id: PatientId | None) -> list[int]:
    """One space of keys for both: providers are even, patients odd."""
    keys = [2 * practitioner_id for practitioner_id in practitioner_ids]
    return keys if patient_id is None else [*keys, 2 * patient_id + 1]


def store_appointment(tx: Transaction, actor: Actor, new: NewAppointment, *, now: datetime) -> None:
    """Store a visit with its claims, which hold its time from now on (SCH-01)."""
    tx.later(
        INSERT_APPOINTMENT,
        {
            "id": new.id,
            "uid": new.uid,
            "type_id": new.type.id,
            "practitioner_id": new.practitioner_id,
            "patient_id": new.patient_id,
            "starts_at": new.starts_at,
            "ends_at": new.ends_at,
            "campus": new.campus,
            "status": new.status.value,
            "status_since": now,
            "reason": new.reason,
            "override_reason": new.override_reason,
            "sequence": new.sequence,
            "booked_by_id": actor.user_id,
            "channel": actor.channel.value,
            "created_at": now,
        },
    )
    _store_claims(tx, new)


def _store_claims(tx: Transaction, new: NewAppointment) -> None:
    """The provider's claim carries the buffers, the patient's does not (SCH-01)."""
    policy = new.type.policy
    visit = {"starts_at": new.starts_at, "ends_at": new.ends_at, "active": True}
    tx.later(
        INSERT_CLAIM,
        visit
        | {
            "appointment_id": new.id,
            "resource_kind": PROVIDER,
            "resource_id": new.practitioner_id,
            "held_from": new.starts_at - policy.buffer_before,
            "held_until": new.ends_at + policy.buffer_after,
        },
    )
    tx.later(
        INSERT_CLAIM,
        visit
        | {
            "appointment_id": new.id,
            "resource_kind": PATIENT,
            "resource_id": new.patient_id,
            "held_from": new.starts_at,
            "held_until": new.ends_at,
        },
    )


def hold_time(tx: Transaction, appointment_id: AppointmentId, *, active: bool) -> None:
    """Whether the appointment's claims count; its status decides (SCH-01)."""
    tx.execute(
        update(Claim)
        .where(Claim.appointment_id == appointment_id, Claim.active != active)
        .values(active=active)
    )


def note_event(
    tx: Transaction,
    actor: Actor,
    action: str,
    *,
    appointment_id: AppointmentId,
    patient_id: PatientId,
    at: datetime,
    from_status: AppointmentStatus | None,
    to_status: AppointmentStatus,
    starts_at: datetime,
    reason: str = "",
    on_behalf: bool = False,
) -> None:
    """The append-only line of the appointment's history, and the audit event (SCH-07)."""
    tx.later(
        INSERT_EVENT,
        {
            "appointment_id": appointment_id,
            "at": at,
            "actor_id": actor.user_id,
            "actor_name": actor.name[:160],
            "actor_role": actor.role[:200],
            "channel": actor.channel.value,
            "on_behalf": on_behalf,
            "from_status": from_status.value if from_status else None,
            "to_status": to_status.value,
            "reason": reason,
            "starts_at": starts_at,
        },
    )
    record_event(
        tx,
        actor,
        f"scheduling:appointment:{action}",
        object_type="Appointment",
        object_id=appointment_id,
        patient_id=patient_id,
        details={"status": to_status.value, "on_behalf": on_behalf},
    )
