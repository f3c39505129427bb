"""Booking a visit, and the free times to choose from. The heart of the product (SCH-03)."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from app.infra.db import Transaction, retried, transaction
from app.infra.idempotency import Once
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import DomainError
from app.kernel.ids import AppointmentId, PatientId, PractitionerId
from app.kernel.period import Period
from app.notifications.rules import Template
from app.patients.queries import PatientCard
from app.scheduling import rules
from app.scheduling.errors import SlotTaken, UnknownProvider
from app.scheduling.permissions import Permission
from app.scheduling.queries.types import BookableType
from app.scheduling.rules import AppointmentStatus, Question, ResourceFacts, Slot
from app.scheduling.services import free_times, parties, questions
from app.scheduling.services.kept import use_up
from app.scheduling.services.messages import News, tell_everybody
from app.scheduling.services.questionnaires import (
    Answered,
    check_wish,
    diverting,
    store_answers,
)
from app.scheduling.services.wish import Wish
from app.scheduling.services.writing import (
    NewAppointment,
    lock_parties_for_new,
    note_event,
    release_lapsed_holds,
    store_appointment,
)


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


def once_for(actor: Actor, key: str, wish: Wish) -> Once:
    """The Idempotency-Key of a form: sent twice, the wish is booked once (SCH-06).

    Raises Invalid for an empty or overlong key.
    """
    return Once.of(actor.user_id or 0, key, asdict(wish))


def book_appointment(actor: Actor, *, wish: Wish, once: Once | None = None) -> Booked:
    """Book a time for oneself, or for a patient at the front desk.

    Raises SlotTaken with alternatives when somebody was faster, NotOffered and its kinds when
    the time is none that can be booked, UnknownType, UnknownProvider, UnknownPatient,
    AnswersNeeded for open questions, Diverted after a red flag (nothing is booked then), and
    KeyReused for an Idempotency-Key that came with another body (SCH-06).
    """
    starts_at = rules.check_start(wish.starts_at)
    reason = rules.check_reason_text(wish.reason)
    try:
        with diverting(actor):
            return retried(
                lambda: _book(actor, wish, starts_at, reason, once),
                refusal=SlotTaken,
                between=release_lapsed_holds,
            )
    except SlotTaken as taken:
        near = free_times.alternatives(actor, wish, starts_at)
        raise type(taken)(taken.message, alternatives=near or taken.alternatives) from None


def _book(actor: Actor, wish: Wish, starts_at: datetime, reason: str, once: Once | None) -> Booked:
    with transaction() as tx:
        earlier = once.earlier_answer(tx) if once else None
        if earlier is not None:
            return Booked.restored(earlier)
        patient, is_own = parties.patient_to_book(actor, wish.patient)
        wanted = parties.type_to_book(actor, wish.type)
        answered = check_wish(actor, wish, wanted, patient.id, is_own=is_own)
        override = _override(actor, wish)
        number, question = _locked_question(
            tx, wanted, patient.id, starts_at, wish.provider, is_own=is_own
        )
        question = question.without_limits() if override else question
        slot = chosen_slot(question, starts_at)
        new = NewAppointment(
            id=number,
            type=wanted,
            practitioner_id=PractitionerId(slot.practitioner_id),
            patient_id=patient.id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            campus=slot.campus,
            status=rules.first_status(
                wanted.policy,
                booked_by_staff=not is_own,
                missed_too_many=question.needs_approval,
            ),
            reason=reason,
            override_reason=_reasons(override, answered),
            resources=chosen_resources(question, slot),
        )
        _store(tx, actor, new, patient, on_behalf=not is_own)
        use_up(tx, question, new)
        store_answers(tx, answered, new.id)
        booked = _booked(new, provider=slot.provider, patient=patient.university_id)
        if once:
            once.remember(tx, booked.stored())
    return booked


def _override(actor: Actor, wish: Wish) -> str:
    if wish.override_reason is None:
        return ""
    actor.require(Permission.OVERRIDE)
    return rules.check_override_reason(wish.override_reason)


def _reasons(override: str, answered: Answered | None) -> str:
    """Why the rules were set aside, and why a red flag was."""
    despite = answered.despite_flag if answered else ""
    return " ".join(reason for reason in (override, despite) if reason)


def _locked_question(
    tx: Transaction,
    wanted: BookableType,
    patient_id: PatientId,
    starts_at: datetime,
    provider: str | None,
    *,
    is_own: bool,
) -> tuple[AppointmentId, Question]:
    """Lock everybody who may take part, then read the facts: nothing can change any more."""
    providers = questions.providers_for(wanted, provider)
    number = lock_parties_for_new(
        tx, [one.id for one in providers], patient_id, wanted.resource_ids
    )
    day = questions.day_of(starts_at)
    return number, questions.question(
        wanted,
        providers,
        first=day,
        last=day,
        patient_id=patient_id,
        with_last_booked=len(providers) > 1,
        is_own=is_own,
    )


def chosen_slot(question: Question, starts_at: datetime) -> Slot:
    """The slot to book, found by the function that lists them (SCH-03).

    Raises why it is not offered; "taken" comes first when several providers were asked.
    """
    at_start = [slot for slot in rules.available_slots(question) if slot.starts_at == starts_at]
    if not at_start:
        raise _refusal(question, starts_at)
    best = rules.choose_provider(at_start, question.providers, zone=question.zone)[0]
    return next(slot for slot in at_start if slot.practitioner_id == best)


def chosen_resources(question: Question, slot: Slot) -> tuple[ResourceFacts, ...]:
    """The rooms and equipment of an offered slot, the provider's own room first."""
    provider = next(
        one for one in question.providers if one.practitioner_id == slot.practitioner_id
    )
    return tuple(
        rules.choose_resources(
            question,
            starts_at=slot.starts_at,
            campus=slot.campus,
            preferred=provider.preferred_room_id,
        )
    )


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
    tx: Transaction, actor: Actor, new: NewAppointment, patient: PatientCard, *, on_behalf: bool
) -> None:
    """The visit, its claims, its first line of history, and the messages."""
    now = clock.now()
    store_appointment(tx, actor, new, now=now)
    note_event(
        tx,
        actor,
        "book",
        appointment_id=new.id,
        patient_id=new.patient_id,
        at=now,
        from_status=None,
        to_status=new.status,
        starts_at=new.starts_at,
        reason=new.override_reason,
        on_behalf=on_behalf,
    )
    _announce(tx, actor, new, patient)


def _booked(new: NewAppointment, *, provider: str, patient: str) -> Booked:
    return Booked(
        id=new.id,
        status=new.status.value,
        type=new.type.policy.code,
        provider=provider,
        patient=patient,
        starts_at=new.starts_at,
        ends_at=new.ends_at,
        reason=new.reason,
        version=1,
    )


def _announce(
    tx: Transaction,
    actor: Actor,
    new: NewAppointment,
    patient: PatientCard,
) -> None:
    provider = next(one for one in new.type.providers if one.id == new.practitioner_id)
    is_pending = new.status is AppointmentStatus.PENDING
    tell_everybody(
        tx,
        actor,
        News(
            template=Template.PENDING if is_pending else Template.CONFIRMED,
            appointment_id=new.id,
            uid=new.uid,
            sequence=0,
            occurrence=1,
            period=Period(new.starts_at, new.ends_at),
            type_name=new.type.name,
            patient=patient,
            provider_user_id=provider.user_id,
        ),
    )
