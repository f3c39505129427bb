"""Takes everything personal out of records that are no longer kept (RET-02)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import Executable, delete, select, update

from app.infra.db import Transaction
from app.kernel import clock
from app.kernel.ids import PatientId, UserId
from app.patients.models import ContactPoint, EmergencyContact, ImportProblem, Patient
from app.patients.rules import PatientStatus

FIRST_NAME = "Person"
# Texts that are empty where nothing is known.
TEXTS = (
    "middle_name",
    "suffix",
    "honorific",
    "preferred_name",
    "civil_status",
    "blood_type",
    "philhealth_number",
    "hmo_name",
    "hmo_number",
    "address_line",
    "barangay",
    "city",
    "province",
    "postal_code",
)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What other domains need to forget the same person."""

    patient_id: PatientId
    user_id: UserId | None
    addresses: tuple[str, ...]


def lock_records(tx: Transaction, patient_ids: Iterable[PatientId]) -> list[PatientId]:
    """Hold these records until the end, in one order; returns those that are still kept.

    No booking or visit of theirs can be stored meanwhile: its foreign key waits.
    """
    found = tx.execute(
        select(Patient.id, Patient.status)
        .where(Patient.id.in_(sorted(patient_ids)))
        .order_by(Patient.id)
        .with_for_update()
    )
    return [PatientId(row.id) for row in found if row.status != PatientStatus.DISPOSED]


def forget_records(
    tx: Transaction, pseudonyms: Mapping[PatientId, str]
) -> tuple[list[Forgotten], dict[str, int]]:
    """Names, dates, numbers, addresses and contacts go, the university ID is free again.

    The key of the record and where the person studied stay for statistics. Returns who it was,
    for the other domains, and how many rows of each kind were erased.
    """
    ids = list(pseudonyms)
    known = {
        row.id: row
        for row in tx.execute(select(Patient).where(Patient.id.in_(ids))).scalars().all()
    }
    contacts = _contacts(tx, ids)
    forgotten = [
        Forgotten(
            patient_id,
            UserId(known[patient_id].user_id) if known[patient_id].user_id else None,
            tuple(value for value in contacts.get(patient_id, ()) if "@" in value),
        )
        for patient_id in ids
    ]
    cells = [
        cell
        for patient_id in ids
        for cell in (*_cells(known[patient_id]), *contacts.get(patient_id, ()))
    ]
    counts = {
        "contacts": _count(tx, delete(ContactPoint).where(ContactPoint.patient_id.in_(ids))),
        "emergency contacts": _count(
            tx, delete(EmergencyContact).where(EmergencyContact.patient_id.in_(ids))
        ),
        "cells of imported files": _count(
            tx,
            update(ImportProblem)
            .where(ImportProblem.value.in_(cells))
            .values(value="")
            .execution_options(synchronize_session=False),
        ),
    }
    for patient_id, pseudonym in pseudonyms.items():
        _blank(known[patient_id], pseudonym)
    tx.session.flush()  # the triggers of other domains ask for the new status
    return forgotten, {"records": len(ids)} | counts


def _blank(patient: Patient, pseudonym: str) -> None:
    patient.university_id = f"GONE-{pseudonym}"
    patient.user_id = None
    patient.first_name, patient.last_name = FIRST_NAME, pseudonym
    patient.search_name = pseudonym.lower()
    for name in TEXTS:
        setattr(patient, name, "")
    patient.born_on, patient.sex = None, "unknown"
    patient.status = PatientStatus.DISPOSED
    patient.version += 1
    patient.updated_at = clock.now()


def _contacts(tx: Transaction, ids: list[PatientId]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    points = select(ContactPoint.patient_id, ContactPoint.value)
    near = select(EmergencyContact.patient_id, EmergencyContact.phone)
    for statement, owner in (
        (points, ContactPoint.patient_id),
        (near, EmergencyContact.patient_id),
    ):
        for patient_id, value in tx.execute(statement.where(owner.in_(ids))):
            found.setdefault(patient_id, []).append(value)
    return found


def _cells(patient: Patient) -> list[str]:
    """What a cell of a file that was refused may hold of this person."""
    born = patient.born_on.isoformat() if patient.born_on else ""
    return [
        text
        for text in (
            patient.university_id,
            patient.first_name,
            patient.middle_name,
            patient.last_name,
            patient.philhealth_number,
            patient.address_line,
            born,
        )
        if text
    ]


def _count(tx: Transaction, statement: Executable) -> int:
    return int(tx.execute(statement).rowcount)
