"""Everything that the front desk needs on paper when the computers are down, for one day.

Names, numbers, times and telephone only: no reason of a visit and no answer to a question is
here, because paper lies about (SEC-01, SEC-03).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from app.kernel.clock import clinic_day
from app.kernel.period import Period
from app.scheduling.queries import appointments, resources, schedules, sessions, walk_ins
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.resources import BlockRow
from app.scheduling.queries.schedules import ClosureRow
from app.scheduling.queries.sessions import SeatView, SessionView
from app.scheduling.rules import AppointmentStatus
from app.visits import rules
from app.visits.queries import visits
from app.visits.queries.visits import VisitView

EXPECTED = (
    AppointmentStatus.PENDING,
    AppointmentStatus.CONFIRMED,
    AppointmentStatus.CHECKED_IN,
    AppointmentStatus.IN_PROGRESS,
)


@dataclass(frozen=True, slots=True)
class ProviderList:
    """The appointments of one provider in one clinic, by time."""

    campus: str
    provider: str
    appointments: list[AppointmentView]


@dataclass(frozen=True, slots=True)
class DaySheet:
    """One day on paper. `absent` is who, from, until."""

    on_date: date
    made_at: datetime
    lists: list[ProviderList]
    present: list[VisitView]
    sessions: list[tuple[SessionView, list[SeatView]]]
    closures: list[ClosureRow]
    absent: list[tuple[str, datetime, datetime]]
    blocks: list[BlockRow]
    services: list[str]


def day_sheet(on_date: date, *, now: datetime, zone: ZoneInfo) -> DaySheet:
    """The day as the database knows it now; three more statements for each group session."""
    day = clinic_day(on_date, zone)
    expected = appointments.appointments_between(day, statuses=EXPECTED)
    gatherings = sessions.sessions_between(day.starts_at, day.ends_at, with_cancelled=False)
    return DaySheet(
        on_date=on_date,
        made_at=now,
        lists=provider_lists(expected),
        present=visits.visits_of_day(on_date, statuses=rules.IS_HERE),
        sessions=[(one, sessions.seats_of(one.id)) for one in gatherings],
        closures=schedules.closures(since=day.starts_at, until=day.ends_at),
        absent=schedules.absent_between(day.starts_at, day.ends_at),
        blocks=_blocks(day),
        services=[one.name for one in walk_ins.queue_services() if one.is_active],
    )


def _blocks(day: Period) -> list[BlockRow]:
    found = resources.blocks(since=day.starts_at)
    return [one for one in found if one.starts_at < day.ends_at]


def provider_lists(those: Sequence[AppointmentView]) -> list[ProviderList]:
    """By clinic, then by provider; the appointments come in by time and stay so."""
    lists: dict[tuple[str, str], list[AppointmentView]] = {}
    for one in those:
        lists.setdefault((one.campus, one.provider_name), []).append(one)
    return [ProviderList(*key, lists[key]) for key in sorted(lists)]


def working_hours(on_date: date) -> list[tuple[time, time]]:
    """The weekly hours of all providers that hold on this day."""
    return [
        (row.starts, row.ends)
        for rows in schedules.hours_of_everybody().values()
        for row in rows
        if row.weekday == on_date.weekday()
    ]
