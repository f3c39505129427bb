"""Absences of providers with what became of each visit, and what patients hold (SCH-34)."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.infra.db import session
from app.kernel.ids import AppointmentId, PractitionerId
from app.kernel.period import Period
from app.scheduling.models import Claim, Outage, OutageItem, Practitioner
from app.scheduling.queries import appointments
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.facts import LONGEST_HOLD, PATIENT
from app.scheduling.rules import AppointmentStatus, facts


@dataclass(frozen=True, slots=True)
class OutageRow:
    """An absence as a list shows it."""

    id: int
    provider: str
    provider_name: str
    practitioner_id: PractitionerId
    starts_at: datetime
    ends_at: datetime
    reason: str
    status: str
    time_off_id: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ItemView:
    """One visit of an absence: where it was, where it is now, and the outcome of the call.

    With `planned_at` it is still on its way to that time.
    """

    id: int
    outcome: str
    visit: AppointmentView
    successor: AppointmentView | None
    called_at: datetime | None
    note: str
    planned_at: datetime | None


@dataclass(frozen=True, slots=True)
class PlannedMove:
    """Where a visit of an absence shall still go. `provider` is the university ID."""

    item_id: int
    appointment_id: AppointmentId
    successor_id: AppointmentId | None
    starts_at: datetime
    provider: str


def overlapping(
    practitioner_id: PractitionerId, period: Period, statuses: Collection[AppointmentStatus]
) -> list[AppointmentView]:
    """The visits of a provider that share time with the period, by start."""
    around = Period(period.starts_at - LONGEST_HOLD, period.ends_at)
    found = appointments.appointments_between(
        around, practitioner_ids=[practitioner_id], statuses=sorted(statuses)
    )
    return [visit for visit in found if visit.ends_at > period.starts_at]


def claims_of_patients(
    patient_ids: Collection[int], period: Period
) -> dict[int, tuple[facts.Claim, ...]]:
    """What these patients hold in the period, in one statement."""
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
            Claim.resource_kind == PATIENT,
            Claim.resource_id.in_(list(patient_ids)),
            Claim.starts_at < period.ends_at,
            Claim.ends_at > period.starts_at,
        )
    )
    held: defaultdict[int, list[facts.Claim]] = defaultdict(list)
    for row in rows:
        held[row.resource_id].append(facts.Claim(*row[1:]))
    return {patient_id: tuple(claims) for patient_id, claims in held.items()}


_ROWS: Any = select(
    Outage.id,
    Practitioner.university_id,
    Practitioner.name,
    Outage.practitioner_id,
    Outage.starts_at,
    Outage.ends_at,
    Outage.reason,
    Outage.status,
    Outage.time_off_id,
    Outage.created_at,
).join(Practitioner, Practitioner.id == Outage.practitioner_id)


def outage(outage_id: int) -> OutageRow | None:
    """One absence."""
    row = session().execute(_ROWS.where(Outage.id == outage_id)).one_or_none()
    return OutageRow(*row) if row else None


def recent_outages(*, limit: int = 50) -> list[OutageRow]:
    """The latest absences first."""
    rows = session().execute(_ROWS.order_by(Outage.id.desc()).limit(limit))
    return [OutageRow(*row) for row in rows]


def applied_before(
    practitioner_id: PractitionerId, period: Period, *, since: datetime
) -> int | None:
    """The same absence, entered a moment ago by a second tap or a second person."""
    return session().scalar(
        select(Outage.id)
        .where(
            Outage.practitioner_id == practitioner_id,
            Outage.starts_at == period.starts_at,
            Outage.ends_at == period.ends_at,
            Outage.status == "applied",
            Outage.created_at >= since,
        )
        .limit(1)
    )


def items_of(outage_id: int) -> list[ItemView]:
    """The visits of an absence by their old time: two statements for any number."""
    rows = (
        session()
        .execute(
            select(
                OutageItem.id,
                OutageItem.outcome,
                OutageItem.appointment_id,
                OutageItem.successor_id,
                OutageItem.called_at,
                OutageItem.note,
                OutageItem.planned_at,
            ).where(OutageItem.outage_id == outage_id)
        )
        .all()
    )
    keys = {row.appointment_id for row in rows} | {row.successor_id for row in rows}
    views = appointments.appointments_by_ids({AppointmentId(key) for key in keys if key})
    items = [
        ItemView(
            row.id,
            row.outcome,
            views[row.appointment_id],
            views.get(row.successor_id),
            row.called_at,
            row.note,
            row.planned_at,
        )
        for row in rows
    ]
    return sorted(items, key=lambda item: (item.visit.starts_at, item.id))


_PLANNED: Any = select(
    OutageItem.id,
    OutageItem.appointment_id,
    OutageItem.successor_id,
    OutageItem.planned_at,
    OutageItem.planned_provider,
).where(OutageItem.planned_at.is_not(None))


def planned_items(outage_id: int) -> list[int]:
    """The lines of visits that are still to be moved, by their old order."""
    rows = session().execute(
        _PLANNED.where(OutageItem.outage_id == outage_id).order_by(OutageItem.id)
    )
    return [row.id for row in rows]


def locked_plan(item_id: int) -> PlannedMove | None:
    """Where the visit shall go, which nobody else moves until the transaction ends.

    None when it was moved, or left to be called, already.
    """
    row = session().execute(_PLANNED.where(OutageItem.id == item_id).with_for_update()).first()
    return PlannedMove(*row) if row else None
