"""Answers to offers of the waiting list: taken, declined, or over (SCH-31).

Whoever changes an offer locks its entry of the waiting list first, then the session of a seat,
so that taking an offer and its end cannot both happen.
"""

from dataclasses import dataclass, replace
from functools import partial

from sqlalchemy import update

from app.infra.db import Transaction, retried, transaction
from app.infra.one_by_one import one_by_one
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import DomainError, Forbidden
from app.kernel.ids import AppointmentId
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify
from app.scheduling.errors import PatientBusy, SlotTaken
from app.scheduling.errors.waitlist import OfferOver, UnknownOffer
from app.scheduling.models import Claim, Hold
from app.scheduling.permissions import Permission
from app.scheduling.queries import appointments, seat_offers, types, waitlist
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.sessions import SeatView
from app.scheduling.queries.waitlist import OfferView
from app.scheduling.rules import Slot
from app.scheduling.rules.quiet import quiet_until
from app.scheduling.rules.waitlist import EntryStatus, HoldStatus
from app.scheduling.services import free_times, seats
from app.scheduling.services.booking import book_appointment
from app.scheduling.services.freed import time_freed
from app.scheduling.services.offering import note_offer, offer_params, set_entry
from app.scheduling.services.questionnaires import diverting
from app.scheduling.services.wish import Answers, Wish
from app.scheduling.services.writing import lock_parties, release_lapsed_holds

NO_ANSWERS = Answers()
OVER_SUBJECT = "The offered time is gone"


@dataclass(frozen=True, slots=True)
class _Got:
    """What came of an offer that was taken: a visit or a seat."""

    appointment_id: AppointmentId | None = None
    seat_id: int | None = None


NOTHING = _Got()


def accept_offer(
    actor: Actor, *, offer_id: int, given: Answers = NO_ANSWERS
) -> AppointmentView | SeatView:
    """Take what is offered: the visit is booked like any other, with the questions of its type
    and with what missed visits mean (SCH-13, SCH-35), and so is a seat. Twice is harmless.

    Raises OfferOver with alternatives, UnknownOffer for what is not one's own, and what
    book_appointment and take_seat raise; after AnswersNeeded and Diverted the offer stays open.
    """
    try:
        with diverting(actor):
            got = retried(
                lambda: _accept(actor, offer_id, given),
                refusal=OfferOver,
                between=release_lapsed_holds,
            )
    except OfferOver as over:
        near = _near(actor, offer_details(actor, offer_id=offer_id))
        raise OfferOver(over.message, alternatives=near) from None
    if got.appointment_id is not None:
        return appointments.known_appointment(got.appointment_id)
    return seats.known_seat(got.seat_id or 0)


def _accept(actor: Actor, offer_id: int, given: Answers) -> _Got:
    with transaction() as tx:
        offer = check_visible_offer(actor, waitlist.offer(offer_id))
        _lock(tx, offer)
        offer = _locked(offer)
        if offer.status is HoldStatus.ACCEPTED:
            return _Got(offer.appointment_id, offer.seat_id)
        if not offer.is_open_at(clock.now()):
            raise OfferOver()
        got = _take(tx, actor, offer, given)
        tx.flush()  # the offer names the visit, which must be there first
        _settle(tx, offer, HoldStatus.ACCEPTED, got)
        set_entry(
            tx,
            offer.entry_id,
            EntryStatus.FULFILLED,
            appointment_id=got.appointment_id,
            seat_id=got.seat_id,
        )
        note_offer(tx, actor, offer.id, "accept", offer.patient)
    return got


def _lock(tx: Transaction, offer: OfferView) -> None:
    """The very locks that booking takes, or taking a seat, so that these find them held."""
    if offer.session_id is not None:
        lock_parties(tx, [], offer.patient.id)
        return
    wanted = types.type_of(offer.type_id)
    lock_parties(tx, [offer.practitioner_id], offer.patient.id, wanted.resource_ids)


def _take(tx: Transaction, actor: Actor, offer: OfferView, given: Answers) -> _Got:
    if offer.session_id is not None:
        who = offer.patient.university_id
        return _Got(
            seat_id=seats.take_kept_seat(
                tx, actor, session_id=offer.session_id, patient=who, given=given
            )
        )
    _release(tx, offer)
    return _Got(appointment_id=_book(actor, offer, given))


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
    """Let it go to the next one; the entry stays on the list. Twice is harmless.

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
        params=offer_params(offer.period, offer.session_title or offer.type_name),
        link="/portal/waitlist",
    )


def close_hold(tx: Transaction, actor: Actor, offer: OfferView, status: HoldStatus) -> None:
    """End an open offer that is not taken, and let the next one have the time.

    The entry is locked by the caller and waits again; the same time is not offered to it twice.
    """
    _release(tx, offer)
    _settle(tx, offer, status, NOTHING)
    set_entry(tx, offer.entry_id, EntryStatus.WAITING)
    note_offer(tx, actor, offer.id, status.value, offer.patient)
    if offer.session_id is not None:
        seats.give_back_kept_seat(tx, session_id=offer.session_id, offer_id=offer.id)
        return
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
    if offer.session_id is not None:
        seat_offers.lock_session(offer.session_id)
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


def _settle(tx: Transaction, offer: OfferView, status: HoldStatus, got: _Got) -> None:
    tx.execute(
        update(Hold)
        .where(Hold.id == offer.id, Hold.status == HoldStatus.OPEN.value)
        .values(
            status=status.value,
            settled_at=clock.now(),
            appointment_id=got.appointment_id,
            seat_id=got.seat_id,
        )
        .execution_options(synchronize_session=False)
    )


def check_visible_offer(actor: Actor, offer: OfferView | None) -> OfferView:
    """The offer, when the actor may answer it. Raises UnknownOffer or Forbidden (ACC-02)."""
    if offer is not None:
        is_own = offer.patient.user_id == actor.user_id and actor.may(Permission.BOOK_OWN)
        if is_own or actor.may(Permission.WAITLIST_WRITE):
            return offer
    if actor.may(Permission.BOOK_OWN) or offer is None:
        raise UnknownOffer()
    raise Forbidden()
