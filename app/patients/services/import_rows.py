"""One batch of rows of a file: what they change, and storing that in a few statements."""

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from sqlalchemy import Executable, Table, bindparam, insert, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert

from app.infra.db import Transaction
from app.kernel import clock
from app.kernel.ids import PatientId, UserId
from app.patients.models import ContactPoint, EmergencyContact, Enrolment, Patient
from app.patients.rules import ContactFacts, ContactSystem, EnrolmentFacts, PatientFacts
from app.patients.rules.import_file import FACT_COLUMNS, ImportRow, merged
from app.patients.services.patients import FIRST, mark_latest, search_name_of
from app.security.queries import accounts_by_university_id

PATIENTS = cast(Table, Patient.__table__)
CONTACT_POINTS = cast(Table, ContactPoint.__table__)
ENROLMENTS = cast(Table, Enrolment.__table__)
NO_CONTACTS = ContactFacts()
ENROLMENT_KEY = ("patient_id", "academic_year", "semester")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many rows are new, change something, or say what is known already."""

    new: int
    changed: int
    same: int


@dataclass(slots=True)
class Known:
    """What is stored about a patient of the batch."""

    id: PatientId
    user_id: UserId | None
    facts: PatientFacts
    contacts: ContactFacts = NO_CONTACTS
    emergency_id: int | None = None
    enrolments: dict[tuple[str, str], EnrolmentFacts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What one row says beyond what is known; parts that say nothing new are None."""

    known: Known | None
    facts: PatientFacts | None
    contacts: ContactFacts | None
    enrolment: EnrolmentFacts | None
    university_id: str

    @property
    def is_something(self) -> bool:
        """Whether anything would be stored."""
        return any(part is not None for part in (self.facts, self.contacts, self.enrolment))


def store_rows(tx: Transaction, rows: Sequence[ImportRow], *, stores: bool) -> Outcome:
    """Compare a batch with what is known and, unless it is a dry run, store the difference.

    A second run over the same rows finds no difference.
    """
    known = _known(tx, [row.record.facts.university_id for row in rows], locks=stores)
    changes = [_change(row, known.get(row.record.facts.university_id)) for row in rows]
    wanted = [change for change in changes if change.is_something]
    if stores:
        ids = {university_id: patient.id for university_id, patient in known.items()}
        if wanted:
            _store(tx, wanted, ids)
        linked = {uid for uid, patient in known.items() if patient.user_id is not None}
        _link_accounts(tx, {uid: ids[uid] for uid in ids.keys() - linked})
    new = sum(1 for change in wanted if change.known is None)
    return Outcome(new, len(wanted) - new, len(changes) - len(wanted))


def _change(row: ImportRow, known: Known | None) -> Change:
    record = row.record
    facts, contacts, enrolment = record.facts, record.contacts, record.enrolment
    if known is not None:
        facts = merged(known.facts, facts, row.given)
        contacts = merged(known.contacts, contacts, row.given)
        term = (enrolment.academic_year, enrolment.semester) if enrolment else ("", "")
        if enrolment == known.enrolments.get(term):
            enrolment = None
    return Change(
        known=known,
        facts=None if known and facts == known.facts else facts,
        contacts=None if contacts == (known.contacts if known else NO_CONTACTS) else contacts,
        enrolment=enrolment,
        university_id=record.facts.university_id,
    )


def _known(tx: Transaction, university_ids: Sequence[str], *, locks: bool) -> dict[str, Known]:
    """The batch's patients with contacts and enrolments, in four statements."""
    if not university_ids:
        return {}
    columns = [getattr(Patient, name) for name in FACT_COLUMNS]
    wanted = select(Patient.id, Patient.user_id, *columns).where(
        Patient.university_id.in_(university_ids)
    )
    # In the order of ids, so that two imports wait for each other instead of blocking.
    rows = tx.execute(wanted.order_by(Patient.id).with_for_update() if locks else wanted)
    by_id = {
        row.id: Known(
            PatientId(row.id),
            row.user_id,
            PatientFacts(**{name: getattr(row, name) for name in FACT_COLUMNS}),
        )
        for row in rows
    }
    if by_id:
        _add_contacts(tx, by_id)
        _add_enrolments(tx, by_id)
    return {known.facts.university_id: known for known in by_id.values()}


def _add_contacts(tx: Transaction, by_id: dict[int, Known]) -> None:
    points = tx.execute(
        select(ContactPoint.patient_id, ContactPoint.system, ContactPoint.value).where(
            ContactPoint.patient_id.in_(by_id), ContactPoint.rank == FIRST
        )
    )
    for patient_id, system, value in points:
        known = by_id[patient_id]
        known.contacts = dataclasses.replace(known.contacts, **{system: value})
    contacts = tx.execute(
        select(EmergencyContact)
        .where(EmergencyContact.patient_id.in_(by_id))
        .ext(distinct_on(EmergencyContact.patient_id))
        .order_by(EmergencyContact.patient_id, EmergencyContact.id)
    ).scalars()
    for contact in contacts:
        known = by_id[contact.patient_id]
        known.emergency_id = contact.id
        known.contacts = dataclasses.replace(
            known.contacts,
            emergency_name=contact.name,
            emergency_relationship=contact.relationship_to_patient,
            emergency_phone=contact.phone,
        )


def _add_enrolments(tx: Transaction, by_id: dict[int, Known]) -> None:
    names = [f.name for f in dataclasses.fields(EnrolmentFacts)]
    columns = [getattr(Enrolment, name) for name in names]
    rows = tx.execute(select(Enrolment.patient_id, *columns).where(Enrolment.patient_id.in_(by_id)))
    for patient_id, *values in rows:
        facts = EnrolmentFacts(**dict(zip(names, values, strict=True)))
        by_id[patient_id].enrolments[(facts.academic_year, facts.semester)] = facts


def _store(tx: Transaction, changes: Sequence[Change], ids: dict[str, PatientId]) -> None:
    """Write the differences; `ids` learns the ids of new patients."""
    _insert_patients(tx, [c for c in changes if c.known is None], ids)
    _update_patients(tx, [c for c in changes if c.known is not None and c.facts is not None])
    _store_contact_points(tx, changes, ids)
    _store_emergency_contacts(tx, changes, ids)
    _store_enrolments(tx, changes, ids)


def _insert_patients(tx: Transaction, changes: Sequence[Change], ids: dict[str, PatientId]) -> None:
    if not changes:
        return
    values = [_columns(c.facts) | {"created_at": clock.now()} for c in changes if c.facts]
    stored = _run(tx, insert(PATIENTS).returning(PATIENTS.c.university_id, PATIENTS.c.id), values)
    ids.update({university_id: PatientId(patient_id) for university_id, patient_id in stored})


def _update_patients(tx: Transaction, changes: Sequence[Change]) -> None:
    """One INSERT that always meets its conflict: far quicker than a thousand UPDATEs."""
    values = [
        _columns(change.facts) | {"id": change.known.id, "created_at": clock.now()}
        for change in changes
        if change.facts and change.known
    ]
    if not values:
        return
    statement = upsert(PATIENTS)
    new_values = {
        name: statement.excluded[name] for name in (*FACT_COLUMNS, "search_name", "updated_at")
    }
    statement = statement.on_conflict_do_update(
        index_elements=["id"], set_=new_values | {"version": PATIENTS.c.version + 1}
    )
    _run(tx, statement, values)


def _plain(facts: PatientFacts | EnrolmentFacts) -> dict[str, Any]:
    """dataclasses.asdict copies deeply, which costs more than the insert."""
    return {f.name: getattr(facts, f.name) for f in dataclasses.fields(facts)}


def _run(tx: Transaction, statement: Executable, values: list[dict[str, Any]]) -> Any:
    """Send many rows with one compiled statement; as VALUES each row would be compiled anew."""
    return tx.session.connection().execute(statement, values)


def _columns(facts: PatientFacts) -> dict[str, Any]:
    return _plain(facts) | {
        "search_name": search_name_of(facts),
        "updated_at": clock.now(),
    }


def _store_contact_points(
    tx: Transaction, changes: Sequence[Change], ids: dict[str, PatientId]
) -> None:
    values = [
        {"patient_id": ids[c.university_id], "system": system, "value": value, "rank": FIRST}
        for c in changes
        if c.contacts is not None
        for system, value in (
            (ContactSystem.EMAIL, c.contacts.email),
            (ContactSystem.PHONE, c.contacts.phone),
        )
        if value
    ]
    if values:
        statement = upsert(CONTACT_POINTS)
        statement = statement.on_conflict_do_update(
            index_elements=["patient_id", "system", "rank"],
            set_={"value": statement.excluded.value},
        )
        _run(tx, statement, values)


def _store_emergency_contacts(
    tx: Transaction, changes: Sequence[Change], ids: dict[str, PatientId]
) -> None:
    new, known = [], []
    for change in changes:
        if change.contacts is None or not change.contacts.emergency_name:
            continue
        values = {
            "name": change.contacts.emergency_name,
            "relationship_to_patient": change.contacts.emergency_relationship,
            "phone": change.contacts.emergency_phone,
        }
        if change.known and change.known.emergency_id:
            known.append(values | {"id": change.known.emergency_id})
        else:
            new.append(values | {"patient_id": ids[change.university_id]})
    if new:
        tx.execute(insert(EmergencyContact), new)
    if known:
        tx.execute(update(EmergencyContact), known)


def _store_enrolments(
    tx: Transaction, changes: Sequence[Change], ids: dict[str, PatientId]
) -> None:
    values = [
        _plain(change.enrolment) | {"patient_id": ids[change.university_id]}
        for change in changes
        if change.enrolment is not None
    ]
    if not values:
        return
    statement = upsert(ENROLMENTS)
    names = [name for name in values[0] if name not in ENROLMENT_KEY]
    statement = statement.on_conflict_do_update(
        index_elements=list(ENROLMENT_KEY),
        set_={name: statement.excluded[name] for name in names},
    )
    _run(tx, statement, values)
    mark_latest(tx, [row["patient_id"] for row in values])


def _link_accounts(tx: Transaction, unlinked: dict[str, PatientId]) -> None:
    """Patients whose university ID has an account get it; imports open no accounts."""
    accounts = accounts_by_university_id(unlinked) if unlinked else {}
    taken = _taken(tx, accounts.values())
    values = [
        {"patient": unlinked[university_id], "account": user_id}
        for university_id, user_id in accounts.items()
        if user_id not in taken
    ]
    if values:
        link = update(PATIENTS).where(PATIENTS.c.id == bindparam("patient"))
        _run(tx, link.values(user_id=bindparam("account")), values)


def _taken(tx: Transaction, user_ids: Iterable[UserId]) -> set[int]:
    wanted = list(user_ids)
    if not wanted:
        return set()
    return set(tx.execute(select(Patient.user_id).where(Patient.user_id.in_(wanted))).scalars())
