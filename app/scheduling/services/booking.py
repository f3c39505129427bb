"""Booking a visit, and the free times to choose from. The heart of the product (SCH-03)."""

from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from app.infra.db import Transaction, retried, transaction
from app.infra.idempotency import Once
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.errors import DomainError
from app.kernel.ids import AppointmentId, PatientId, PractitionerId
from app.kernel.period import Period
from app.notifications.rules import Template
from app.patients.queries import PatientCard
from app.scheduling import rules
from app.scheduling.errors import SlotTaken, UnknownProvider, UnknownType
from app.scheduling.permissions import Permission
from app.scheduling.queries import facts
from app.scheduling.queries.facts import BookableType, Scope
from app.scheduling.queries.schedules import known_practitioner, practitioners
from app.scheduling.rules import AppointmentStatus, Question, Reason, Slot
from app.scheduling.services import parties
from app.scheduling.services.messages import News, tell_everybody
from app.scheduling.services.writing import (
    NewAppointment,
    lock_parties,
    note_event,
    store_appointment,
)

ALTERNATIVE_DAYS = timedelta(days=6)
ALTERNATIVE_COUNT = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to book. Without a provider any will do (SCH-18).

    `patient` and `provider` are university IDs; `override_reason` sets notice, horizon and
    limits aside, for those who may.
    """

    type: str
    starts_at: datetime
    provider: str | None = None
    patient: str | None = None
    reason: str = ""
    override_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """The answer to a booking, as it is stored for a repeated request (SCH-06)."""

    id: AppointmentId
    status: str
    type: str
    provider: str
    patient: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    version: int

    def stored(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self) | {
            "starts_at": self.starts_at.isoformat(),
            "ends_at": self.ends_at.isoformat(),
        }

    @classmethod
    def restored(cls, values: dict[str, Any]) -> "Booked":
        """From what `stored` made."""
        times = {name: datetime.fromisoformat(values[name]) for name in ("starts_at", "ends_at")}
        return cls(**values | times)


def book_appointment(actor: Actor, *, wish: Wish, once: Once | None = None) -> Booked:
    """Book a time for oneself, or for a patient at the front desk.

    Raises SlotTaken with alternatives when somebody was faster, NotOffered and its kinds when
    the time is none that can be booked, UnknownType, UnknownProvider, UnknownPatient, and
    KeyReused for an Idempotency-Key that came with another body (SCH-06).
    """
    starts_at = rules.check_start(wish.starts_at)
    reason = rules.check_reason_text(wish.reason)
    try:
        return retried(lambda: _book(actor, wish, starts_at, reason, once), refusal=SlotTaken)
    except SlotTaken as taken:
        near = _alternatives(actor, wish, starts_at)
        raise type(taken)(taken.message, alternatives=near or taken.alternatives) from None


def _book(actor: Actor, wish: Wish, starts_at: datetime, reason: str, once: Once | None) -> Booked:
    with transaction() as tx:
        earlier = once.earlier_answer(tx) if once else None
        if earlier is not None:
            return Booked.restored(earlier)
        patient, is_own = parties.patient_to_book(actor, wish.patient)
        wanted = _type_for(actor, wish.type)
        override = _override(actor, wish)
        question = _locked_question(tx, actor, wanted, patient.id, starts_at, wish.provider)
        slot = _chosen(question.without_limits() if override else question, wish, starts_at)
        booked = _store(
            tx, actor, wanted, patient, slot, is_own=is_own, reason=reason, override=override
        )
        if once:
            once.remember(tx, booked.stored())
    return booked


def _type_for(actor: Actor, code: str) -> BookableType:
    """The type, when the actor's roles may book it (SCH-13)."""
    wanted = facts.bookable_type(code)
    if wanted is None:
        raise UnknownType()
    if not actor.is_system:
        rules.check_type_bookable_by(wanted.policy, frozenset(actor.roles))
    return wanted


def _override(actor: Actor, wish: Wish) -> str:
    if wish.override_reason is None:
        return ""
    actor.require(Permission.OVERRIDE)
    return rules.check_override_reason(wish.override_reason)


def _locked_question(
    tx: Transaction,
    actor: Actor,
    wanted: BookableType,
    patient_id: PatientId,
    starts_at: datetime,
    provider: str | None,
) -> Question:
    """Lock everybody who may take part, then read the facts: nothing can change any more."""
    cards = practitioners(kinds=wanted.kinds)
    if provider is not None:
        cards = [card for card in cards if card.university_id.lower() == provider.strip().lower()]
    if not cards:
        raise UnknownProvider()
    lock_parties(tx, [card.id for card in cards], patient_id)
    zone = settings().time_zone
    day = local_date(starts_at, zone)
    return facts.load_question(
        Scope(
            type=wanted,
            first=day,
            last=day,
            now=clock.now(),
            zone=zone,
            limits=parties.clinic_limits(),
            provider=provider,
            patient_id=patient_id,
            with_last_booked=provider is None,
        )
    )


def _chosen(question: Question, wish: Wish, starts_at: datetime) -> Slot:
    """The slot to book, found by the function that lists them (SCH-03)."""
    at_start = [slot for slot in rules.available_slots(question) if slot.starts_at == starts_at]
    if not at_start:
        raise _refusal(question, starts_at)
    best = rules.choose_provider(at_start, question.providers, zone=question.zone)[0]
    return next(slot for slot in at_start if slot.practitioner_id == best)


def _refusal(question: Question, starts_at: datetime) -> DomainError:
    """Why no provider can take the time; "taken" tells more than "closed"."""
    refusals: list[DomainError] = []
    for provider in question.providers:
        try:
            rules.check_offered(question, provider.practitioner_id, starts_at)
        except DomainError as refusal:
            refusals.append(refusal)
    taken = [refusal for refusal in refusals if isinstance(refusal, SlotTaken)]
    return (taken or refusals or [UnknownProvider()])[0]


def _store(
    tx: Transaction,
    actor: Actor,
    wanted: BookableType,
    patient: PatientCard,
    slot: Slot,
    *,
    is_own: bool,
    reason: str,
    override: str,
) -> Booked:
    now = clock.now()
    status = rules.first_status(wanted.policy, booked_by_staff=not is_own)
    new = NewAppointment(
        type=wanted,
        practitioner_id=PractitionerId(slot.practitioner_id),
        patient_id=patient.id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        campus=slot.campus,
        status=status,
        reason=reason,
        override_reason=override,
    )
    appointment_id = store_appointment(tx, actor, new, now=now)
    note_event(
        tx,
        actor,
        "book",
        appointment_id=appointment_id,
        patient_id=patient.id,
        at=now,
        from_status=None,
        to_status=status,
        starts_at=slot.starts_at,
        reason=override,
        on_behalf=not is_own,
    )
    _announce(tx, actor, new, appointment_id, patient)
    return Booked(
        id=appointment_id,
        status=status.value,
        type=wanted.policy.code,
        provider=slot.provider,
        patient=patient.university_id,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        reason=reason,
        version=1,
    )


def _announce(
    tx: Transaction,
    actor: Actor,
    new: NewAppointment,
    appointment_id: AppointmentId,
    patient: PatientCard,
) -> None:
    provider = known_practitioner(new.practitioner_id)
    is_pending = new.status is AppointmentStatus.PENDING
    tell_everybody(
        tx,
        actor,
        News(
            template=Template.PENDING if is_pending else Template.CONFIRMED,
            appointment_id=appointment_id,
            uid=new.uid,
            sequence=0,
            occurrence=1,
            period=Period(new.starts_at, new.ends_at),
            type_name=new.type.name,
            patient=patient,
            provider_user_id=provider.user_id,
        ),
    )


def available_times(
    actor: Actor,
    *,
    type_code: str,
    first: date,
    last: date,
    provider: str | None = None,
    patient: str | None = None,
    without_limits: bool = False,
) -> list[Slot]:
    """The free times of the window, by start, then provider.

    For a patient's own booking their other visits and limits count; for staff those of the
    patient whom they name. `without_limits` lists what an override can book too, for those who
    may. Raises UnknownType, UnknownProvider, and WindowTooLong and its kin.
    """
    rules.check_window(first, last)
    if without_limits:
        actor.require(Permission.OVERRIDE)
    wanted = _type_for(actor, type_code)
    patient_id = None
    if patient is not None or not actor.may(Permission.BOOK):
        patient_id = parties.patient_to_book(actor, patient)[0].id
    question = _question(wanted, first, last, provider=provider, patient_id=patient_id)
    if provider is not None and not question.providers:
        raise UnknownProvider()
    return rules.available_slots(question.without_limits() if without_limits else question)


def _question(
    wanted: BookableType,
    first: date,
    last: date,
    *,
    provider: str | None = None,
    patient_id: PatientId | None = None,
) -> Question:
    return facts.load_question(
        Scope(
            type=wanted,
            first=first,
            last=last,
            now=clock.now(),
            zone=settings().time_zone,
            limits=parties.clinic_limits(),
            provider=provider,
            patient_id=patient_id,
        )
    )


def explain_time(
    actor: Actor,
    *,
    type_code: str,
    starts_at: datetime,
    provider: str,
    patient: str | None = None,
) -> Reason | None:
    """Why staff cannot book a time, or None when they can: "Why not 10:00?"."""
    actor.require(Permission.BOOK)
    wanted = _type_for(actor, type_code)
    start = rules.check_start(starts_at)
    patient_id = parties.patient_to_book(actor, patient)[0].id if patient else None
    day = local_date(start, settings().time_zone)
    question = _question(wanted, day, day, provider=provider, patient_id=patient_id)
    if not question.providers:
        raise UnknownProvider()
    return rules.why_not(question, question.providers[0].practitioner_id, start)


def _alternatives(actor: Actor, wish: Wish, starts_at: datetime) -> list[Slot]:
    """Free times near a lost one: with the same provider, or else with anybody."""
    zone = settings().time_zone
    first = max(local_date(starts_at, zone), local_date(clock.now(), zone))
    for provider in dict.fromkeys((wish.provider, None)):
        slots = available_times(
            actor,
            type_code=wish.type,
            first=first,
            last=first + ALTERNATIVE_DAYS,
            provider=provider,
            patient=wish.patient,
        )
        if slots:
            return rules.nearest_slots(_one_per_start(slots), starts_at, ALTERNATIVE_COUNT)
    return []


def _one_per_start(slots: list[Slot]) -> list[Slot]:
    """Six times to choose from, not one time with six providers."""
    return list({slot.starts_at: slot for slot in reversed(slots)}.values())
