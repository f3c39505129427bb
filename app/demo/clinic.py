"""The sample clinic itself: accounts, patients, kinds of visits, hours, holidays."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Final

from app.demo.roster import STAFF
from app.infra.db import transaction
from app.infra.runtime import settings
from app.kernel.actor import Actor, Channel
from app.kernel.ids import PractitionerId, UserId
from app.kernel.permission import Role
from app.patients import queries as patient_records
from app.patients import services as patients
from app.patients.rules import PatientRecord
from app.scheduling import services as scheduling
from app.scheduling.queries.catalogue import type_codes
from app.scheduling.queries.schedules import practitioner_by_university_id
from app.scheduling.services.catalogue import TypeDraft
from app.scheduling.services.schedules import Span
from app.security import queries as accounts
from app.security import services as security

WEEK: Final = range(5)  # Monday to Friday
OFFICE_HOURS: Final = ((time(8), time(12)), (time(13), time(17)))

TYPES: Final = (
    TypeDraft(
        code="consultation",
        name="Consultation",
        description="See a physician about something that bothers you.",
        duration_minutes=20,
        provider_kinds=("physician",),
        notice_minutes=60,
        horizon_days=30,
        max_open=2,
        colour="#1d4ed8",
        position=1,
    ),
    TypeDraft(
        code="checkup",
        name="General check-up",
        description="A routine look at your health, also when you feel well.",
        duration_minutes=30,
        provider_kinds=("physician",),
        notice_minutes=4 * 60,
        horizon_days=60,
        max_open=1,
        colour="#0f766e",
        position=2,
    ),
    TypeDraft(
        code="dental",
        name="Dental check-up",
        description="Teeth and gums, with simple treatment where needed.",
        duration_minutes=30,
        buffer_after_minutes=5,
        step_minutes=15,
        provider_kinds=("dentist",),
        notice_minutes=2 * 60,
        horizon_days=60,
        max_open=1,
        colour="#6d28d9",
        position=3,
    ),
    TypeDraft(
        code="dental-cleaning",
        takes_walk_ins=False,
        name="Dental cleaning",
        description="Scaling and polishing. The dentist confirms each request.",
        duration_minutes=60,
        buffer_before_minutes=5,
        buffer_after_minutes=10,
        step_minutes=30,
        provider_kinds=("dentist",),
        notice_minutes=24 * 60,
        horizon_days=60,
        cancel_cutoff_minutes=24 * 60,
        needs_approval=True,
        max_open=1,
        colour="#a21caf",
        position=4,
    ),
    TypeDraft(
        code="vaccination",
        name="Vaccination",
        description="Flu, hepatitis B, tetanus and others. Please bring your vaccination card.",
        duration_minutes=10,
        provider_kinds=("nurse",),
        notice_minutes=60,
        horizon_days=60,
        max_open=2,
        colour="#166534",
        position=5,
    ),
    TypeDraft(
        code="physical-exam",
        name="Physical examination",
        description="For enrolment, practicum, sports and off-campus activities.",
        duration_minutes=15,
        buffer_after_minutes=5,
        step_minutes=20,
        provider_kinds=("physician",),
        notice_minutes=2 * 60,
        horizon_days=30,
        max_open=1,
        colour="#9a3412",
        position=6,
    ),
)

# What stands before the numbers of the waiting room.
PREFIXES: Final = {
    "consultation": "C",
    "checkup": "K",
    "dental": "D",
    "dental-cleaning": "DC",
    "vaccination": "V",
    "physical-exam": "P",
}


@dataclass(frozen=True, slots=True)
class Door:
    """Opens and checks accounts; the hash stays a secret of the security manager."""

    hash_of: Callable[[str], str]
    is_right: Callable[[str, str], bool]
    password: str


def open_accounts(actor: Actor, door: Door, students: Sequence[PatientRecord]) -> None:
    """Staff and students with the password of the demo; what exists stays as it is."""
    domain = settings().mail_domain
    wanted = [(m.id, m.first_name, m.last_name, m.role) for m in STAFF]
    for record in students:
        facts = record.facts
        wanted.append((facts.university_id, facts.first_name, facts.last_name, Role.STUDENT))
    known = accounts.accounts_by_university_id([person[0] for person in wanted])
    missing = [person for person in wanted if person[0] not in known]
    password_hash = door.hash_of(door.password) if missing else None
    with transaction() as tx:
        for university_id, first_name, last_name, role in missing:
            security.open_account(
                actor,
                university_id=university_id,
                first_name=first_name,
                last_name=last_name,
                email=f"{university_id.lower()}@{domain}",
                roles=[role],
                password_hash=password_hash,
                is_demo=True,
            )
        tx.flush()  # the next step looks the accounts up


def set_passwords(actor: Actor, door: Door) -> None:
    """Give the demo's accounts the password of this load where they have another one."""
    stored = accounts.demo_password_hashes()
    wrong = {kept for kept in set(stored.values()) if not door.is_right(kept, door.password)}
    if not wrong:
        return
    password_hash = door.hash_of(door.password)
    with transaction():
        for user_id, kept in stored.items():
            if kept in wrong:
                security.set_password_hash(actor, user_id=user_id, password_hash=password_hash)


def register_students(actor: Actor, students: Sequence[PatientRecord]) -> None:
    """The students as patients, linked to their accounts."""
    known = patient_records.patients_by_university_ids(r.facts.university_id for r in students)
    with transaction() as tx:
        for record in students:
            if record.facts.university_id not in known:
                patients.register_patient(actor, record=record, despite_duplicates=True)
        tx.flush()  # the next step looks the patients up


def offer_visits(actor: Actor) -> None:
    """The kinds of visits; those that an administrator changed or hid stay so."""
    with transaction() as tx:
        known = type_codes()
        for draft in TYPES:
            if draft.code not in known:
                lettered = replace(draft, token_prefix=PREFIXES[draft.code])
                scheduling.save_appointment_type(actor, draft=lettered)
        tx.flush()  # the next step looks the types up


def employ_providers(actor: Actor) -> None:
    """The physicians, the dentist and the nurse with their weekly hours (SCH-10)."""
    ids = accounts.accounts_by_university_id([member.id for member in STAFF])
    with transaction() as tx:
        for member in STAFF:
            if member.kind is not None and practitioner_by_university_id(member.id) is None:
                practitioner_id = scheduling.save_practitioner(
                    actor, user_id=ids[member.id], kind=member.kind, name=member.shown_as
                )
                _give_hours(actor, practitioner_id)
        tx.flush()  # the next step looks the providers up


def _give_hours(actor: Actor, practitioner_id: PractitionerId) -> None:
    campus = settings().campuses[0]
    for weekday in WEEK:
        for starts, ends in OFFICE_HOURS:
            span = Span(weekday=weekday, starts=starts, ends=ends, campus=campus)
            scheduling.save_weekly_hours(actor, practitioner_id=practitioner_id, span=span)


def close_on_holidays(actor: Actor, *, first: date, last: date) -> None:
    """Public holidays of every year that the sample clinic tells about (SCH-12)."""
    scheduling.import_holidays(actor, first_year=first.year, last_year=last.year)


def plan_absences(actor: Actor, today: date) -> None:
    """An afternoon off and a short day ahead, as every real schedule has them."""
    zone = settings().time_zone
    doctor = practitioner_by_university_id("DOC002")
    dentist = practitioner_by_university_id("DENT001")
    if doctor is None or dentist is None:
        return
    meeting = next_weekday(today + timedelta(days=4))
    scheduling.add_time_off(
        actor,
        practitioner_id=doctor.id,
        starts_at=datetime.combine(meeting, time(13), zone),
        ends_at=datetime.combine(meeting, time(17), zone),
        note="Faculty meeting",
    )
    scheduling.save_override(
        actor,
        practitioner_id=dentist.id,
        on_date=next_weekday(today + timedelta(days=8)),
        spans=[(time(8), time(12))],
        campus=settings().campuses[0],
        note="School outreach in the afternoon",
    )


def acting(university_id: str, *, channel: Channel) -> Actor:
    """Somebody of the demo as the acting person, with the permissions they have now."""
    user_id = accounts.accounts_by_university_id([university_id])[university_id]
    account = accounts.account(user_id)
    return Actor(
        user_id=user_id,
        name=account.name if account else university_id,
        roles=frozenset(accounts.role_names(user_id)),
        grants=accounts.grants_of(user_id),
        channel=channel,
    )


def students_acting(students: Sequence[PatientRecord]) -> Mapping[str, Actor]:
    """Every student as the acting person; they share one role, so it is asked once."""
    user_ids = accounts.accounts_by_university_id([r.facts.university_id for r in students])
    one = acting(students[0].facts.university_id, channel=Channel.PORTAL)
    return {
        record.facts.university_id: replace(
            one, user_id=UserId(user_ids[record.facts.university_id]), name=_name_of(record)
        )
        for record in students
    }


def _name_of(record: PatientRecord) -> str:
    return f"{record.facts.first_name} {record.facts.last_name}"


def next_weekday(day: date) -> date:
    """The day itself, or the Monday after."""
    while day.weekday() not in WEEK:
        day += timedelta(days=1)
    return day
