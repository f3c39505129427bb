"""Placing and lifting holds, which beat disposal (RET-02)."""

from sqlalchemy import insert, select

from app.infra.db import Transaction, transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import PatientId
from app.patients.queries import kept_records, patient_by_university_id
from app.patients.services import lock_records
from app.retention import rules
from app.retention.errors import AlreadyDisposed, HoldIsOver, UnknownHold, UnknownPerson
from app.retention.models import Hold
from app.retention.permissions import Permission
from app.security.services import record_event


def person_of(university_id: str) -> PatientId:
    """Whose record this is. Raises UnknownPerson."""
    card = patient_by_university_id(university_id)
    if card is None or not kept_records(among=[card.id]):
        raise UnknownPerson()
    return card.id


def place_hold(actor: Actor, *, patient_id: PatientId, reason: str) -> int:
    """Keep a person's records whatever the schedule says; returns the hold's key.

    Raises ReasonTooShort, AlreadyDisposed.
    """
    actor.require(Permission.HOLD_WRITE)
    stated = rules.checked_reason(reason)
    with transaction() as tx:
        if not lock_records(tx, [patient_id]):
            raise AlreadyDisposed()
        line = {
            "patient_id": patient_id,
            "reason": stated,
            "placed_at": clock.now(),
            "placed_by_id": actor.user_id,
            "placed_by": actor.name[:160],
        }
        hold_id = int(tx.execute(insert(Hold).values(line).returning(Hold.id)).scalar_one())
        _record(tx, actor, "place", hold_id, patient_id)
    return hold_id


def hold_person(actor: Actor, *, university_id: str, reason: str) -> int:
    """The same for whose ID was typed. Raises UnknownPerson."""
    actor.require(Permission.HOLD_WRITE)
    return place_hold(actor, patient_id=person_of(university_id), reason=reason)


def lift_hold(actor: Actor, *, hold_id: int, reason: str) -> None:
    """End a hold; it stays in the history. Raises ReasonTooShort, UnknownHold, HoldIsOver."""
    actor.require(Permission.HOLD_WRITE)
    stated = rules.checked_reason(reason)
    with transaction() as tx:
        hold = tx.execute(
            select(Hold)
            .where(Hold.id == hold_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).scalar_one_or_none()
        if hold is None:
            raise UnknownHold()
        if hold.lifted_at is not None:
            raise HoldIsOver()
        hold.lifted_at, hold.lift_reason = clock.now(), stated
        hold.lifted_by_id, hold.lifted_by = actor.user_id, actor.name[:160]
        _record(tx, actor, "lift", hold_id, PatientId(hold.patient_id))


def _record(
    tx: Transaction, actor: Actor, action: str, hold_id: int, patient_id: PatientId
) -> None:
    record_event(
        tx,
        actor,
        f"retention:hold:{action}",
        object_type="Hold",
        object_id=hold_id,
        patient_id=patient_id,
    )
