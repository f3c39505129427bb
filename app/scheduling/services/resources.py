"""Rooms and equipment: what there is, what visits need, when it is out of use (SCH-01, SCH-13)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from app.infra.db import Transaction, retried, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import clinic_days
from app.kernel.errors import Forbidden, Invalid
from app.kernel.ids import PractitionerId, UserId
from app.kernel.period import Period, merged
from app.scheduling import rules
from app.scheduling.errors import UnknownProvider, UnknownType
from app.scheduling.errors.resources import (
    ResourceCodeTaken,
    ResourceInUse,
    ResourceKindFixed,
    UnknownBlock,
    UnknownResource,
)
from app.scheduling.models import (
    Appointment,
    AppointmentType,
    Claim,
    NotOfferedBy,
    Practitioner,
    Resource,
    ResourceBlock,
    TypeNeed,
)
from app.scheduling.permissions import Permission
from app.scheduling.queries import facts, resources, schedules
from app.scheduling.queries.resources import Occupation, ResourceCard
from app.scheduling.rules import OPEN
from app.scheduling.rules.hours import opening
from app.scheduling.rules.utilisation import Utilisation, utilisation
from app.scheduling.services.flags import flag_affected
from app.scheduling.services.gained import room_gained
from app.scheduling.services.schedules import may_change_schedule
from app.scheduling.services.writing import lock_parties, release_lapsed_holds
from app.security.services import record_event

A_DAY = timedelta(days=1)
LONGEST_BLOCK = timedelta(days=366)
MOST_OF_A_CATEGORY = 20
NAMED_IN_A_REFUSAL = 5
OPEN_STATUSES = sorted(status.value for status in OPEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceDraft:
    """A room or a piece of equipment as an administrator describes it."""

    kind: int
    category: str
    code: str
    name: str
    campus: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Saved:
    """The key, and how many visits no longer fit (SCH-19)."""

    id: int
    flagged: int


@dataclass(frozen=True, slots=True)
class Use:
    """How well one provider, room or piece of equipment is used."""

    name: str
    what: str
    use: Utilisation


def save_resource(actor: Actor, *, draft: ResourceDraft, resource_id: int | None = None) -> Saved:
    """Add or change a room or a piece of equipment. It is never deleted, only put out of use.

    Visits that hold it are flagged when it is gone or stands on another campus (SCH-19).
    Raises Invalid naming the fields, ResourceCodeTaken, ResourceKindFixed, UnknownResource.
    """
    actor.require(Permission.RESOURCE_WRITE)
    _check_draft(draft)
    with transaction() as tx:
        row = tx.session.get(Resource, resource_id) if resource_id else Resource(kind=draft.kind)
        if row is None:
            raise UnknownResource()
        if resource_id:
            lock_parties(tx, [], None, [resource_id])
        if row.kind != draft.kind:
            raise ResourceKindFixed()
        row.category = " ".join(draft.category.lower().split())
        row.code, row.name = draft.code.strip().upper(), draft.name.strip()
        row.campus, row.is_active = draft.campus, draft.is_active
        tx.add(row)
        try:
            tx.flush()  # a taken code belongs to this form, not to the commit
        except IntegrityError as error:
            raise ResourceCodeTaken() from error
        record_event(
            tx, actor, "scheduling:resource:save", object_type="Resource", object_id=row.id
        )
        flagged = flag_affected(tx) if resource_id else 0
    return Saved(row.id, flagged)


def _check_draft(draft: ResourceDraft) -> None:
    errors: dict[str, list[str]] = {}
    if draft.kind not in resources.KINDS:
        errors["kind"] = ["Please choose a room or a piece of equipment."]
    if not draft.code.strip().replace("-", "").isalnum() or len(draft.code) > 40:
        errors["code"] = ["Please use letters, digits and hyphens, at most 40."]
    for name, longest in (("name", 80), ("category", 40)):
        text = getattr(draft, name)
        if not text.strip() or len(text) > longest or not text.isprintable():
            errors[name] = [f"Please use 1 to {longest} plain characters."]
    if draft.campus not in {"", *settings().campuses}:
        errors["campus"] = ["Please choose a campus of the clinic."]
    if errors:
        raise Invalid("Please correct the marked fields.", errors=errors)


def set_needs(actor: Actor, *, type_id: int, needs: Sequence[tuple[str, int]]) -> int:
    """Say which rooms and equipment a type of visit takes (SCH-13).

    Booked visits keep what they have; returns how many open ones there are. Raises UnknownType,
    and Invalid for a category that the clinic does not have so many of.
    """
    actor.require(Permission.TYPE_WRITE)
    with transaction() as tx:
        if tx.session.get(AppointmentType, type_id) is None:
            raise UnknownType()
        _check_needs(needs)
        tx.execute(delete(TypeNeed).where(TypeNeed.type_id == type_id))
        for category, quantity in needs:
            tx.add(TypeNeed(type_id=type_id, category=category, quantity=quantity))
        record_event(
            tx,
            actor,
            "scheduling:appointment-type:needs",
            object_type="AppointmentType",
            object_id=type_id,
            details={"needs": [list(need) for need in needs]},
        )
        return _open_visits_of(tx, type_id)


def _check_needs(needs: Sequence[tuple[str, int]]) -> None:
    known = resources.categories()
    named = [category for category, _ in needs]
    if len(set(named)) < len(named):
        raise Invalid("Please name each kind of room or equipment once.")
    for category, quantity in needs:
        if not 1 <= quantity <= MOST_OF_A_CATEGORY:
            raise Invalid(f"Please use a number from 1 to {MOST_OF_A_CATEGORY} for {category}.")
        count = known.get(category, 0)
        if quantity > count:
            there_is = f"The clinic has {count or 'no'} {category} in use"
            raise Invalid(f"{there_is}, so no visit can take {quantity}.")


def _open_visits_of(tx: Transaction, type_id: int) -> int:
    found = tx.execute(
        select(func.count()).where(
            Appointment.type_id == type_id,
            Appointment.status.in_(OPEN_STATUSES),
            Appointment.starts_at >= clock.now(),
        )
    )
    return int(found.scalar_one())


def block_resource(
    actor: Actor, *, resource_id: int, starts_at: datetime, ends_at: datetime, note: str = ""
) -> int:
    """Take a room or a piece of equipment out of use for a time; returns the block's key.

    It claims the time itself, so that nothing can be booked into it (SCH-01). Raises
    ResourceInUse naming the visits in the way, UnknownResource, Invalid.
    """
    actor.require(Permission.RESOURCE_BLOCK)
    text = _checked_note(note)
    period = _checked_period(starts_at, ends_at)
    return retried(
        lambda: _block(actor, resource_id, period, text),
        refusal=ResourceInUse,
        between=release_lapsed_holds,
    )


def _block(actor: Actor, resource_id: int, period: Period, note: str) -> int:
    with transaction() as tx:
        lock_parties(tx, [], None, [resource_id])
        card = resources.resource(resource_id)
        if card is None:
            raise UnknownResource()
        held = resources.in_the_way(card, period, now=clock.now())
        if held:
            raise _in_use(held)
        row = ResourceBlock(
            resource_id=resource_id, starts_at=period.starts_at, ends_at=period.ends_at, note=note
        )
        tx.add(row)
        tx.flush()  # the claims name the block
        tx.execute(insert(Claim), _claims(card, row.id, period))
        _note_block(tx, actor, "block", row)
    return row.id


def _claims(card: ResourceCard, block_id: int, period: Period) -> list[dict[str, object]]:
    """One claim per day: who reads claims looks back no longer than the longest visit."""
    claims = []
    starts_at = period.starts_at
    while starts_at < period.ends_at:
        ends_at = min(starts_at + A_DAY, period.ends_at)
        claims.append(
            {
                "block_id": block_id,
                "resource_kind": card.kind,
                "resource_id": card.id,
                "starts_at": starts_at,
                "ends_at": ends_at,
                "held_from": starts_at,
                "held_until": ends_at,
                "active": True,
            }
        )
        starts_at = ends_at
    return claims


def _in_use(held: Sequence[Occupation]) -> ResourceInUse:
    """The refusal that says what is in the way, without patients' names."""
    zone = settings().time_zone
    # A block has a claim for each day; once is enough.
    lines = list(
        dict.fromkeys(
            f"{one.label} on {one.starts_at.astimezone(zone):%a %d %b %H:%M}" for one in held
        )
    )
    more = f" and {len(lines) - NAMED_IN_A_REFUSAL} more" if len(lines) > NAMED_IN_A_REFUSAL else ""
    return ResourceInUse(
        f"In the way: {'; '.join(lines[:NAMED_IN_A_REFUSAL])}{more}. Please move these first.",
        appointment_ids=[one.appointment_id for one in held if one.appointment_id is not None],
    )


def lift_block(actor: Actor, *, block_id: int) -> None:
    """Put it back into use before the time is over; twice does no harm. Raises UnknownBlock."""
    actor.require(Permission.RESOURCE_BLOCK)
    with transaction() as tx:
        row = tx.session.get(ResourceBlock, block_id)
        if row is None:
            raise UnknownBlock()
        lock_parties(tx, [], None, [row.resource_id])
        if not row.is_active:
            return
        row.is_active = False
        tx.execute(
            update(Claim)
            .where(Claim.block_id == block_id, Claim.active)
            .values(active=False)
            .execution_options(synchronize_session=False)
        )
        _note_block(tx, actor, "lift-block", row)
        card = resources.resource(row.resource_id)
        if card is not None:
            period = Period(row.starts_at, row.ends_at)
            room_gained(tx, category=card.category, period=period)


def _note_block(tx: Transaction, actor: Actor, action: str, row: ResourceBlock) -> None:
    record_event(
        tx,
        actor,
        f"scheduling:resource:{action}",
        object_type="Resource",
        object_id=row.resource_id,
        details={"block": row.id},
    )


def _checked_period(starts_at: datetime, ends_at: datetime) -> Period:
    if starts_at >= ends_at:
        sentence = "It must end after it starts."
    elif ends_at <= clock.now():
        sentence = "This time has passed."
    elif ends_at - starts_at > LONGEST_BLOCK:
        sentence = "Please use at most one year. Put it out of use if it does not come back."
    else:
        return Period(starts_at, ends_at)
    raise Invalid(sentence, errors={"ends_at": [sentence]})


def _checked_note(note: str) -> str:
    text = note.strip()
    if len(text) > 200 or not text.isprintable():
        sentence = "Please use at most 200 plain characters."
        raise Invalid(sentence, errors={"note": [sentence]})
    return text


def set_provider_preferences(
    actor: Actor,
    *,
    practitioner_id: PractitionerId,
    preferred_room_id: int | None,
    not_offered: Iterable[int] = (),
) -> int:
    """The room a provider gets first, and the types they do not take.

    Returns how many of their visits no longer fit; they are flagged (SCH-19). Raises
    UnknownProvider, Forbidden for a colleague's preferences, UnknownResource, UnknownType.
    """
    refused = frozenset(not_offered)
    with transaction() as tx:
        row = tx.session.get(Practitioner, practitioner_id)
        if row is None:
            raise UnknownProvider()
        if not may_change_schedule(actor, UserId(row.user_id)):
            raise Forbidden("You may change only your own preferences.")
        lock_parties(tx, [practitioner_id], None)
        _check_preferred(preferred_room_id)
        if not refused <= {key for key, _ in resources.preferences(practitioner_id).types}:
            raise UnknownType()
        row.preferred_room_id = preferred_room_id
        tx.execute(delete(NotOfferedBy).where(NotOfferedBy.practitioner_id == practitioner_id))
        for type_id in sorted(refused):
            tx.add(NotOfferedBy(practitioner_id=practitioner_id, type_id=type_id))
        tx.flush()  # the flags below read what is offered
        record_event(
            tx,
            actor,
            "scheduling:practitioner:preferences",
            object_type="Practitioner",
            object_id=practitioner_id,
        )
        return flag_affected(tx, practitioner_ids=[practitioner_id])


def _check_preferred(room_id: int | None) -> None:
    if room_id is None:
        return
    card = resources.resource(room_id)
    if card is None or card.kind != facts.ROOM or not card.is_active:
        raise UnknownResource("Please choose a room that is in use.")


def use_of_time(actor: Actor, *, first: date, last: date) -> list[Use]:
    """Held over open minutes of each provider, then of each room and piece of equipment.

    A room is open while any provider is; maintenance is no open time.
    Raises WindowTooLong and its kin.
    """
    actor.require(Permission.RESOURCE_READ)
    rules.check_window(first, last)
    zone = settings().time_zone
    window = clinic_days(first, last, zone)
    cards = schedules.practitioners()
    found, closures = facts.provider_schedules(
        [card.id for card in cards], first=first, last=last, zone=zone
    )
    hours = {one.practitioner_id: opening(one, closures, first, last, zone) for one in found}
    held = resources.provider_occupations(window)
    uses = [
        Use(
            card.name,
            card.kind,
            utilisation(window, opened=hours.get(card.id, []), held=held.get(card.id, [])),
        )
        for card in cards
    ]
    return uses + _use_of_resources(window, merged(part for one in hours.values() for part in one))


def _use_of_resources(window: Period, opened: Sequence[Period]) -> list[Use]:
    taken: dict[int, list[Occupation]] = {}
    for one in resources.occupations(window, now=clock.now()):
        taken.setdefault(one.resource_id, []).append(one)
    return [
        Use(
            card.name,
            card.category,
            utilisation(
                window,
                opened=opened,
                held=_times(taken.get(card.id, []), {"visit", "session"}),
                out_of_use=_times(taken.get(card.id, []), {"block"}),
            ),
        )
        for card in resources.resources()
    ]


def _times(held: Sequence[Occupation], kinds: set[str]) -> list[Period]:
    return [Period(one.starts_at, one.ends_at) for one in held if one.kind in kinds]
