"""Keeps a time for five minutes while somebody fills the form (the state "held", SCH-01).

A kept time claims provider, rooms and equipment like an offer of the waiting list does, so to
others it is taken; to the patient's own booking it is no obstacle, and that booking uses it up.
"""

from datetime import datetime

from sqlalchemy import insert

from app.infra.db import Transaction, retried, transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import PatientId
from app.scheduling import rules
from app.scheduling.errors import SlotTaken
from app.scheduling.models import Hold
from app.scheduling.permissions import Permission
from app.scheduling.queries import form_holds as queries
from app.scheduling.queries.facts import PROVIDER
from app.scheduling.queries.form_holds import KeptTime
from app.scheduling.queries.types import BookableType
from app.scheduling.rules import ResourceFacts, Slot
from app.scheduling.rules.form_holds import KEEP_FOR, LOOK_BACK, check_may_keep
from app.scheduling.rules.waitlist import HoldStatus
from app.scheduling.services import free_times, parties, questions
from app.scheduling.services.booking import chosen_resources, chosen_slot
from app.scheduling.services.kept import end_kept
from app.scheduling.services.wish import Wish
from app.scheduling.services.writing import INSERT_CLAIM, lock_parties, release_lapsed_holds
from app.security.services import record_event


def keep_time(actor: Actor, *, wish: Wish) -> KeptTime:
    """Keep a time for oneself, or at the front desk for a patient, for five minutes.

    One time per person: another one lets the earlier one go, the same one is not kept longer.
    Raises what book_appointment raises about the time, TooManyHolds and KeptTooOften.
    """
    starts_at = rules.check_start(wish.starts_at)
    try:
        return retried(
            lambda: _keep(actor, wish, starts_at), refusal=SlotTaken, between=release_lapsed_holds
        )
    except SlotTaken as taken:
        near = free_times.alternatives(actor, wish, starts_at)
        raise type(taken)(taken.message, alternatives=near) from None


def _keep(actor: Actor, wish: Wish, starts_at: datetime) -> KeptTime:
    with transaction() as tx:
        patient, is_own = parties.patient_to_book(actor, wish.patient)
        wanted = parties.type_to_book(actor, wish.type)
        providers = questions.providers_for(wanted, wish.provider)
        lock_parties(tx, [one.id for one in providers], patient.id, wanted.resource_ids)
        now = clock.now()
        present = queries.kept_for(patient.id, now=now)
        if present and _is_same(present, wanted, wish, starts_at):
            return present
        day = questions.day_of(starts_at)
        question = questions.question(
            wanted, providers, first=day, last=day, patient_id=patient.id, is_own=is_own
        )
        slot = chosen_slot(question, starts_at)
        _check_limits(actor, patient.id, slot, now)
        for earlier in queries.open_holds_of(patient.id, actor.user_id):
            end_kept(tx, earlier, HoldStatus.WITHDRAWN)
        number = _store(tx, actor, wanted, patient.id, slot, now)
        _store_claims(tx, number, wanted, slot, chosen_resources(question, slot), now)
        _note(tx, actor, "keep", number, patient.id)
    return KeptTime(
        id=number,
        type_id=wanted.id,
        practitioner_id=slot.practitioner_id,
        provider=slot.provider,
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        expires_at=now + KEEP_FOR,
    )


def _is_same(kept: KeptTime, wanted: BookableType, wish: Wish, starts_at: datetime) -> bool:
    is_same_provider = wish.provider is None or kept.provider.lower() == wish.provider.lower()
    return kept.type_id == wanted.id and kept.starts_at == starts_at and is_same_provider


def _check_limits(actor: Actor, patient_id: PatientId, slot: Slot, now: datetime) -> None:
    lately, same_time = queries.counts(
        patient_id,
        actor.user_id,
        since=now - LOOK_BACK,
        practitioner_id=slot.practitioner_id,
        starts_at=slot.starts_at,
    )
    check_may_keep(lately=lately, same_time=same_time)


def _store(
    tx: Transaction,
    actor: Actor,
    wanted: BookableType,
    patient_id: PatientId,
    slot: Slot,
    now: datetime,
) -> int:
    number = tx.execute(
        insert(Hold)
        .values(
            patient_id=patient_id,
            type_id=wanted.id,
            held_by_id=actor.user_id,
            practitioner_id=slot.practitioner_id,
            starts_at=slot.starts_at,
            ends_at=slot.ends_at,
            campus=slot.campus,
            status=HoldStatus.OPEN.value,
            created_at=now,
            expires_at=now + KEEP_FOR,
        )
        .returning(Hold.id)
    ).scalar_one()
    return int(number)


def _store_claims(
    tx: Transaction,
    hold_id: int,
    wanted: BookableType,
    slot: Slot,
    resources: tuple[ResourceFacts, ...],
    now: datetime,
) -> None:
    """Provider, rooms and equipment with their buffers; the patient stays free (SCH-01)."""
    held = [(PROVIDER, slot.practitioner_id), *((one.kind, one.resource_id) for one in resources)]
    for kind, resource_id in held:
        tx.later(
            INSERT_CLAIM,
            {
                "hold_id": hold_id,
                "resource_kind": kind,
                "resource_id": resource_id,
                "starts_at": slot.starts_at,
                "ends_at": slot.ends_at,
                "held_from": slot.starts_at - wanted.policy.buffer_before,
                "held_until": slot.ends_at + wanted.policy.buffer_after,
                "active": True,
                "expires_at": now + KEEP_FOR,
            },
        )


def let_go(actor: Actor) -> int:
    """Let go of what the actor keeps; returns how many, none the second time."""
    if not actor.may(Permission.BOOK_OWN):
        actor.require(Permission.BOOK)
    if actor.user_id is None:
        return 0
    with transaction() as tx:
        found = queries.holds_by(actor.user_id)
        for kept in found:
            end_kept(tx, kept, HoldStatus.WITHDRAWN)
            _note(tx, actor, "let-go", kept.id, None)
    return len(found)


def settle_form_holds(actor: Actor) -> int:
    """End kept times whose five minutes are over; whoever waits hears of them (SCH-31)."""
    actor.require(Permission.WAITLIST_WRITE)
    with transaction() as tx:
        found = queries.lapsed_form_holds(clock.now())
        for kept in found:
            end_kept(tx, kept, HoldStatus.EXPIRED)
    return len(found)


def _note(
    tx: Transaction, actor: Actor, deed: str, hold_id: int, patient_id: PatientId | None
) -> None:
    record_event(
        tx,
        actor,
        f"scheduling:form-hold:{deed}",
        object_type="Hold",
        object_id=hold_id,
        patient_id=patient_id,
    )
