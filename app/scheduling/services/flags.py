"""Flags visits that a changed schedule no longer covers; nothing is lost (SCH-19)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update

from app.infra.db import Transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.clock import local_date
from app.kernel.ids import PractitionerId
from app.kernel.period import Period
from app.scheduling.models import Appointment, Practitioner
from app.scheduling.queries.facts import provider_schedules
from app.scheduling.queries.resources import lost_its_provider_or_room
from app.scheduling.rules import OPEN, opening

OPEN_STATUSES = sorted(status.value for status in OPEN)
# Visits are looked at in stretches, so that a far horizon costs time but not memory.
STRETCH = timedelta(days=62)


def flag_affected(
    tx: Transaction, *, practitioner_ids: Sequence[PractitionerId] | None = None
) -> int:
    """Flag open visits to come that lie outside opening hours, and unflag those that fit again.

    Returns how many are flagged now among the looked-at providers (all when None).
    """
    now = clock.now()
    zone = settings().time_zone
    rows = _open_visits(tx, practitioner_ids)
    fits: dict[int, bool] = {}
    last = max((local_date(row.starts_at, zone) for row in rows), default=None)
    first = local_date(now, zone)
    while last is not None and first <= last:
        fits |= _fitting(rows, first, min(first + STRETCH, last))
        first += STRETCH + timedelta(days=1)
    flagged = [row.id for row in rows if not fits.get(row.id, False)]
    for ids, is_flagged in ((flagged, True), ([i for i, ok in fits.items() if ok], False)):
        tx.execute(
            update(Appointment)
            .where(Appointment.id.in_(ids), Appointment.needs_rebooking != is_flagged)
            .values(needs_rebooking=is_flagged, version=Appointment.version + 1)
            .execution_options(synchronize_session=False)
        )
    return len(flagged)


def _open_visits(
    tx: Transaction, practitioner_ids: Sequence[PractitionerId] | None
) -> Sequence[Any]:
    statement = (
        select(
            Appointment.id,
            Appointment.practitioner_id,
            Appointment.starts_at,
            Appointment.ends_at,
            Practitioner.is_active,
            lost_its_provider_or_room().label("is_lost"),
        )
        .join(Practitioner, Practitioner.id == Appointment.practitioner_id)
        .where(Appointment.status.in_(OPEN_STATUSES), Appointment.starts_at >= clock.now())
    )
    if practitioner_ids is not None:
        statement = statement.where(Appointment.practitioner_id.in_(practitioner_ids))
    rows: Sequence[Any] = tx.execute(statement).all()
    return rows


def _fitting(rows: Sequence[Any], first: date, last: date) -> dict[int, bool]:
    """Whether each visit of these days lies inside the opening hours of a provider who still
    sees patients (SCH-14)."""
    zone = settings().time_zone
    ids = sorted({row.practitioner_id for row in rows})
    providers, closures = provider_schedules(ids, first=first, last=last, zone=zone)
    open_times = {
        provider.practitioner_id: opening(provider, closures, first, last, zone)
        for provider in providers
    }
    return {
        row.id: row.is_active
        and not row.is_lost
        and any(
            span.contains(Period(row.starts_at, row.ends_at))
            for span in open_times.get(row.practitioner_id, [])
        )
        for row in rows
        if first <= local_date(row.starts_at, zone) <= last
    }
