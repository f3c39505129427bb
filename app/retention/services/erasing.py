"""Takes everything personal out of records, in every domain, in one transaction (RET-02)."""

from collections.abc import Mapping

from sqlalchemy import update

from app.infra.db import Transaction
from app.kernel.actor import Actor
from app.kernel.ids import PatientId
from app.notifications.services import forget_messages
from app.patients.services import forget_records
from app.retention.models import Hold
from app.scheduling.services import forget_bookings
from app.security.services import forget_accounts, record_event
from app.visits.services import forget_visits

REMOVED = "removed with the record"


def erase(
    tx: Transaction, actor: Actor, pseudonyms: Mapping[PatientId, str], *, action: str
) -> dict[str, int]:
    """What the records are called from now on by key; returns how many rows were erased, by kind.

    The caller holds the records (patients.services.lock_records) and answers for their being due.
    A trigger refuses everything if one of them is under a hold.
    """
    forgotten, counts = forget_records(tx, pseudonyms)
    accounts = {one.patient_id: one.user_id for one in forgotten if one.user_id is not None}
    booked = forget_bookings(tx, pseudonyms, accounts)
    visits, seen = forget_visits(tx, pseudonyms, accounts)
    told = forget_messages(
        tx,
        user_ids=list(accounts.values()),
        addresses=[address for one in forgotten for address in one.addresses],
        entities=[*booked.entities, *visits],
    )
    closed = forget_accounts(
        tx, actor, {user_id: pseudonyms[key] for key, user_id in accounts.items()}
    )
    held = _forget_reasons(tx, list(pseudonyms))
    for patient_id, pseudonym in pseudonyms.items():
        record_event(
            tx,
            actor,
            f"retention:person:{action}",
            object_type="Patient",
            object_id=patient_id,
            patient_id=patient_id,
            details={"pseudonym": pseudonym},
        )
    return counts | dict(booked.counts) | seen | told | closed | held


def _forget_reasons(tx: Transaction, patient_ids: list[PatientId]) -> dict[str, int]:
    """That there were holds stays, but not why: a reason may name the person."""
    blanked = tx.execute(
        update(Hold)
        .where(Hold.patient_id.in_(patient_ids))
        .values(reason=REMOVED, lift_reason=REMOVED)
        .execution_options(synchronize_session=False)
    )
    return {"reasons of lifted holds": int(blanked.rowcount)}


def added(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    """Both counts together."""
    return {name: one.get(name, 0) + other.get(name, 0) for name in sorted({*one, *other})}
