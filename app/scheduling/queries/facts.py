"""Loads the facts of one question about free time: at most three statements, however long the
window and however many providers (SCH-10 to SCH-17); one when schedules are remembered."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from app.infra.db import plain, session
from app.infra.remembered import Remembered
from app.kernel.clock import clinic_days, local_date
from app.kernel.ids import AppointmentId, PatientId
from app.kernel.period import Period
from app.scheduling.queries import statements
from app.scheduling.queries.types import BookableType, Provider, needs_under
from app.scheduling.rules import (
    HOLDS_TIME,
    OPEN,
    PatientFacts,
    PatientLimits,
    PointsPolicy,
    ProviderFacts,
    Question,
    facts,
    week_of,
)

PROVIDER, PATIENT, ROOM, EQUIPMENT = 1, 2, 3, 4
# No visit lasts longer than a day and no buffer longer than four hours (constraints).
LONGEST_HOLD = timedelta(hours=28)
A_DAY = timedelta(days=1)
HOLDING = sorted(status.value for status in HOLDS_TIME)
OPEN_STATUSES = sorted(status.value for status in OPEN)

_schedules_known = Remembered()


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
    providers: tuple[Provider, ...]
    first: date
    last: date
    now: datetime
    zone: ZoneInfo
    limits: PatientLimits
    patient_id: PatientId | None = None
    duration: timedelta | None = None
    moving: AppointmentId | None = None
    with_last_booked: bool = False
    points_policy: PointsPolicy | None = None

    @property
    def days(self) -> Window:
        """The days that are asked about."""
        return Window(self.first, self.last, self.zone)


@dataclass(slots=True)
class _Schedule:
    """One provider's facts while they are gathered."""

    weekly: list[facts.WeeklyHours] = field(default_factory=list)
    overrides: dict[date, list[tuple[time, time]]] = field(default_factory=dict)
    time_off: list[Period] = field(default_factory=list)


def load_question(scope: Scope) -> Question:
    """Every fact that decides which times of the scope are free."""
    stamp, claims, visits, shared = _taken(scope)
    ids = tuple(one.id for one in scope.providers)
    schedules, closures = _schedules_known.answer(
        stamp, (ids, scope.days), lambda: _schedules(ids, scope.days)
    )
    booked = _last_booked(scope) if scope.with_last_booked else {}
    return Question(
        policy=scope.type.policy,
        providers=tuple(
            _provider_facts(
                one, schedules[one.id], claims[PROVIDER, one.id], booked.get(one.id), scope
            )
            for one in scope.providers
        ),
        needs=_needs(needs_under(scope.type, stamp), claims),
        first=scope.first,
        last=scope.last,
        now=scope.now,
        zone=scope.zone,
        closures=tuple(closures),
        patient=_patient_facts(scope, visits, shared) if scope.patient_id is not None else None,
        patient_limits=scope.limits,
        duration=scope.duration,
        ignore_appointment_id=scope.moving,
        points_policy=scope.points_policy,
    )


def _needs(
    needs: Sequence[facts.Need], claims: Mapping[tuple[int, int], list[facts.Claim]]
) -> tuple[facts.Need, ...]:
    """The needs of the type with what is claimed of each resource (SCH-01)."""
    return tuple(
        replace(
            need,
            resources=tuple(
                replace(one, claims=tuple(claims.get((one.kind, one.resource_id), ())))
                for one in need.resources
            ),
        )
        for need in needs
    )


def provider_schedules(
    practitioner_ids: Sequence[int], *, first: date, last: date, zone: ZoneInfo
) -> tuple[list[ProviderFacts], list[facts.Closure]]:
    """Hours, overrides and time off of some providers, active or not, and the closures."""
    schedules, closures = _schedules(practitioner_ids, Window(first, last, zone))
    providers = [
        ProviderFacts(
            practitioner_id=practitioner_id,
            key="",
            weekly=tuple(schedule.weekly),
            overrides=_overrides(schedule),
            time_off=tuple(schedule.time_off),
        )
        for practitioner_id, schedule in schedules.items()
    ]
    return providers, closures


def _provider_facts(
    provider: Provider,
    schedule: _Schedule,
    claims: list[facts.Claim],
    last_booked_at: datetime | None,
    scope: Scope,
) -> ProviderFacts:
    return ProviderFacts(
        practitioner_id=provider.id,
        key=provider.university_id,
        weekly=tuple(schedule.weekly),
        overrides=_overrides(schedule),
        time_off=tuple(schedule.time_off),
        claims=tuple(claims),
        max_per_day=provider.max_per_day,
        preferred_room_id=provider.preferred_room_id,
        booked_by_day=Counter(
            local_date(claim.starts_at, scope.zone)
            for claim in claims
            if claim.appointment_id is None or claim.appointment_id != scope.moving
        ),
        last_booked_at=last_booked_at,
    )


def _overrides(schedule: _Schedule) -> tuple[facts.DateOverride, ...]:
    return tuple(facts.DateOverride(on, tuple(spans)) for on, spans in schedule.overrides.items())


def _schedules(
    practitioner_ids: Sequence[int], window: Window
) -> tuple[dict[int, _Schedule], list[facts.Closure]]:
    """Everything about opening hours in one statement."""
    # Spans may run past midnight and visits past the window: one day more on each side.
    first, last = window.first - A_DAY, window.last + A_DAY
    reach = clinic_days(first, last, window.zone)
    schedules = {practitioner_id: _Schedule() for practitioner_id in practitioner_ids}
    closures: list[facts.Closure] = []
    for row in session().execute(
        statements.SCHEDULES,
        {
            "ids": list(practitioner_ids),
            "first": first,
            "last": last,
            "since": reach.starts_at,
            "until": reach.ends_at,
        },
    ):
        if row.kind == "closure":
            closures.append(facts.Closure(Period(row.starts_at, row.ends_at), row.label))
        else:
            _add(schedules[row.practitioner_id], row)
    return schedules, closures


def _add(schedule: _Schedule, row: Row[Any]) -> None:
    if row.kind == "time off":
        schedule.time_off.append(Period(row.starts_at, row.ends_at))
    elif row.kind == "weekly":
        schedule.weekly.append(
            facts.WeeklyHours(
                row.weekday, row.starts, row.ends, row.first_on, row.last_on, row.label
            )
        )
    else:
        # An override without times is a day off: the date is named, with no span (SCH-11).
        spans = schedule.overrides.setdefault(row.first_on, [])
        if row.starts is not None:
            spans.append((row.starts, row.ends))


def _taken(
    scope: Scope,
) -> tuple[str, Mapping[tuple[int, int], list[facts.Claim]], list[Row[Any]], Row[Any]]:
    """The stamp of the schedules, the claims of each provider, room and piece of equipment by
    kind and key, the patient's visits, and a row with the points of those that they missed and
    what is kept for them."""
    window = scope.days.period
    around = clinic_days(scope.first - 8 * A_DAY, scope.last + 8 * A_DAY, scope.zone)
    values = {
        "ids": [one.id for one in scope.providers],
        "resources": list(scope.type.resource_ids),
        "since": window.starts_at - LONGEST_HOLD,
        "until": window.ends_at + LONGEST_HOLD,
        "patient_id": scope.patient_id,
        "holding": HOLDING,
        "open": OPEN_STATUSES,
        "weeks_since": around.starts_at,
        "weeks_until": around.ends_at,
        "now": scope.now,
    }
    rows = plain(statements.TAKEN, values).all()
    claims: defaultdict[tuple[int, int], list[facts.Claim]] = defaultdict(list)
    visits: list[Row[Any]] = []
    for row in rows:
        _, kind, key, appointment_id, starts_at, ends_at, held_from, held_until, *_ = row
        if kind is not None:
            claims[kind, key].append(
                facts.Claim(starts_at, ends_at, held_from, held_until, appointment_id)
            )
        elif starts_at is not None and (appointment_id is None or appointment_id != scope.moving):
            visits.append(row)
    return rows[0].stamp, claims, visits, rows[0]


def _last_booked(scope: Scope) -> dict[int, datetime]:
    ids = [one.id for one in scope.providers]
    rows = plain(statements.LAST_BOOKED, {"ids": ids})
    return {row.id: row.booked_at for row in rows if row.booked_at is not None}


def _patient_facts(scope: Scope, rows: Iterable[Row[Any]], shared: Row[Any]) -> PatientFacts:
    claims: list[facts.Claim] = []
    opened: Counter[bool] = Counter()
    days: defaultdict[bool, Counter[date]] = defaultdict(Counter)
    weeks: defaultdict[bool, Counter[tuple[int, int]]] = defaultdict(Counter)
    for row in rows:
        span = (row.starts_at, row.ends_at)
        claims.append(facts.Claim(*span, *span, row.appointment_id))
        if row.appointment_id is None:
            continue  # a seat in a group session holds time, but limits count visits
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
        points=shared.points,
        hold_id=shared.hold_id,
    )


def was_away(practitioner_id: int, period: Period) -> bool:
    """Whether the clinic was closed or the provider absent during a visit."""
    return bool(
        session().scalar(
            statements.WAS_AWAY,
            {
                "practitioner_id": practitioner_id,
                "since": period.starts_at,
                "until": period.ends_at,
            },
        )
    )
