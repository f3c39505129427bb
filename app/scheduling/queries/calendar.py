"""Days of providers: when they are open, when they are busy, and with whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.infra.db import session
from app.kernel.clock import clinic_days, local_date
from app.kernel.ids import PractitionerId
from app.kernel.period import Period, merged
from app.scheduling.models import Claim
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.facts import PROVIDER, provider_schedules
from app.scheduling.rules import Closure, opening_by_day

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class ProviderDay:
    """One civil day of a provider. `busy` says when, never with whom."""

    on: date
    open: tuple[Period, ...]
    busy: tuple[Period, ...]
    appointments: tuple[AppointmentView, ...] = ()


@dataclass(frozen=True, slots=True)
class OpenTime:
    """Opening hours of one provider, for the background of a calendar."""

    practitioner_id: PractitionerId
    period: Period


def busy_times(
    practitioner_id: PractitionerId, first: date, last: date, zone: ZoneInfo
) -> dict[date, list[Period]]:
    """When a provider is with patients, by the civil day of the start; neighbours are merged."""
    window = clinic_days(first, last, zone)
    rows = session().execute(
        select(Claim.starts_at, Claim.ends_at)
        .where(
            Claim.active,
            Claim.resource_kind == PROVIDER,
            Claim.resource_id == practitioner_id,
            Claim.starts_at >= window.starts_at,
            Claim.starts_at < window.ends_at,
        )
        .order_by(Claim.starts_at)
    )
    by_day: dict[date, list[Period]] = {}
    for starts_at, ends_at in rows:
        by_day.setdefault(local_date(starts_at, zone), []).append(Period(starts_at, ends_at))
    return {day: merged(periods) for day, periods in by_day.items()}


def provider_days(
    practitioner_id: PractitionerId,
    first: date,
    last: date,
    zone: ZoneInfo,
    appointments: Sequence[AppointmentView] = (),
) -> list[ProviderDay]:
    """Every day of the window, both ends included, in three statements."""
    providers, closures = provider_schedules([practitioner_id], first=first, last=last, zone=zone)
    open_times = opening_by_day(providers[0], closures, first, last, zone)
    busy = busy_times(practitioner_id, first, last, zone)
    visits: dict[date, list[AppointmentView]] = {}
    for visit in appointments:
        visits.setdefault(local_date(visit.starts_at, zone), []).append(visit)
    days = [first + A_DAY * i for i in range((last - first).days + 1)]
    return [
        ProviderDay(
            day, tuple(open_times[day]), tuple(busy.get(day, ())), tuple(visits.get(day, ()))
        )
        for day in days
    ]


def open_times(
    practitioner_ids: Sequence[PractitionerId], first: date, last: date, zone: ZoneInfo
) -> tuple[list[OpenTime], list[Closure]]:
    """Opening hours of several providers and the clinic's closures, in two statements."""
    providers, closures = provider_schedules(practitioner_ids, first=first, last=last, zone=zone)
    return [
        OpenTime(PractitionerId(provider.practitioner_id), period)
        for provider in providers
        for periods in opening_by_day(provider, closures, first, last, zone).values()
        for period in periods
    ], closures
