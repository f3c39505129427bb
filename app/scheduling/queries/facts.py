"""Loads the facts of one question about free time: at most five statements, however long the
window and however many providers (SCH-10 to SCH-17)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, and_, func, literal, null, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from app.infra.db import session
from app.kernel.clock import clinic_days, local_date
from app.kernel.ids import AppointmentId, PatientId
from app.kernel.period import Period
from app.scheduling.models import (
    Appointment,
    AppointmentType,
    Claim,
    Closure,
    DateOverride,
    Practitioner,
    TimeOff,
    WeeklyHours,
)
from app.scheduling.rules import (
    HOLDS_TIME,
    OPEN,
    PatientFacts,
    PatientLimits,
    ProviderFacts,
    Question,
    TypePolicy,
    facts,
    week_of,
)

PROVIDER, PATIENT = 1, 2
# No visit lasts longer than a day and no buffer longer than four hours (constraints).
LONGEST_HOLD = timedelta(hours=28)
A_DAY = timedelta(days=1)
HOLDING = sorted(status.value for status in HOLDS_TIME)
OPEN_STATUSES = frozenset(status.value for status in OPEN)


@dataclass(frozen=True, slots=True)
class BookableType:
    """A type of visit with its key and policy."""

    id: int
    name: str
    colour: str
    description: str
    kinds: tuple[str, ...]
    policy: TypePolicy


@dataclass(frozen=True, slots=True)
class Window:
    """Clinic days, both included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def period(self) -> Period:
        """The days as instants."""
        return clinic_days(self.first, self.last, self.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a question is about. Days are clinic days, both included."""

    type: BookableType
    first: date
    last: date
    now: datetime
    zone: ZoneInfo
    limits: PatientLimits
    provider: str | None = None
    patient_id: PatientId | None = None
    duration: timedelta | None = None
    moving: AppointmentId | None = None
    with_last_booked: bool = False

    @property
    def days(self) -> Window:
        """The days that are asked about."""
        return Window(self.first, self.last, self.zone)


@dataclass(slots=True)
class _Provider:
    """One provider's facts while they are gathered."""

    key: str
    name: str
    max_per_day: int | None
    weekly: list[facts.WeeklyHours] = field(default_factory=list)
    overrides: dict[date, list[tuple[Any, Any]]] = field(default_factory=dict)
    time_off: list[Period] = field(default_factory=list)
    claims: list[facts.Claim] = field(default_factory=list)
    last_booked_at: datetime | None = None


def bookable_type(code: str) -> BookableType | None:
    """The active type of this code, in any case."""
    row = (
        session()
        .execute(
            select(AppointmentType).where(
                func.lower(AppointmentType.code) == code.strip().lower(), AppointmentType.is_active
            )
        )
        .scalar_one_or_none()
    )
    return _bookable(row) if row else None


def bookable_types() -> list[BookableType]:
    """All active types in the order of the clinic."""
    rows = session().scalars(
        select(AppointmentType)
        .where(AppointmentType.is_active)
        .order_by(AppointmentType.position, AppointmentType.name)
    )
    return [_bookable(row) for row in rows]


def type_of(type_id: int) -> BookableType:
    """The type of an existing appointment, active or not."""
    return _bookable(session().get_one(AppointmentType, type_id))


def _bookable(row: AppointmentType) -> BookableType:
    return BookableType(
        row.id, row.name, row.colour, row.description, tuple(row.provider_kinds), _policy(row)
    )


def _policy(row: AppointmentType) -> TypePolicy:
    return TypePolicy(
        code=row.code,
        duration=timedelta(minutes=row.duration_minutes),
        step=timedelta(minutes=row.step_minutes),
        buffer_before=timedelta(minutes=row.buffer_before_minutes),
        buffer_after=timedelta(minutes=row.buffer_after_minutes),
        minimum_notice=timedelta(minutes=row.notice_minutes),
        horizon=timedelta(days=row.horizon_days),
        cancel_cutoff=timedelta(minutes=row.cancel_cutoff_minutes),
        needs_approval=row.needs_approval,
        bookable_by=frozenset(row.bookable_by),
        max_open_per_patient=row.max_open,
        max_per_patient_per_day=row.max_per_day,
        max_per_patient_per_week=row.max_per_week,
    )


def load_question(scope: Scope) -> Question:
    """Every fact that decides which times of the scope are free."""
    providers = _providers(scope)
    closures = _add_exceptions(scope.days, providers)
    _add_claims(scope, providers)
    if scope.with_last_booked:
        _add_last_booked(providers)
    return Question(
        policy=scope.type.policy,
        providers=tuple(
            _frozen(scope.days, key, provider, scope.moving) for key, provider in providers.items()
        ),
        first=scope.first,
        last=scope.last,
        now=scope.now,
        zone=scope.zone,
        closures=tuple(closures),
        patient=_patient(scope),
        patient_limits=scope.limits,
        duration=scope.duration,
        ignore_appointment_id=scope.moving,
    )


def _frozen(
    window: Window,
    practitioner_id: int,
    provider: _Provider,
    moving: AppointmentId | None = None,
) -> ProviderFacts:
    booked = Counter(
        local_date(claim.starts_at, window.zone)
        for claim in provider.claims
        if claim.appointment_id != moving
    )
    return ProviderFacts(
        practitioner_id=practitioner_id,
        key=provider.key,
        weekly=tuple(provider.weekly),
        overrides=tuple(
            facts.DateOverride(on, tuple(span for span in spans if span[0] is not None))
            for on, spans in provider.overrides.items()
        ),
        time_off=tuple(provider.time_off),
        claims=tuple(provider.claims),
        max_per_day=provider.max_per_day,
        booked_by_day=booked,
        last_booked_at=provider.last_booked_at,
    )


def provider_schedules(
    practitioner_ids: Sequence[int], *, first: date, last: date, zone: ZoneInfo
) -> tuple[list[ProviderFacts], list[facts.Closure]]:
    """Hours, overrides and time off of some providers, active or not, and the closures."""
    window = Window(first, last, zone)
    providers = _gathered(_with_hours(window).where(Practitioner.id.in_(practitioner_ids)))
    closures = _add_exceptions(window, providers)
    return [_frozen(window, key, provider) for key, provider in providers.items()], closures


def _providers(scope: Scope) -> dict[int, _Provider]:
    """The active providers of the type's kinds with their weekly hours, in one statement."""
    statement = _with_hours(scope.days).where(
        Practitioner.is_active, Practitioner.kind.in_(scope.type.kinds)
    )
    if scope.provider is not None:
        statement = statement.where(
            func.lower(Practitioner.university_id) == scope.provider.strip().lower()
        )
    return _gathered(statement)


def _with_hours(window: Window) -> Select[Any]:
    hours = and_(
        WeeklyHours.practitioner_id == Practitioner.id,
        or_(WeeklyHours.valid_from.is_(None), WeeklyHours.valid_from <= window.last),
        or_(WeeklyHours.valid_to.is_(None), WeeklyHours.valid_to >= window.first - A_DAY),
    )
    return (
        select(
            Practitioner.id,
            Practitioner.university_id,
            Practitioner.name,
            Practitioner.max_per_day,
            WeeklyHours.weekday,
            WeeklyHours.starts,
            WeeklyHours.ends,
            WeeklyHours.valid_from,
            WeeklyHours.valid_to,
            WeeklyHours.campus,
        )
        .outerjoin(WeeklyHours, hours)
        .order_by(Practitioner.university_id)
    )


def _gathered(statement: Select[Any]) -> dict[int, _Provider]:
    providers: dict[int, _Provider] = {}
    for row in session().execute(statement):
        provider = providers.setdefault(
            row.id, _Provider(row.university_id, row.name, row.max_per_day)
        )
        if row.weekday is not None:
            provider.weekly.append(
                facts.WeeklyHours(
                    row.weekday, row.starts, row.ends, row.valid_from, row.valid_to, row.campus
                )
            )
    return providers


def _add_exceptions(window: Window, providers: Mapping[int, _Provider]) -> list[facts.Closure]:
    """Overrides and time off of the providers, and the clinic's closures, in one statement."""
    closures: list[facts.Closure] = []
    # Spans may run past midnight and visits past the window: look one day further each way.
    reach = clinic_days(window.first - A_DAY, window.last + A_DAY, window.zone)
    for row in session().execute(_exceptions(list(providers), window, reach)):
        if row.kind == "closure":
            closures.append(facts.Closure(Period(row.starts_at, row.ends_at), row.name))
        elif row.kind == "time off":
            providers[row.practitioner_id].time_off.append(Period(row.starts_at, row.ends_at))
        else:
            spans = providers[row.practitioner_id].overrides.setdefault(row.on_date, [])
            spans.append((row.starts, row.ends))
    return closures


def _exceptions(ids: Sequence[int], window: Window, reach: Period) -> Any:
    overrides = select(
        literal("override").label("kind"),
        DateOverride.practitioner_id,
        DateOverride.on_date,
        DateOverride.starts,
        DateOverride.ends,
        _nothing(TimeOff.starts_at, "starts_at"),
        _nothing(TimeOff.ends_at, "ends_at"),
        literal("").label("name"),
    ).where(
        DateOverride.practitioner_id.in_(ids),
        DateOverride.on_date.between(window.first - A_DAY, window.last + A_DAY),
    )
    absences = select(
        literal("time off"),
        TimeOff.practitioner_id,
        *_no_override(),
        TimeOff.starts_at,
        TimeOff.ends_at,
        TimeOff.note,
    ).where(
        TimeOff.practitioner_id.in_(ids),
        TimeOff.ends_at > reach.starts_at,
        TimeOff.starts_at < reach.ends_at,
    )
    closures = select(
        literal("closure"),
        _nothing(TimeOff.practitioner_id, "practitioner_id"),
        *_no_override(),
        Closure.starts_at,
        Closure.ends_at,
        Closure.name,
    ).where(Closure.is_active, Closure.ends_at > reach.starts_at, Closure.starts_at < reach.ends_at)
    return union_all(overrides, absences, closures)


def _nothing(column: InstrumentedAttribute[Any], name: str) -> Any:
    """NULL of the column's type, to keep the places of a union."""
    return func.coalesce(null(), null()).cast(column.type).label(name)


def _no_override() -> tuple[Any, ...]:
    return (
        _nothing(DateOverride.on_date, "on_date"),
        _nothing(DateOverride.starts, "starts"),
        _nothing(DateOverride.ends, "ends"),
    )


def _add_claims(scope: Scope, providers: Mapping[int, _Provider]) -> None:
    window = scope.days.period
    rows = session().execute(
        select(
            Claim.resource_id,
            Claim.starts_at,
            Claim.ends_at,
            Claim.held_from,
            Claim.held_until,
            Claim.appointment_id,
        ).where(
            Claim.active,
            Claim.resource_kind == PROVIDER,
            Claim.resource_id.in_(list(providers)),
            Claim.starts_at > window.starts_at - LONGEST_HOLD,
            Claim.starts_at < window.ends_at + LONGEST_HOLD,
        )
    )
    for resource_id, *claim in rows:
        providers[resource_id].claims.append(facts.Claim(*claim))


def _add_last_booked(providers: Mapping[int, _Provider]) -> None:
    """When each provider was last given a visit, each by one look into an index (SCH-18)."""
    latest = (
        select(Appointment.created_at)
        .where(Appointment.practitioner_id == Practitioner.id)
        .order_by(Appointment.created_at.desc())
        .limit(1)
        .scalar_subquery()
    )
    for practitioner_id, booked_at in session().execute(
        select(Practitioner.id, latest).where(Practitioner.id.in_(list(providers)))
    ):
        providers[practitioner_id].last_booked_at = booked_at


def _patient(scope: Scope) -> PatientFacts | None:
    """What the patient holds: open visits ever, and all visits of the window's weeks."""
    if scope.patient_id is None:
        return None
    around = clinic_days(scope.first - 8 * A_DAY, scope.last + 8 * A_DAY, scope.zone)
    rows = (
        session()
        .execute(
            select(
                Appointment.id,
                Appointment.type_id,
                Appointment.status,
                Appointment.starts_at,
                Appointment.ends_at,
            ).where(
                Appointment.patient_id == scope.patient_id,
                Appointment.status.in_(HOLDING),
                or_(
                    and_(
                        Appointment.starts_at >= around.starts_at,
                        Appointment.starts_at < around.ends_at,
                    ),
                    and_(
                        Appointment.status.in_(sorted(OPEN_STATUSES)),
                        Appointment.ends_at > scope.now,
                    ),
                ),
            )
        )
        .all()
    )
    return _patient_facts(scope, [row for row in rows if row.id != scope.moving])


def _patient_facts(scope: Scope, rows: Iterable[Row[Any]]) -> PatientFacts:
    claims: list[facts.Claim] = []
    opened: Counter[bool] = Counter()
    days: defaultdict[bool, Counter[date]] = defaultdict(Counter)
    weeks: defaultdict[bool, Counter[tuple[int, int]]] = defaultdict(Counter)
    for row in rows:
        span = (row.starts_at, row.ends_at)
        claims.append(facts.Claim(*span, *span, row.id))
        day = local_date(row.starts_at, scope.zone)
        # Counted once under False for all types, and once more under True for this type.
        for is_same_type in {False, row.type_id == scope.type.id}:
            days[is_same_type][day] += 1
            weeks[is_same_type][week_of(day)] += 1
            if row.status in OPEN_STATUSES and row.ends_at > scope.now:
                opened[is_same_type] += 1
    return PatientFacts(
        claims=tuple(claims),
        open_total=opened[False],
        open_of_type=opened[True],
        by_day=days[False],
        by_day_of_type=days[True],
        by_week=weeks[False],
        by_week_of_type=weeks[True],
    )


def was_away(practitioner_id: int, period: Period) -> bool:
    """Whether the clinic was closed or the provider absent during a visit."""
    absent = select(TimeOff.id).where(
        TimeOff.practitioner_id == practitioner_id,
        TimeOff.starts_at < period.ends_at,
        TimeOff.ends_at > period.starts_at,
    )
    closed = select(Closure.id).where(
        Closure.is_active, Closure.starts_at < period.ends_at, Closure.ends_at > period.starts_at
    )
    return bool(session().scalar(select(or_(absent.exists(), closed.exists()))))
