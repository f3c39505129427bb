"""Offers of freed times, made by a job and kept for a while (SCH-31).

What a claim keeps off stays off until the offer is answered (SCH-02): offer_answers.py.
"""

from dataclasses import dataclass
from datetime import datetime

from app.infra.db import Transaction, retried, transaction
from app.infra.one_by_one import one_by_one
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import AppointmentId
from app.kernel.period import Period, minus
from app.patients import queries as patients
from app.scheduling import rules
from app.scheduling.errors import SlotTaken
from app.scheduling.permissions import Permission
from app.scheduling.queries import types, waitlist
from app.scheduling.queries.facts import PROVIDER
from app.scheduling.queries.types import BookableType, Provider
from app.scheduling.queries.waitlist import Candidate
from app.scheduling.rules import Question, ResourceFacts, Slot
from app.scheduling.rules.waitlist import EntryStatus, best_slot, earliest_offer
from app.scheduling.services import questions
from app.scheduling.services.booking import chosen_resources
from app.scheduling.services.offering import announce, check_awake, open_for, store_offer
from app.scheduling.services.writing import INSERT_CLAIM, lock_parties, release_lapsed_holds

OFFER_SUBJECT = "A time has become free for you"


@dataclass(frozen=True, slots=True)
class Freed:
    """A time of a provider that nobody has now, and the visit whose end freed it.

    `is_named` wants the slot that starts with it and no other.
    """

    practitioner_id: int
    period: Period
    released_by: AppointmentId | None
    is_named: bool = False


def offer_freed_time(
    actor: Actor,
    *,
    practitioner_id: int,
    starts_at: datetime,
    ends_at: datetime,
    released_by: int | None = None,
) -> int:
    """Offer a freed time to those who wait, first come first served. Returns how many offers.

    Each offer is a transaction of its own; what one leaves over may go to the next. Raises
    RetryLater in quiet hours.
    """
    actor.require(Permission.WAITLIST_WRITE)
    check_awake(clock.now())
    freed_by = AppointmentId(released_by) if released_by is not None else None
    freed = Freed(practitioner_id, Period(starts_at, ends_at), freed_by)
    left = [freed.period]

    def offer(candidate: Candidate) -> bool:
        nonlocal left
        slot = try_offer(actor, candidate, freed) if left else None
        if slot is not None:
            left = minus(left, [Period(slot.starts_at, slot.ends_at)])
        return slot is not None

    first, last = questions.day_of(starts_at), questions.day_of(ends_at)
    waiting = waitlist.candidates(
        practitioner_id, first=first, last=last, zone=settings().time_zone
    )
    return one_by_one("offers", waiting, offer)


def try_offer(actor: Actor, candidate: Candidate, freed: Freed) -> Slot | None:
    """Keep a slot of the freed time for one who waits; None when there is none for them."""
    try:
        return retried(
            lambda: _offer(actor, candidate, freed),
            refusal=SlotTaken,
            between=release_lapsed_holds,
        )
    except SlotTaken:
        return None  # somebody booked it meanwhile; the next one may want what is left


def _offer(actor: Actor, candidate: Candidate, freed: Freed) -> Slot | None:
    """Keep the best slot for one who waits, or None when there is none for them."""
    wanted = types.type_of(candidate.type_id)
    provider = next((one for one in wanted.providers if one.id == freed.practitioner_id), None)
    patient = patients.patient_card(candidate.patient_id)
    if provider is None or patient is None or not patient.is_active:
        return None
    with transaction() as tx:
        lock_parties(tx, [provider.id], patient.id, wanted.resource_ids)
        if waitlist.locked_status(candidate.entry_id) is not EntryStatus.WAITING:
            return None
        question = _question(wanted, provider, candidate, freed)
        slot = _slot_for(question, candidate, freed)
        if slot is None:
            return None
        resources = chosen_resources(question, slot)
        period = Period(slot.starts_at, slot.ends_at)
        offer_id = store_offer(
            tx,
            entry_id=candidate.entry_id,
            practitioner_id=slot.practitioner_id,
            period=period,
            campus=slot.campus,
            now=question.now,
            released_by=freed.released_by,
        )
        _store_claims(tx, offer_id, wanted, slot, resources, question.now)
        announce(
            tx,
            actor,
            offer_id,
            subject=OFFER_SUBJECT,
            period=period,
            note=wanted.name,
            patient=patient,
            now=question.now,
        )
    return slot


def _question(
    wanted: BookableType, provider: Provider, candidate: Candidate, freed: Freed
) -> Question:
    return questions.question(
        wanted,
        (provider,),
        first=questions.day_of(freed.period.starts_at),
        last=questions.day_of(freed.period.ends_at),
        patient_id=candidate.patient_id,
        is_own=True,  # patients answer offers: what missed visits mean counts (SCH-35)
    )


def _slot_for(question: Question, candidate: Candidate, freed: Freed) -> Slot | None:
    notice, start = question.policy.minimum_notice, freed.period.starts_at
    slots = rules.available_slots(question)
    return best_slot(
        [slot for slot in slots if slot.starts_at == start] if freed.is_named else slots,
        freed=freed.period,
        times=candidate.times,
        zone=question.zone,
        not_before=earliest_offer(question.now, open_for=open_for(), notice=notice),
        refused=waitlist.offered_before(candidate.entry_id, freed.practitioner_id),
    )


def _store_claims(
    tx: Transaction,
    offer_id: int,
    wanted: BookableType,
    slot: Slot,
    resources: tuple[ResourceFacts, ...],
    now: datetime,
) -> None:
    """The time is off the market: provider, rooms and equipment, with buffers (SCH-01)."""
    held = [(PROVIDER, slot.practitioner_id), *((one.kind, one.resource_id) for one in resources)]
    for kind, resource_id in held:
        tx.later(
            INSERT_CLAIM,
            {
                "hold_id": offer_id,
                "resource_kind": kind,
                "resource_id": resource_id,
                "starts_at": slot.starts_at,
                "ends_at": slot.ends_at,
                "held_from": slot.starts_at - wanted.policy.buffer_before,
                "held_until": slot.ends_at + wanted.policy.buffer_after,
                "active": True,
                "expires_at": now + open_for(),
            },
        )
