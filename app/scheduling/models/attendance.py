"""Reminders, and the points of missed visits (SCH-30, SCH-35)."""

from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, Integer, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.infra.columns import BigKey, Instant
from app.infra.db import Base


class Reminder(Base):
    """A reminder that was sent. One per visit and lead time; a moved visit is a new one."""

    __tablename__ = "scheduling_reminder"

    appointment_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("scheduling_appointment.id"), primary_key=True
    )
    lead_minutes: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sent_at: Mapped[Instant]


class ReminderWish(Base):
    """How a patient wants to be reminded. Without `lead_minutes` as the type of visit says."""

    __tablename__ = "scheduling_reminder_wish"

    patient_id: Mapped[int] = mapped_column(ForeignKey("patients_patient.id"), primary_key=True)
    by_email: Mapped[bool] = mapped_column(server_default="true")
    in_app: Mapped[bool] = mapped_column(server_default="true")
    lead_minutes: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    changed_at: Mapped[Instant]


class NoShowPoint(Base):
    """One missed visit. It counts until it expires or is taken back; a patient may contest it."""

    __tablename__ = "scheduling_no_show_point"
    __table_args__ = (
        CheckConstraint(
            "status IN ('counted', 'contested', 'upheld', 'waived', 'void')", name="status"
        ),
        CheckConstraint("given_at < expires_at", name="expires"),
        CheckConstraint(
            "(status IN ('upheld', 'waived')) = (decided_at IS NOT NULL)", name="decided"
        ),
        Index("uq_scheduling_no_show_point_appointment_id", "appointment_id", unique=True),
        Index("ix_scheduling_no_show_point_patient_id", "patient_id", "expires_at"),
        Index("ix_scheduling_no_show_point_status", "status", "id"),
    )

    id: Mapped[BigKey]
    appointment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("scheduling_appointment.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients_patient.id"))
    given_at: Mapped[Instant]
    expires_at: Mapped[Instant]
    status: Mapped[str] = mapped_column(String(10))
    objection: Mapped[str] = mapped_column(Text, server_default="")
    contested_at: Mapped[Instant | None]
    decision: Mapped[str] = mapped_column(Text, server_default="")
    decided_at: Mapped[Instant | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))

    # Named by text, because the tables are private to their files; lists show the names.
    appointment: Mapped[Any] = relationship("Appointment", viewonly=True)
    patient: Mapped[Any] = relationship("Patient", viewonly=True)
