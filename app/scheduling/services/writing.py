"""Writes the rows of an appointment: the visit, its claims, its history and its audit event."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4

from sqlalchemy import insert, text, update

from app.infra.db import Transaction, transaction
from app.infra.locks import LockSpace, lock, lock_and_number
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import AppointmentId, PatientId, PractitionerId
from app.scheduling.models import Appointment, AppointmentEvent, Claim
from app.scheduling.queries.facts import PATIENT, PROVIDER, ROOM
from app.scheduling.queries.types import BookableType
from app.scheduling.rules import AppointmentStatus, ResourceFacts
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
    resources: tuple[ResourceFacts, ...] = ()
    series_id: int | None = None
    series_number: int | None = None
    uid: str = field(default_factory=lambda: uuid4().hex)
    sequence: int = 0

    @property
    def place(self) -> str:
        """The rooms and equipment by name, as people read it."""
        return ", ".join(one.name for one in self.resources)[:160]


def lock_parties(
    tx: Transaction,
    practitioner_ids: Sequence[int],
    patient_id: PatientId | None,
    resource_ids: Sequence[int] = (),
) -> None:
    """Hold everybody's calendar until the end, in one agreed order (SCH-03)."""
    lock(tx, LockSpace.RESOURCE, _keys(practitioner_ids, patient_id, resource_ids))


def lock_parties_for_new(
    tx: Transaction,
    practitioner_ids: Sequence[int],
    patient_id: PatientId,
    resource_ids: Sequence[int] = (),
) -> AppointmentId:
    """The same for a visit about to be stored; returns the key that it will have."""
    keys = _keys(practitioner_ids, patient_id, resource_ids)
    return AppointmentId(lock_and_number(tx, LockSpace.RESOURCE, keys, sequence=SEQUENCE))


def next_appointment_id(tx: Transaction) -> AppointmentId:
    """The key of a visit about to be stored."""
    return AppointmentId(int(tx.execute(NEXT_ID).scalar_one()))


def _keys(
    practitioner_ids: Sequence[int], patient_id: PatientId | None, resource_ids: Sequence[int]
) -> list[int]:
    """One space of keys for all: the remainder by four says what a key is."""
    keys = [4 * practitioner_id + PROVIDER for practitioner_id in practitioner_ids]
    keys += [4 * resource_id + ROOM for resource_id in resource_ids]
    return keys if patient_id is None else [*keys, 4 * patient_id + PATIENT]


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
            "place": new.place,
            "series_id": new.series_id,
            "series_number": new.series_number,
            "booked_by_id": actor.user_id,
            "channel": actor.channel.value,
            "created_at": now,
        },
    )
    _store_claims(tx, new)


def _store_claims(tx: Transaction, new: NewAppointment) -> None:
    """Claims of provider, rooms and equipment carry the buffers, the patient's none (SCH-01)."""
    policy = new.type.policy
    visit = {"starts_at": new.starts_at, "ends_at": new.ends_at, "active": True}
    held = [(PROVIDER, int(new.practitioner_id))]
    held += [(one.kind, one.resource_id) for one in new.resources]
    for kind, resource_id in held:
        tx.later(
            INSERT_CLAIM,
            visit
            | {
                "appointment_id": new.id,
                "resource_kind": kind,
                "resource_id": resource_id,
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


def release_lapsed_holds() -> None:
    """Let go of the claims of offers whose time is over, before a booking is tried again.

    They no longer count when free times are listed, but to the constraint they are active.
    """
    with transaction() as tx:
        tx.execute(
            update(Claim)
            .where(Claim.active, Claim.expires_at <= clock.now())
            .values(active=False)
            .execution_options(synchronize_session=False)
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
