"""The scheduling report: how booked, how busy, how punctual. Eight statements, however long."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from app.analytics.queries import statements
from app.analytics.rules import LEAD_BUCKETS, WEEKDAYS, Outcomes, utilisation
from app.infra.db import session
from app.kernel.clock import clinic_days
from app.kernel.period import Period, merged
from app.scheduling.queries import calendar, schedules

PROVIDER = 1
# No visit is longer than a day, so a claim that reaches into the range began after this.
REACH = timedelta(days=1)
LEADS = dict(zip((0, 1, 3, 7, 14, 28), (name for name, _ in LEAD_BUCKETS), strict=True))


@dataclass(frozen=True, slots=True)
class Group:
    """One line of a table: a type, a provider, a weekday or a lead time."""

    name: str
    outcomes: Outcomes


@dataclass(frozen=True, slots=True)
class Use:
    """How much of its open time somebody or something was held. Minutes."""

    name: str
    kind: str
    held: float
    open: float

    @property
    def share(self) -> float | None:
        """Held over open time; None when never open."""
        return utilisation(self.held, self.open)


@dataclass(frozen=True, slots=True)
class Wait:
    """Waiting and treatment times of a service, in minutes; medians, and the longest tenth.

    Late entries from paper are counted, but their rounded times are not: None without others.
    """

    name: str
    visits: int
    walk_ins: int
    late_entries: int
    median_wait: float | None
    long_wait: float | None
    median_length: float | None


@dataclass(frozen=True, slots=True)
class SchedulingReport:
    """Everything that the page shows and the files hold."""

    first: date
    last: date
    total: Outcomes
    by_type: list[Group]
    by_provider: list[Group]
    by_weekday: list[Group]
    by_lead: list[Group]
    heat: dict[tuple[int, int], int]
    use: list[Use]
    waits: list[Wait]

    @property
    def hours(self) -> list[int]:
        """The hours of the day that the heat map needs, without gaps."""
        found = [hour for _, hour in self.heat]
        return list(range(min(found), max(found) + 1)) if found else []

    @property
    def hottest(self) -> int:
        """The fullest hour, at least 1, to scale colours by."""
        return max(self.heat.values(), default=1)


def scheduling_report(first: date, last: date, zone: ZoneInfo) -> SchedulingReport:
    """The report of clinic days, both included."""
    window = clinic_days(first, last, zone)
    values = {"since": window.starts_at, "until": window.ends_at, "zone": zone.key}
    rows = session().execute(statements.OUTCOMES, values).all()
    heat = session().execute(statements.HEAT, values).all()
    waits = session().execute(statements.WAITS, {"first": first, "last": last}).all()
    whole = [row for row in rows if _is_whole(row)]
    return SchedulingReport(
        first=first,
        last=last,
        total=_outcomes(whole[0]) if whole else Outcomes(),
        by_type=[Group(row.type, _outcomes(row)) for row in rows if row.type is not None],
        by_provider=[
            Group(row.provider, _outcomes(row)) for row in rows if row.provider is not None
        ],
        by_weekday=[
            Group(WEEKDAYS[row.weekday], _outcomes(row)) for row in rows if row.weekday is not None
        ],
        by_lead=[Group(LEADS[row.lead], _outcomes(row)) for row in rows if row.lead is not None],
        heat={(row.weekday, row.hour): row.visits for row in heat},
        use=_use(window, first, last, zone),
        waits=[_wait(row) for row in waits],
    )


def _is_whole(row: Row[Any]) -> bool:
    return row.type is row.provider is row.weekday is row.lead is None


def _outcomes(row: Row[Any]) -> Outcomes:
    return Outcomes(row.kept, row.missed, row.left, row.cancelled, row.late, row.ahead)


def _wait(row: Row[Any]) -> Wait:
    return Wait(
        row.type,
        row.visits,
        row.walk_ins,
        row.late_entries,
        _duration(row.median_wait),
        _duration(row.long_wait),
        _duration(row.median_length),
    )


def _duration(minutes: float | None) -> float | None:
    return None if minutes is None else max(0.0, float(minutes))


def _use(window: Period, first: date, last: date, zone: ZoneInfo) -> list[Use]:
    """Providers by their own hours; rooms and equipment by those of the whole clinic."""
    cards = schedules.practitioners()
    open_times, _ = calendar.open_times([card.id for card in cards], first, last, zone)
    held = _held(window)
    uses = [
        Use(
            card.name,
            "provider",
            held.get((PROVIDER, card.id), 0.0),
            _minutes([one.period for one in open_times if one.practitioner_id == card.id]),
        )
        for card in cards
    ]
    clinic_open = _minutes([one.period for one in open_times])
    return uses + [
        Use(
            row.name,
            "room" if row.kind == 3 else "equipment",
            held.get((row.kind, row.id), 0.0),
            clinic_open,
        )
        for row in session().execute(statements.RESOURCES)
    ]


def _held(window: Period) -> Mapping[tuple[int, int], float]:
    values = {
        "since": window.starts_at,
        "until": window.ends_at,
        "reach": window.starts_at - REACH,
    }
    rows = session().execute(statements.HELD, values)
    return {(row.resource_kind, row.resource_id): float(row.minutes) for row in rows}


def _minutes(periods: list[Period]) -> float:
    return sum(period.lasts_for / timedelta(minutes=1) for period in merged(periods))
