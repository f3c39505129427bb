"""Types of visits with everything that booking one needs to know, remembered under a stamp."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Row, select

from app.infra.db import plain, session
from app.infra.remembered import Remembered
from app.kernel.ids import PractitionerId, UserId
from app.scheduling.models import AppointmentType
from app.scheduling.queries import statements
from app.scheduling.queries.questionnaires import QuestionnaireView, current_questionnaire
from app.scheduling.rules import Need, ResourceFacts, TypePolicy

_catalogue = Remembered()


@dataclass(frozen=True, slots=True)
class Provider:
    """Somebody who offers a type of visit."""

    id: PractitionerId
    university_id: str
    name: str
    user_id: UserId
    max_per_day: int | None
    preferred_room_id: int | None = None


@dataclass(frozen=True, slots=True)
class BookableType:
    """A type of visit with its key and policy, and the active providers who offer it."""

    id: int
    name: str
    colour: str
    description: str
    kinds: tuple[str, ...]
    policy: TypePolicy
    providers: tuple[Provider, ...] = ()
    needs: tuple[Need, ...] = ()
    questionnaire: QuestionnaireView | None = None
    stamp: str = ""

    @property
    def resource_ids(self) -> tuple[int, ...]:
        """Every room and piece of equipment that a visit of this type may take."""
        return tuple(one.resource_id for need in self.needs for one in need.resources)

    def providers_named(self, university_id: str | None) -> tuple[Provider, ...]:
        """All of them, or the one of this university ID in any case."""
        if university_id is None:
            return self.providers
        wanted = university_id.strip().lower()
        return tuple(one for one in self.providers if one.university_id.lower() == wanted)


def bookable_type(code: str) -> BookableType | None:
    """The active type of this code, in any case, with its providers."""
    wanted, stamp = {"code": code.strip().lower()}, _stamp()
    return _catalogue.answer(
        stamp,
        wanted["code"],
        lambda: _with_needs(_typed(plain(statements.TYPE_AND_PROVIDERS, wanted)), stamp),
    )


def type_of(type_id: int) -> BookableType:
    """The type of an existing appointment, active or not, with its providers."""
    stamp = _stamp()
    found = _catalogue.answer(
        stamp,
        type_id,
        lambda: _with_needs(_typed(plain(statements.TYPE_BY_ID, {"id": type_id})), stamp),
    )
    if found is None:
        raise LookupError(f"appointment type {type_id} is gone, though types are never deleted")
    return found


def needs_under(wanted: BookableType, stamp: str) -> tuple[Need, ...]:
    """What the type takes under the stamp that was read behind the locks (SCH-03).

    A room or a piece of equipment that was put out of use since the type was read is left out,
    and so is a new one, which the reader did not lock.
    """
    if wanted.stamp == stamp:
        return wanted.needs
    locked = set(wanted.resource_ids)
    return tuple(
        replace(need, resources=tuple(one for one in need.resources if one.resource_id in locked))
        for need in type_of(wanted.id).needs
    )


def bookable_types() -> list[BookableType]:
    """All active types in the order of the clinic, without their providers."""
    rows = session().scalars(
        select(AppointmentType)
        .where(AppointmentType.is_active)
        .order_by(AppointmentType.position, AppointmentType.name)
    )
    return [_bookable(row) for row in rows]


def _stamp() -> str:
    return str(plain(statements.STAMP).scalar())


def _typed(rows: Iterable[Row[Any]]) -> BookableType | None:
    found = list(rows)
    if not found:
        return None
    providers = tuple(
        Provider(
            PractitionerId(row.practitioner_id),
            row.university_id,
            row.practitioner_name,
            UserId(row.user_id),
            row.practitioner_max_per_day,
            row.practitioner_preferred_room_id,
        )
        for row in found
        if row.practitioner_id is not None
    )
    return _bookable(found[0], providers)


def _with_needs(found: BookableType | None, stamp: str) -> BookableType | None:
    """The type with the rooms and equipment that it takes, and what it asks (SCH-13)."""
    if found is None:
        return None
    needs: dict[tuple[str, int], list[ResourceFacts]] = {}
    for row in plain(statements.TYPE_NEEDS, {"id": found.id}):
        resources = needs.setdefault((row.category, row.quantity), [])
        if row.id is not None:
            resources.append(ResourceFacts(row.id, row.kind, row.code, row.name, row.campus))
    return replace(
        found,
        needs=tuple(Need(*key, resources=tuple(those)) for key, those in needs.items()),
        questionnaire=current_questionnaire(found.id),
        stamp=stamp,
    )


def _bookable(
    row: AppointmentType | Row[Any], providers: tuple[Provider, ...] = ()
) -> BookableType:
    return BookableType(
        row.id,
        row.name,
        row.colour,
        row.description,
        tuple(row.provider_kinds),
        _policy(row),
        providers,
    )


def _policy(row: AppointmentType | Row[Any]) -> TypePolicy:
    return TypePolicy(
        code=row.code,
        duration=timedelta(minutes=row.duration_minutes),
        step=timedelta(minutes=row.step_minutes),
        buffer_before=timedelta(minutes=row.buffer_before_minutes),
        buffer_after=timedelta(minutes=row.buffer_after_minutes),
        minimum_notice=timedelta(minutes=row.notice_minutes),
        horizon=timedelta(days=row.horizon_days),
        cancel_cutoff=timedelta(minutes=row.cancel_cutoff_minutes),
        no_show_grace=timedelta(minutes=row.no_show_grace_minutes),
        check_in_window=timedelta(minutes=row.check_in_minutes),
        needs_approval=row.needs_approval,
        bookable_by=frozenset(row.bookable_by),
        max_open_per_patient=row.max_open,
        max_per_patient_per_day=row.max_per_day,
        max_per_patient_per_week=row.max_per_week,
    )
