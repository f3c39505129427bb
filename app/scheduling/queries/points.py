"""Points of missed visits, as patients read them (SCH-35)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.infra.db import session
from app.kernel.ids import PatientId
from app.scheduling.models import Appointment, AppointmentType, NoShowPoint
from app.scheduling.rules.points import PointStatus, does_count

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
        select(
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
        .join(Appointment, Appointment.id == NoShowPoint.appointment_id)
        .join(AppointmentType, AppointmentType.id == Appointment.type_id)
        .where(NoShowPoint.patient_id == patient_id)
        .order_by(NoShowPoint.given_at.desc(), NoShowPoint.id.desc())
        .limit(LISTED)
    )
    return [_view(dict(row._mapping)) for row in rows]


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
