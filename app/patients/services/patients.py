"""Registering patients and keeping what is known about them."""

import dataclasses
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.exc import IntegrityError

from app.infra import runtime
from app.infra.db import Transaction, transaction, violated_constraint
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import PatientId, UserId
from app.patients import queries, rules
from app.patients.errors import (
    AccountTaken,
    LooksLikeDuplicate,
    PatientChanged,
    PatientExists,
    UnknownPatient,
)
from app.patients.models import ContactPoint, EmergencyContact, Enrolment, Patient
from app.patients.permissions import Permission
from app.patients.queries import LikelyDuplicate, PatientCard
from app.patients.rules import (
    ContactFacts,
    ContactSystem,
    Conventions,
    EnrolmentFacts,
    PatientFacts,
    PatientRecord,
    PatientStatus,
    Trace,
)
from app.security.queries import accounts_by_university_id
from app.security.services import record_event

FIRST = 1  # the rank of the contact point that is tried first


def conventions() -> Conventions:
    """What the settings say about IDs, phones and campuses."""
    settings = runtime.settings()
    return Conventions(
        id_patterns=(settings.student_id_pattern, settings.staff_id_pattern),
        phone_region=settings.region,
        campuses=settings.campuses,
    )


def checked_today(record: PatientRecord) -> PatientRecord:
    """The record in the form that is kept, on this day. Raises Invalid."""
    today = clock.local_date(clock.now(), runtime.settings().time_zone)
    return rules.checked(record, conventions=conventions(), today=today)


def register_patient(
    actor: Actor, *, record: PatientRecord, despite_duplicates: bool = False
) -> PatientId:
    """Enter somebody new; an account with the same university ID is linked.

    Raises LooksLikeDuplicate unless told to go on, PatientExists, Invalid.
    """
    actor.require(Permission.WRITE)
    kept = checked_today(record)
    now = clock.now()
    with transaction() as tx:
        if queries.patient_by_university_id(kept.facts.university_id) is not None:
            raise PatientExists()
        if not despite_duplicates and queries.likely_duplicates(trace_of(kept)):
            raise LooksLikeDuplicate()
        patient = Patient(created_at=now)
        _write_facts(patient, kept.facts, now)
        patient.user_id = _free_account(kept.facts.university_id)
        tx.add(patient)
        _flush(tx)  # what follows names the patient's id
        _write_contacts(tx, patient, kept.contacts)
        if kept.enrolment:
            _write_enrolment(tx, PatientId(patient.id), kept.enrolment)
        _note(tx, actor, "register", PatientId(patient.id))
    return PatientId(patient.id)


def change_patient(
    actor: Actor, *, patient_id: PatientId, version: int, record: PatientRecord
) -> None:
    """Keep new facts and contacts; an enrolment in the record is saved too.

    Raises PatientChanged when `version` is not the present one, PatientExists, Invalid.
    """
    actor.require(Permission.WRITE)
    kept = checked_today(record)
    with transaction() as tx:
        patient = _locked(tx, patient_id)
        if patient.version != version:
            raise PatientChanged()
        before = facts_of(patient)
        _write_facts(patient, kept.facts, clock.now())
        patient.version += 1
        _write_contacts(tx, patient, kept.contacts)
        if kept.enrolment:
            _write_enrolment(tx, patient_id, kept.enrolment)
        _flush(tx)  # a taken university ID belongs to this form, not to the commit
        _note(tx, actor, "change", patient_id, fields=_changed_fields(before, kept.facts))


def deactivate_patient(actor: Actor, *, patient_id: PatientId, reason: str = "") -> None:
    """No longer offered for new appointments; nothing is removed."""
    _set_status(actor, patient_id, PatientStatus.INACTIVE, reason)


def reactivate_patient(actor: Actor, *, patient_id: PatientId, reason: str = "") -> None:
    """Offered again for new appointments."""
    _set_status(actor, patient_id, PatientStatus.ACTIVE, reason)


def save_enrolment(actor: Actor, *, patient_id: PatientId, facts: EnrolmentFacts) -> None:
    """Enter or correct where a patient studies in one term. Raises Invalid, UnknownPatient."""
    actor.require(Permission.ENROLMENT_WRITE)
    kept = rules.checked_enrolment(facts, conventions=conventions())
    with transaction() as tx:
        _locked(tx, patient_id)
        _write_enrolment(tx, patient_id, kept)
        _note(tx, actor, "enrol", patient_id)


def link_account(actor: Actor, *, patient_id: PatientId, user_id: UserId | None) -> None:
    """Let an account act as this patient in the portal, or none. Raises AccountTaken."""
    actor.require(Permission.WRITE)
    with transaction() as tx:
        patient = _locked(tx, patient_id)
        patient.user_id = user_id
        patient.version += 1
        _flush(tx)  # an account of somebody else belongs to this step, not to the commit
        _note(tx, actor, "link-account", patient_id)


def likely_duplicates(
    actor: Actor, *, record: PatientRecord, besides: PatientId | None = None
) -> list[LikelyDuplicate]:
    """Who may be the same person as the one in the form; a warning list."""
    actor.require(Permission.READ)
    return queries.likely_duplicates(trace_of(record), besides=besides)


def find_patients(
    actor: Actor, *, text: str, limit: int = queries.SEARCH_LIMIT
) -> list[PatientCard]:
    """Search as one types; the search is noted without its text (SEC-04, AUD-03)."""
    actor.require(Permission.READ)
    found = queries.search_patients(text, limit=limit)
    with transaction() as tx:
        record_event(
            tx,
            actor,
            "patients:patient:search",
            object_type="Patient",
            object_id="*",
            details={"letters": len(text.strip()), "hits": len(found)},
        )
    return found


def note_read(actor: Actor, *, patient_id: PatientId) -> None:
    """Note that somebody opened a patient's page (AUD-03)."""
    actor.require(Permission.READ)
    with transaction() as tx:
        _note(tx, actor, "read", patient_id)


def trace_of(record: PatientRecord) -> Trace:
    """What a record is compared by."""
    facts = record.facts
    return Trace(
        name=rules.full_name(facts.first_name, facts.middle_name, facts.last_name, facts.suffix),
        born_on=facts.born_on,
        phone=record.contacts.phone,
    )


def facts_of(patient: Patient) -> PatientFacts:
    """What is kept about a patient as plain values."""
    return PatientFacts(
        **{field.name: getattr(patient, field.name) for field in dataclasses.fields(PatientFacts)}
    )


def record_of_patient(patient: Patient) -> PatientRecord:
    """Facts, first contacts and latest enrolment, as a form shows them."""
    first = {point.system: point.value for point in patient.contact_points if point.rank == FIRST}
    known = patient.emergency_contacts[0] if patient.emergency_contacts else None
    studies = patient.latest_enrolment
    names = [field.name for field in dataclasses.fields(EnrolmentFacts)]
    return PatientRecord(
        facts=facts_of(patient),
        contacts=ContactFacts(
            email=first.get(ContactSystem.EMAIL, ""),
            phone=first.get(ContactSystem.PHONE, ""),
            emergency_name=known.name if known else "",
            emergency_relationship=known.relationship_to_patient if known else "",
            emergency_phone=known.phone if known else "",
        ),
        enrolment=EnrolmentFacts(**{name: getattr(studies, name) for name in names})
        if studies
        else None,
    )


def search_name_of(facts: PatientFacts) -> str:
    """The words under which somebody with these facts is found."""
    return rules.search_key(
        facts.first_name, facts.middle_name, facts.last_name, facts.suffix, facts.preferred_name
    )


def _set_status(actor: Actor, patient_id: PatientId, status: PatientStatus, reason: str) -> None:
    actor.require(Permission.WRITE)
    with transaction() as tx:
        patient = _locked(tx, patient_id)
        if patient.status == status:
            return
        patient.status, patient.updated_at = status, clock.now()
        patient.version += 1
        action = "reactivate" if status is PatientStatus.ACTIVE else "deactivate"
        _note(tx, actor, action, patient_id, reason=reason)


def _locked(tx: Transaction, patient_id: PatientId) -> Patient:
    patient: Patient | None = tx.execute(
        select(Patient)
        .where(Patient.id == patient_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if patient is None or patient.status == PatientStatus.DISPOSED:
        raise UnknownPatient()  # a disposed record is not there any more (RET-02)
    return patient


def _write_facts(patient: Patient, facts: PatientFacts, now: datetime) -> None:
    for field in dataclasses.fields(facts):
        setattr(patient, field.name, getattr(facts, field.name))
    patient.search_name = search_name_of(facts)
    patient.updated_at = now


def _changed_fields(before: PatientFacts, after: PatientFacts) -> list[str]:
    """Names of fields only: the audit trail holds no values of a patient (AUD-01)."""
    names = [field.name for field in dataclasses.fields(PatientFacts)]
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def _write_contacts(tx: Transaction, patient: Patient, contacts: ContactFacts) -> None:
    """The first phone, the first e-mail and the first emergency contact become these."""
    _write_contact(tx, patient, ContactSystem.PHONE, contacts.phone)
    _write_contact(tx, patient, ContactSystem.EMAIL, contacts.email)
    known = patient.emergency_contacts[0] if patient.emergency_contacts else None
    if not contacts.emergency_name:
        if known is not None:
            patient.emergency_contacts.remove(known)
        return
    if known is None:
        known = EmergencyContact()
        patient.emergency_contacts.append(known)
    known.name = contacts.emergency_name
    known.relationship_to_patient = contacts.emergency_relationship
    known.phone = contacts.emergency_phone


def _write_contact(tx: Transaction, patient: Patient, system: ContactSystem, value: str) -> None:
    known = next(
        (p for p in patient.contact_points if p.system == system and p.rank == FIRST), None
    )
    if known is None and value:
        patient.contact_points.append(ContactPoint(system=system, value=value, rank=FIRST))
    elif known is not None and value:
        known.value = value
    elif known is not None:
        patient.contact_points.remove(known)


def _write_enrolment(tx: Transaction, patient_id: PatientId, facts: EnrolmentFacts) -> None:
    enrolment = tx.execute(
        select(Enrolment).where(
            Enrolment.patient_id == patient_id,
            Enrolment.academic_year == facts.academic_year,
            Enrolment.semester == facts.semester,
        )
    ).scalar_one_or_none()
    if enrolment is None:
        enrolment = Enrolment(patient_id=patient_id, is_latest=False)
        tx.add(enrolment)
    for field in dataclasses.fields(facts):
        setattr(enrolment, field.name, getattr(facts, field.name))
    tx.flush()  # the statements below look at all enrolments of the patient
    mark_latest(tx, [patient_id])


def mark_latest(tx: Transaction, patient_ids: list[PatientId]) -> None:
    """Exactly the last term's enrolment of each patient is the latest one.

    Two statements: one enrolment must lose the mark before another gets it.
    """
    newest = (
        select(Enrolment.id)
        .where(Enrolment.patient_id.in_(patient_ids))
        .ext(distinct_on(Enrolment.patient_id))
        .order_by(Enrolment.patient_id, Enrolment.academic_year.desc(), Enrolment.semester.desc())
    )
    of_these = Enrolment.patient_id.in_(patient_ids)
    for is_latest in (False, True):
        concerned = Enrolment.id.in_(newest) if is_latest else Enrolment.id.not_in(newest)
        tx.execute(
            update(Enrolment)
            .where(of_these, concerned, Enrolment.is_latest.is_(not is_latest))
            .values(is_latest=is_latest)
            .execution_options(synchronize_session="fetch")
        )


def _free_account(university_id: str) -> UserId | None:
    """The account with this university ID, when no patient has it yet."""
    user_id = accounts_by_university_id([university_id]).get(university_id)
    if user_id is None or queries.patient_for_user(user_id) is not None:
        return None
    return user_id


def _flush(tx: Transaction) -> None:
    try:
        tx.flush()  # callers say why
    except IntegrityError as error:
        refused = violated_constraint(error)
        if refused == "uq_patients_patient_university_id":
            raise PatientExists() from error
        if "user_id" in refused:
            raise AccountTaken() from error
        raise


def _note(
    tx: Transaction,
    actor: Actor,
    action: str,
    patient_id: PatientId,
    *,
    reason: str = "",
    fields: list[str] | None = None,
) -> None:
    record_event(
        tx,
        actor,
        f"patients:patient:{action}",
        object_type="Patient",
        object_id=patient_id,
        patient_id=patient_id,
        reason=reason,
        details={"fields": fields} if fields is not None else None,
    )
