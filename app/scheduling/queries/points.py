"""Points of missed visits, as patients read them (SCH-35)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from app.infra.db import session
from app.kernel.ids import PatientId
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling.models import Appointment, AppointmentType, NoShowPoint
from app.scheduling.rules.points import COUNTING, PointStatus, does_count

LISTED = 50


@dataclass(frozen=True, slots=True)
class PointView:
    """One missed visit and what became of its point."""

    id: int
    appointment_id: int
    patient_id: PatientId
    type_name: str
    starts_at: datetime
    given_at: datetime
    expires_at: datetime
    status: PointStatus
    objection: str
    contested_at: datetime | None
    decision: str
    decided_at: datetime | None

    def counts(self, now: datetime) -> bool:
        """Whether it still counts."""
        return does_count(self.status, expires_at=self.expires_at, now=now)


def points_of(patient_id: PatientId) -> list[PointView]:
    """A patient's points, the latest first."""
    rows = session().execute(
        _rows()
        .where(NoShowPoint.patient_id == patient_id)
        .order_by(NoShowPoint.given_at.desc(), NoShowPoint.id.desc())
        .limit(LISTED)
    )
    return [_view(dict(row._mapping)) for row in rows]


def points_that_count(patient_id: PatientId, *, now: datetime) -> int:
    """How many missed visits count against a patient now (SCH-35)."""
    statement = select(func.count()).where(
        NoShowPoint.patient_id == patient_id,
        NoShowPoint.expires_at > now,
        NoShowPoint.status.in_([status.value for status in sorted(COUNTING)]),
    )
    return session().scalar(statement) or 0


def _rows() -> Select[Any]:
    columns: tuple[Any, ...] = (
        NoShowPoint.id,
        NoShowPoint.appointment_id,
        NoShowPoint.patient_id,
        AppointmentType.name.label("type_name"),
        Appointment.starts_at,
        NoShowPoint.given_at,
        NoShowPoint.expires_at,
        NoShowPoint.status,
        NoShowPoint.objection,
        NoShowPoint.contested_at,
        NoShowPoint.decision,
        NoShowPoint.decided_at,
    )
    return (
        select(*columns)
        .join(Appointment, Appointment.id == NoShowPoint.appointment_id)
        .join(AppointmentType, AppointmentType.id == Appointment.type_id)
    )


def _view(values: dict[str, Any]) -> PointView:
    return PointView(**values | {"status": PointStatus(values["status"])})


def point_for_update(point_id: int) -> NoShowPoint | None:
    """The row itself, locked and fresh, for a use case that changes it."""
    return (
        session()
        .execute(
            select(NoShowPoint)
            .where(NoShowPoint.id == point_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        .scalar_one_or_none()
    )


@dataclass(frozen=True, slots=True)
class ListedPoint:
    """A point with the patient's name, for staff."""

    point: PointView
    patient: PatientCard


def listed_points(statuses: Sequence[PointStatus], *, page: int, size: int) -> list[ListedPoint]:
    """Points of everybody, the latest first; one more than `size` says that there are others."""
    rows = session().execute(
        _rows()
        .where(NoShowPoint.status.in_([status.value for status in statuses]))
        .order_by(NoShowPoint.id.desc())
        .limit(size + 1)
        .offset((page - 1) * size)
    )
    points = [_view(dict(row._mapping)) for row in rows]
    cards = patients.patients_by_ids({PatientId(point.patient_id) for point in points})
    return [ListedPoint(point, cards[point.patient_id]) for point in points]
