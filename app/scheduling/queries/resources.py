"""Rooms and equipment: what there is, what visits need of it, and who holds it when."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, and_, any_, exists, func, literal, or_, select

from app.infra.db import session
from app.kernel.period import Period
from app.scheduling.models import (
    Appointment,
    AppointmentType,
    Claim,
    GroupSession,
    NotOfferedBy,
    Practitioner,
    Resource,
    ResourceBlock,
    TypeNeed,
)
from app.scheduling.queries.facts import EQUIPMENT, PROVIDER, ROOM

KINDS = {ROOM: "room", EQUIPMENT: "equipment"}


@dataclass(frozen=True, slots=True)
class ResourceCard:
    """A room or a piece of equipment."""

    id: int
    kind: int
    category: str
    code: str
    name: str
    campus: str
    is_active: bool

    @property
    def kind_name(self) -> str:
        """Room or equipment, as people say it."""
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class BlockRow:
    """A time when a resource cannot be used."""

    id: int
    resource_id: int
    resource_name: str
    starts_at: datetime
    ends_at: datetime
    note: str
    is_active: bool


@dataclass(frozen=True, slots=True)
class Occupation:
    """What holds a resource, and when; `label` names no patient."""

    resource_id: int
    starts_at: datetime
    ends_at: datetime
    kind: str
    label: str
    appointment_id: int | None = None
    block_id: int | None = None


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a provider prefers, and which types of their kind there are to choose from."""

    preferred_room_id: int | None
    not_offered: frozenset[int]
    types: tuple[tuple[int, str], ...]


def resources(*, with_hidden: bool = False) -> list[ResourceCard]:
    """Rooms first, then equipment, each by category and code."""
    statement = select(Resource).order_by(Resource.kind, Resource.category, Resource.code)
    if not with_hidden:
        statement = statement.where(Resource.is_active)
    return [_card(row) for row in session().scalars(statement)]


def resource(resource_id: int) -> ResourceCard | None:
    """One, in use or not."""
    row = session().get(Resource, resource_id)
    return _card(row) if row else None


def categories() -> dict[str, int]:
    """What types of visits can ask for, and how many of it are in use."""
    rows = session().execute(
        select(Resource.category, func.count().label("number"))
        .where(Resource.is_active)
        .group_by(Resource.category)
        .order_by(Resource.category)
    )
    return {row.category: row.number for row in rows}


def needs_of_types() -> dict[int, list[tuple[str, int]]]:
    """What each type needs, by category."""
    needs: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    rows = session().execute(
        select(TypeNeed.type_id, TypeNeed.category, TypeNeed.quantity).order_by(TypeNeed.category)
    )
    for type_id, category, quantity in rows:
        needs[type_id].append((category, quantity))
    return dict(needs)


def types_with_names() -> list[tuple[int, str]]:
    """The active types in the order of the clinic."""
    rows = session().execute(
        select(AppointmentType.id, AppointmentType.name)
        .where(AppointmentType.is_active)
        .order_by(AppointmentType.position, AppointmentType.name)
    )
    return [(row.id, row.name) for row in rows]


def blocks(*, since: datetime, limit: int = 200) -> list[BlockRow]:
    """Maintenance that is not over, the earliest first."""
    rows = session().execute(
        select(ResourceBlock, Resource.name)
        .join(Resource, Resource.id == ResourceBlock.resource_id)
        .where(ResourceBlock.is_active, ResourceBlock.ends_at > since)
        .order_by(ResourceBlock.starts_at, ResourceBlock.id)
        .limit(limit)
    )
    return [
        BlockRow(row.id, row.resource_id, name, row.starts_at, row.ends_at, row.note, row.is_active)
        for row, name in rows
    ]


def in_the_way(card: ResourceCard, period: Period, *, now: datetime) -> list[Occupation]:
    """What holds the resource then, buffers included and lapsed offers left out (SCH-14)."""
    statement = _occupations().where(
        Claim.resource_kind == card.kind,
        Claim.resource_id == card.id,
        Claim.held_from < period.ends_at,
        Claim.held_until > period.starts_at,
        or_(Claim.expires_at.is_(None), Claim.expires_at > now),
    )
    return [_occupation(row) for row in session().execute(statement)]


def occupations(period: Period, *, now: datetime) -> list[Occupation]:
    """What holds each resource in this time, by start."""
    statement = _occupations().where(
        Claim.resource_kind.in_((ROOM, EQUIPMENT)),
        Claim.starts_at < period.ends_at,
        Claim.ends_at > period.starts_at,
        or_(Claim.expires_at.is_(None), Claim.expires_at > now),
    )
    return [_occupation(row) for row in session().execute(statement)]


def provider_occupations(period: Period) -> dict[int, list[Period]]:
    """When each provider is with patients, for how well their time is used."""
    held: defaultdict[int, list[Period]] = defaultdict(list)
    rows = session().execute(
        select(Claim.resource_id, Claim.starts_at, Claim.ends_at).where(
            Claim.active,
            Claim.hold_id.is_(None),
            Claim.resource_kind == PROVIDER,
            Claim.starts_at < period.ends_at,
            Claim.ends_at > period.starts_at,
        )
    )
    for practitioner_id, starts_at, ends_at in rows:
        held[practitioner_id].append(Period(starts_at, ends_at))
    return dict(held)


def preferences(practitioner_id: int) -> Preferences:
    """What a provider prefers; nothing for one who is unknown."""
    row = session().get(Practitioner, practitioner_id)
    kind = row.kind if row else ""
    types = session().execute(
        select(AppointmentType.id, AppointmentType.name)
        .where(AppointmentType.is_active, literal(kind) == any_(AppointmentType.provider_kinds))
        .order_by(AppointmentType.position, AppointmentType.name)
    )
    refused = session().scalars(
        select(NotOfferedBy.type_id).where(NotOfferedBy.practitioner_id == practitioner_id)
    )
    return Preferences(
        preferred_room_id=row.preferred_room_id if row else None,
        not_offered=frozenset(refused),
        types=tuple((one.id, one.name) for one in types),
    )


def lost_its_provider_or_room() -> Any:
    """Whether a visit's provider no longer offers its type, or its room is gone (SCH-19)."""
    refused = exists().where(
        NotOfferedBy.practitioner_id == Appointment.practitioner_id,
        NotOfferedBy.type_id == Appointment.type_id,
    )
    elsewhere = and_(
        Resource.campus != "", Appointment.campus != "", Resource.campus != Appointment.campus
    )
    gone = exists().where(
        Claim.appointment_id == Appointment.id,
        Claim.active,
        Claim.resource_kind == Resource.kind,
        Claim.resource_id == Resource.id,
        or_(~Resource.is_active, elsewhere),
    )
    return or_(refused, gone)


def _occupations() -> Select[Any]:
    rows: Any = (
        select(
            Claim.resource_id,
            Claim.starts_at,
            Claim.ends_at,
            Claim.appointment_id,
            Claim.hold_id,
            Claim.session_id,
            Claim.block_id,
            AppointmentType.name.label("type_name"),
            Practitioner.name.label("provider_name"),
            GroupSession.title,
            ResourceBlock.note,
        )
        .outerjoin(Appointment, Appointment.id == Claim.appointment_id)
        .outerjoin(AppointmentType, AppointmentType.id == Appointment.type_id)
        .outerjoin(Practitioner, Practitioner.id == Appointment.practitioner_id)
        .outerjoin(GroupSession, GroupSession.id == Claim.session_id)
        .outerjoin(ResourceBlock, ResourceBlock.id == Claim.block_id)
        .where(Claim.active)
        .order_by(Claim.starts_at, Claim.id)
    )
    return cast(Select[Any], rows)


def _occupation(row: Any) -> Occupation:
    kind, label = _said(row)
    return Occupation(
        row.resource_id,
        row.starts_at,
        row.ends_at,
        kind,
        label,
        appointment_id=row.appointment_id,
        block_id=row.block_id,
    )


def _said(row: Any) -> tuple[str, str]:
    if row.appointment_id is not None:
        return "visit", f"{row.type_name}, {row.provider_name}"
    if row.block_id is not None:
        return "block", row.note or "Not available"
    if row.session_id is not None:
        return "session", row.title
    return "offer", "Kept for somebody: an offer, or a booking under way"


def _card(row: Resource) -> ResourceCard:
    return ResourceCard(
        row.id, row.kind, row.category, row.code, row.name, row.campus, row.is_active
    )
