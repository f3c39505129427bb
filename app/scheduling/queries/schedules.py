"""Providers, their hours and the clinic's closures, for schedule screens."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import exists, func, select

from app.infra.db import session
from app.kernel.ids import PractitionerId, UserId
from app.scheduling.models import (
    Appointment,
    Closure,
    DateOverride,
    NotOfferedBy,
    Practitioner,
    TimeOff,
    WeeklyHours,
)


@dataclass(frozen=True, slots=True)
class PractitionerCard:
    """A provider as screens name them."""

    id: PractitionerId
    university_id: str
    name: str
    kind: str
    user_id: UserId
    is_active: bool
    max_per_day: int | None


@dataclass(frozen=True, slots=True)
class HoursRow:
    """A span of one weekday; a row of the schedule screen."""

    id: int
    weekday: int
    starts: time
    ends: time
    valid_from: date | None
    valid_to: date | None
    campus: str


@dataclass(frozen=True, slots=True)
class OverrideRow:
    """Other hours on one date; no times mean a day off."""

    id: int
    on_date: date
    starts: time | None
    ends: time | None
    campus: str
    note: str


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    """Time off of one provider."""

    id: int
    starts_at: datetime
    ends_at: datetime
    note: str


@dataclass(frozen=True, slots=True)
class ClosureRow:
    """A time when the clinic is closed."""

    id: int
    name: str
    starts_at: datetime
    ends_at: datetime
    is_holiday: bool


def practitioners(
    *, kinds: Sequence[str] | None = None, type_id: int | None = None
) -> list[PractitionerCard]:
    """The active providers, by name; of a type without those who do not take it."""
    statement = select(Practitioner).where(Practitioner.is_active).order_by(Practitioner.name)
    if kinds is not None:
        statement = statement.where(Practitioner.kind.in_(kinds))
    if type_id is not None:
        refused = exists().where(
            NotOfferedBy.practitioner_id == Practitioner.id, NotOfferedBy.type_id == type_id
        )
        statement = statement.where(~refused)
    return [_card(row) for row in session().scalars(statement)]


def practitioner_by_university_id(university_id: str) -> PractitionerCard | None:
    """A provider by university ID in any case, active or not."""
    row = session().scalar(
        select(Practitioner).where(
            func.lower(Practitioner.university_id) == university_id.strip().lower()
        )
    )
    return _card(row) if row else None


def practitioner_of_user(user_id: UserId) -> PractitionerCard | None:
    """The provider behind an account."""
    row = session().scalar(select(Practitioner).where(Practitioner.user_id == user_id))
    return _card(row) if row else None


def provider_user_ids() -> set[UserId]:
    """The accounts that are providers, active or not."""
    return {UserId(user_id) for user_id in session().scalars(select(Practitioner.user_id))}


def practitioner(practitioner_id: PractitionerId) -> PractitionerCard | None:
    """A provider by key."""
    row = session().get(Practitioner, practitioner_id)
    return _card(row) if row else None


def known_practitioner(practitioner_id: PractitionerId) -> PractitionerCard:
    """A provider whom a row names; providers are never deleted."""
    return _card(session().get_one(Practitioner, practitioner_id))


def _card(row: Practitioner) -> PractitionerCard:
    return PractitionerCard(
        PractitionerId(row.id),
        row.university_id,
        row.name,
        row.kind,
        UserId(row.user_id),
        row.is_active,
        row.max_per_day,
    )


def weekly_hours(practitioner_id: PractitionerId) -> list[HoursRow]:
    """The weekly hours by weekday and start."""
    rows = session().execute(
        select(
            WeeklyHours.id,
            WeeklyHours.weekday,
            WeeklyHours.starts,
            WeeklyHours.ends,
            WeeklyHours.valid_from,
            WeeklyHours.valid_to,
            WeeklyHours.campus,
        )
        .where(WeeklyHours.practitioner_id == practitioner_id)
        .order_by(WeeklyHours.weekday, WeeklyHours.starts)
    )
    return [HoursRow(*row) for row in rows]


def date_overrides(practitioner_id: PractitionerId, *, since: date) -> list[OverrideRow]:
    """Other hours from a date on, at most a year's worth."""
    rows = session().execute(
        select(
            DateOverride.id,
            DateOverride.on_date,
            DateOverride.starts,
            DateOverride.ends,
            DateOverride.campus,
            DateOverride.note,
        )
        .where(DateOverride.practitioner_id == practitioner_id, DateOverride.on_date >= since)
        .order_by(DateOverride.on_date, DateOverride.starts)
        .limit(400)
    )
    return [OverrideRow(*row) for row in rows]


def absences(practitioner_id: PractitionerId, *, since: datetime) -> list[AbsenceRow]:
    """Time off that is not over at an instant."""
    rows = session().execute(
        select(TimeOff.id, TimeOff.starts_at, TimeOff.ends_at, TimeOff.note)
        .where(TimeOff.practitioner_id == practitioner_id, TimeOff.ends_at > since)
        .order_by(TimeOff.starts_at)
        .limit(200)
    )
    return [AbsenceRow(*row) for row in rows]


def absent_between(since: datetime, until: datetime) -> list[tuple[str, datetime, datetime]]:
    """Who is away in the time, by name, from when until when; never why."""
    rows = session().execute(
        select(Practitioner.name, TimeOff.starts_at, TimeOff.ends_at)
        .join(Practitioner, Practitioner.id == TimeOff.practitioner_id)
        .where(TimeOff.ends_at > since, TimeOff.starts_at < until)
        .order_by(Practitioner.name, TimeOff.starts_at)
        .limit(200)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def closures(*, since: datetime, until: datetime) -> list[ClosureRow]:
    """Closures that touch the time between two instants."""
    rows = session().execute(
        select(Closure.id, Closure.name, Closure.starts_at, Closure.ends_at, Closure.import_key)
        .where(Closure.is_active, Closure.ends_at > since, Closure.starts_at < until)
        .order_by(Closure.starts_at)
        .limit(400)
    )
    return [ClosureRow(*row[:4], is_holiday=row[4] is not None) for row in rows]


def hours_of_everybody() -> dict[PractitionerId, list[HoursRow]]:
    """The weekly hours of the active providers, in one statement."""
    rows = session().execute(
        select(
            WeeklyHours.practitioner_id,
            WeeklyHours.id,
            WeeklyHours.weekday,
            WeeklyHours.starts,
            WeeklyHours.ends,
            WeeklyHours.valid_from,
            WeeklyHours.valid_to,
            WeeklyHours.campus,
        )
        .join(Practitioner, Practitioner.id == WeeklyHours.practitioner_id)
        .where(Practitioner.is_active)
        .order_by(WeeklyHours.weekday, WeeklyHours.starts)
    )
    found: dict[PractitionerId, list[HoursRow]] = {}
    for row in rows:
        found.setdefault(PractitionerId(row.practitioner_id), []).append(HoursRow(*row[1:]))
    return found


def misfits() -> dict[PractitionerId, int]:
    """How many visits of each provider wait for another time (SCH-19)."""
    rows = session().execute(
        select(Appointment.practitioner_id, func.count())
        .where(Appointment.needs_rebooking)
        .group_by(Appointment.practitioner_id)
    )
    return {PractitionerId(practitioner_id): count for practitioner_id, count in rows}
