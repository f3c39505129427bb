"""Offers of freed times: made by a job, kept for a while, taken, declined or over (SCH-31).

Whoever changes an offer locks its entry of the waiting list first, so that taking it and its
end cannot both happen; what a claim keeps off stays off until then (SCH-02).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import insert, update

from app.infra.db import Transaction, retried, transaction
from app.infra.one_by_one import one_by_one
from app.infra.outbox import RetryLater
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import DomainError, Forbidden
from app.kernel.ids import AppointmentId
from app.kernel.period import Period, minus
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling import rules
from app.scheduling.errors import PatientBusy, SlotTaken
from app.scheduling.errors.waitlist import OfferOver, UnknownOffer
from app.scheduling.models import Claim, Hold, WaitlistEntry
from app.scheduling.permissions import Permission
from app.scheduling.queries import appointments, types, waitlist
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.facts import PROVIDER
from app.scheduling.queries.types import BookableType, Provider
from app.scheduling.queries.waitlist import Candidate, OfferView
from app.scheduling.rules import Question, ResourceFacts, Slot
from app.scheduling.rules.quiet import quiet_until
from app.scheduling.rules.waitlist import EntryStatus, HoldStatus, best_slot, earliest_offer
from app.scheduling.services import free_times, questions
from app.scheduling.services.booking import book_appointment, chosen_resources
from app.scheduling.services.freed import time_freed
from app.scheduling.services.messages import place_of_clinic
from app.scheduling.services.questionnaires import diverting
from app.scheduling.services.wish import Answers, Wish
from app.scheduling.services.writing import INSERT_CLAIM, lock_parties, release_lapsed_holds
from app.security.services import record_event

NO_ANSWERS = Answers()
OFFER_SUBJECT = "A time has become free for you"
OVER_SUBJECT = "The offered time is gone"


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
    now, config = clock.now(), settings()
    if quiet := quiet_until(now, config.time_zone, config.quiet_from, config.quiet_until):
        raise RetryLater("quiet hours", quiet - now)
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
    waiting = waitlist.candidates(practitioner_id, first=first, last=last, zone=config.time_zone)
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
        offer_id = _store_hold(tx, candidate, slot, freed, question.now)
        _store_claims(tx, offer_id, wanted, slot, resources, question.now)
        _announce(tx, actor, offer_id, wanted, slot, patient, question.now)
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
        not_before=earliest_offer(question.now, open_for=_open_for(), notice=notice),
        refused=waitlist.offered_before(candidate.entry_id, freed.practitioner_id),
    )


def _open_for() -> timedelta:
    return timedelta(minutes=settings().offer_minutes)


def _store_hold(
    tx: Transaction, candidate: Candidate, slot: Slot, freed: Freed, now: datetime
) -> int:
    number = tx.execute(
        insert(Hold)
        .values(
            entry_id=candidate.entry_id,
            practitioner_id=slot.practitioner_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            campus=slot.campus,
            status=HoldStatus.OPEN.value,
            created_at=now,
            expires_at=now + _open_for(),
            released_by_id=freed.released_by,
        )
        .returning(Hold.id)
    ).scalar_one()
    _set_entry(tx, candidate.entry_id, EntryStatus.OFFERED)
    return int(number)


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
                "expires_at": now + _open_for(),
            },
        )


def _announce(
    tx: Transaction,
    actor: Actor,
    offer_id: int,
    wanted: BookableType,
    slot: Slot,
    patient: PatientCard,
    now: datetime,
) -> None:
    _note(tx, actor, offer_id, "offer", patient)
    notify(
        tx,
        actor,
        event="waitlist.offer",
        entity=f"offer/{offer_id}",
        occurrence=1,
        recipient=Recipient(patient.user_id, patient.full_name, patient.email),
        subject=OFFER_SUBJECT,
        template=Template.OFFER,
        params=_params(Period(slot.starts_at, slot.ends_at), wanted.name),
        link=f"/portal/waitlist/offers/{offer_id}",
        expires_at=now + _open_for(),
    )


def accept_offer(actor: Actor, *, offer_id: int, given: Answers = NO_ANSWERS) -> AppointmentView:
    """Take the offered time: the visit is booked like any other, with the questions of its type
    and with what missed visits mean (SCH-13, SCH-35). Twice is harmless.

    Raises OfferOver with alternatives, UnknownOffer for what is not one's own, and what
    book_appointment raises; after AnswersNeeded and Diverted the offer stays open.
    """
    try:
        with diverting(actor):
            number = retried(
                lambda: _accept(actor, offer_id, given),
                refusal=OfferOver,
                between=release_lapsed_holds,
            )
    except OfferOver as over:
        near = _near(actor, offer_details(actor, offer_id=offer_id))
        raise OfferOver(over.message, alternatives=near) from None
    return appointments.known_appointment(number)


def _accept(actor: Actor, offer_id: int, given: Answers) -> AppointmentId:
    with transaction() as tx:
        offer = check_visible_offer(actor, waitlist.offer(offer_id))
        wanted = types.type_of(offer.type_id)
        # The very locks that booking takes, so that it finds them held.
        lock_parties(tx, [offer.practitioner_id], offer.patient.id, wanted.resource_ids)
        offer = _locked(offer)
        if offer.appointment_id is not None:
            return offer.appointment_id
        if not offer.is_open_at(clock.now()):
            raise OfferOver()
        _release(tx, offer)
        number = _book(actor, offer, given)
        tx.flush()  # the offer names the visit, which must be there first
        _settle(tx, offer, HoldStatus.ACCEPTED, number)
        _set_entry(tx, offer.entry_id, EntryStatus.FULFILLED, appointment_id=number)
        _note(tx, actor, offer.id, "accept", offer.patient)
    return number


def _near(actor: Actor, offer: OfferView) -> list[Slot]:
    """Free times near a lost offer; none where the kind cannot be booked any more."""
    wish = Wish(type=offer.type, starts_at=offer.starts_at, provider=offer.provider)
    if offer.patient.user_id != actor.user_id:
        wish = replace(wish, patient=offer.patient.university_id)
    try:
        return free_times.alternatives(actor, wish, offer.starts_at)
    except DomainError:
        return []


def _book(actor: Actor, offer: OfferView, given: Answers) -> AppointmentId:
    wish = Wish(
        type=offer.type,
        starts_at=offer.starts_at,
        provider=offer.provider,
        patient=offer.patient.university_id,
        reason=offer.reason,
    )
    try:
        return book_appointment(actor, wish=wish.answering(given)).id
    except PatientBusy:
        raise  # another visit of their own is in the way; the offer stays
    except SlotTaken as taken:
        raise OfferOver(alternatives=taken.alternatives) from taken


def decline_offer(actor: Actor, *, offer_id: int) -> OfferView:
    """Let the time go to the next one; the entry stays on the list. Twice is harmless.

    Raises OfferOver for one that was taken or ended, UnknownOffer for what is not one's own.
    """
    with transaction() as tx:
        offer = _locked(check_visible_offer(actor, waitlist.offer(offer_id)))
        if offer.status is HoldStatus.DECLINED:
            return offer
        if offer.status is not HoldStatus.OPEN:
            raise OfferOver()
        close_hold(tx, actor, offer, HoldStatus.DECLINED)
    return check_visible_offer(actor, waitlist.offer(offer_id))


def offer_details(actor: Actor, *, offer_id: int) -> OfferView:
    """One offer. Raises UnknownOffer for what is not one's own."""
    return check_visible_offer(actor, waitlist.offer(offer_id))


def settle_lapsed_offers(actor: Actor) -> int:
    """End the offers whose time is over and tell those who missed them. Returns how many."""
    actor.require(Permission.WAITLIST_WRITE)
    lapsed = waitlist.lapsed_offers(clock.now())
    return one_by_one("lapsed offers", lapsed, partial(_expire, actor))


def _expire(actor: Actor, offer_id: int) -> bool:
    with transaction() as tx:
        offer = _locked(check_visible_offer(actor, waitlist.offer(offer_id)))
        if offer.status is not HoldStatus.OPEN or offer.is_open_at(clock.now()):
            return False
        close_hold(tx, actor, offer, HoldStatus.EXPIRED)
        _tell_over(tx, actor, offer)
    return True


def _tell_over(tx: Transaction, actor: Actor, offer: OfferView) -> None:
    """By bell and e-mail; in quiet hours by bell only, which wakes nobody."""
    config, patient = settings(), offer.patient
    quiet = quiet_until(clock.now(), config.time_zone, config.quiet_from, config.quiet_until)
    notify(
        tx,
        actor,
        event="waitlist.offer_over",
        entity=f"offer/{offer.id}",
        occurrence=1,
        recipient=Recipient(patient.user_id, patient.full_name, "" if quiet else patient.email),
        subject=OVER_SUBJECT,
        template=Template.OFFER_OVER,
        params=_params(offer.period, offer.type_name),
        link="/portal/waitlist",
    )


def close_hold(tx: Transaction, actor: Actor, offer: OfferView, status: HoldStatus) -> None:
    """End an open offer that is not taken, and let the next one have the time.

    The entry is locked by the caller and waits again; the same time is not offered to it twice.
    """
    _release(tx, offer)
    _settle(tx, offer, status, None)
    _set_entry(tx, offer.entry_id, EntryStatus.WAITING)
    _note(tx, actor, offer.id, status.value, offer.patient)
    time_freed(
        tx,
        practitioner_id=offer.practitioner_id,
        period=offer.period,
        released_by=offer.released_by_id,
        key=f"hold/{offer.id}",
    )


def _locked(offer: OfferView) -> OfferView:
    """The offer as it is now, when nobody else can change it any more."""
    waitlist.locked_status(offer.entry_id)
    fresh = waitlist.offer(offer.id)
    if fresh is None:
        raise UnknownOffer()
    return fresh


def _release(tx: Transaction, offer: OfferView) -> None:
    tx.execute(
        update(Claim)
        .where(Claim.hold_id == offer.id, Claim.active)
        .values(active=False)
        .execution_options(synchronize_session=False)
    )


def _settle(
    tx: Transaction, offer: OfferView, status: HoldStatus, number: AppointmentId | None
) -> None:
    tx.execute(
        update(Hold)
        .where(Hold.id == offer.id, Hold.status == HoldStatus.OPEN.value)
        .values(status=status.value, settled_at=clock.now(), appointment_id=number)
        .execution_options(synchronize_session=False)
    )


def _set_entry(
    tx: Transaction,
    entry_id: int,
    status: EntryStatus,
    *,
    appointment_id: AppointmentId | None = None,
) -> None:
    tx.execute(
        update(WaitlistEntry)
        .where(WaitlistEntry.id == entry_id)
        .values(status=status.value, status_since=clock.now(), appointment_id=appointment_id)
        .execution_options(synchronize_session=False)
    )


def _note(tx: Transaction, actor: Actor, offer_id: int, deed: str, patient: PatientCard) -> None:
    record_event(
        tx,
        actor,
        f"scheduling:waitlist-offer:{deed}",
        object_type="Hold",
        object_id=offer_id,
        patient_id=patient.id,
    )


def _params(period: Period, type_name: str) -> dict[str, str]:
    return {
        "starts_at": period.starts_at.isoformat(),
        "ends_at": period.ends_at.isoformat(),
        "place": place_of_clinic(),
        "note": type_name,
    }


def check_visible_offer(actor: Actor, offer: OfferView | None) -> OfferView:
    """The offer, when the actor may answer it. Raises UnknownOffer or Forbidden (ACC-02)."""
    if offer is not None:
        is_own = offer.patient.user_id == actor.user_id and actor.may(Permission.BOOK_OWN)
        if is_own or actor.may(Permission.WAITLIST_WRITE):
            return offer
    if actor.may(Permission.BOOK_OWN) or offer is None:
        raise UnknownOffer()
    raise Forbidden()
