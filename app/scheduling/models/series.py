"""Visits that come back every week or month (SCH-32)."""

from datetime import date, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import Instant, Key
from app.infra.db import Base


class Series(Base):
    """The rule behind recurring visits. Editing the future ends it and starts a successor.

    `frequency` "weekly" repeats every `every` weeks; "monthly" on the same weekday of the month
    as `first_on` (such as the second Tuesday), every `every` months. `local_time` is wall time.
    """

    __tablename__ = "scheduling_series"
    __table_args__ = (
        CheckConstraint("frequency IN ('weekly', 'monthly')", name="frequency"),
        CheckConstraint("every BETWEEN 1 AND 12 AND count BETWEEN 1 AND 60", name="bounds"),
        CheckConstraint("status IN ('running', 'split', 'cancelled')", name="status"),
        Index("ix_scheduling_series_patient_id", "patient_id"),
    )

    id: Mapped[Key]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients_patient.id"))
    type_id: Mapped[int] = mapped_column(ForeignKey("scheduling_appointment_type.id"))
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("scheduling_practitioner.id"))
    frequency: Mapped[str] = mapped_column(String(10))
    every: Mapped[int] = mapped_column(SmallInteger)
    first_on: Mapped[date]
    local_time: Mapped[time]
    count: Mapped[int] = mapped_column(SmallInteger)
    status: Mapped[str] = mapped_column(String(10))
    predecessor_id: Mapped[int | None] = mapped_column(ForeignKey("scheduling_series.id"))
    created_at: Mapped[Instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
