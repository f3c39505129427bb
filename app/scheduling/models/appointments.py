"""Visits that were booked, and what happened to them."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.infra.columns import BigKey, Instant
from app.infra.db import Base
from app.scheduling.models.catalogue import AppointmentType, Practitioner

STATUSES = (
    "pending",
    "confirmed",
    "checked-in",
    "in-progress",
    "completed",
    "no-show",
    "left",
    "cancelled",
    "declined",
    "rescheduled",
    "entered-in-error",
)
STATUS_CHECK = "status IN (" + ", ".join(f"'{status}'" for status in STATUSES) + ")"


class Appointment(Base):
    """A visit that was booked. It is never deleted; its status changes (SCH-07).

    `place` names the rooms and equipment that it claims; `attendance_confirmed_at` is when the
    patient said, from a reminder, that they will come; `is_late_entry` says that what became of
    it was entered later from a paper form.
    """

    __tablename__ = "scheduling_appointment"
    __table_args__ = (
        CheckConstraint(STATUS_CHECK, name="status"),
        CheckConstraint("starts_at < ends_at", name="not_empty"),
        CheckConstraint("ends_at <= starts_at + interval '24 hours'", name="at_most_a_day"),
        CheckConstraint("version > 0 AND sequence >= 0", name="counters"),
        CheckConstraint(
            "(status = 'rescheduled') = (successor_id IS NOT NULL) OR status = 'entered-in-error'",
            name="successor",
        ),
        CheckConstraint("(series_id IS NULL) = (series_number IS NULL)", name="series"),
        Index("ix_scheduling_appointment_starts_at", "starts_at", "id"),
        Index("ix_scheduling_appointment_practitioner_id", "practitioner_id", "starts_at"),
        Index("ix_scheduling_appointment_patient_id", "patient_id", "starts_at"),
        Index("ix_scheduling_appointment_status", "status", "starts_at"),
        Index("ix_scheduling_appointment_booked", "practitioner_id", "created_at"),
        Index(
            "ix_scheduling_appointment_needs_rebooking",
            "starts_at",
            postgresql_where=text("needs_rebooking"),
        ),
        Index(
            "ix_scheduling_appointment_series_id",
            "series_id",
            "series_number",
            postgresql_where=text("series_id IS NOT NULL"),
        ),
    )

    id: Mapped[BigKey]
    uid: Mapped[str] = mapped_column(String(64))
    type_id: Mapped[int] = mapped_column(ForeignKey("scheduling_appointment_type.id"))
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("scheduling_practitioner.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients_patient.id"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    campus: Mapped[str] = mapped_column(String(60), server_default="")
    status: Mapped[str] = mapped_column(String(20))
    status_since: Mapped[Instant]
    reason: Mapped[str] = mapped_column(Text, server_default="")
    ended_reason: Mapped[str] = mapped_column(Text, server_default="")
    is_late_cancellation: Mapped[bool] = mapped_column(server_default="false")
    needs_rebooking: Mapped[bool] = mapped_column(server_default="false")
    is_late_entry: Mapped[bool] = mapped_column(server_default="false")
    override_reason: Mapped[str] = mapped_column(Text, server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    sequence: Mapped[int] = mapped_column(server_default="0")
    successor_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("scheduling_appointment.id")
    )
    series_id: Mapped[int | None] = mapped_column(ForeignKey("scheduling_series.id"))
    series_number: Mapped[int | None]
    place: Mapped[str] = mapped_column(String(160), server_default="")
    attendance_confirmed_at: Mapped[Instant | None]
    booked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    channel: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[Instant]

    type: Mapped[AppointmentType] = relationship()
    practitioner: Mapped[Practitioner] = relationship()
    # Named by text: the table is private to its domain, and lists show the patient's name.
    patient: Mapped[Any] = relationship("Patient", viewonly=True)


class AppointmentEvent(Base):
    """One thing that happened to an appointment. Added, never changed (SCH-07)."""

    __tablename__ = "scheduling_appointment_event"
    __table_args__ = (
        CheckConstraint(f"to_{STATUS_CHECK}", name="to_status"),
        Index("ix_scheduling_appointment_event_appointment_id", "appointment_id", "id"),
    )

    id: Mapped[BigKey]
    appointment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("scheduling_appointment.id"))
    at: Mapped[Instant]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str] = mapped_column(String(160))
    actor_role: Mapped[str] = mapped_column(String(200))
    channel: Mapped[str] = mapped_column(String(10))
    on_behalf: Mapped[bool] = mapped_column(server_default="false")
    from_status: Mapped[str | None] = mapped_column(String(20))
    to_status: Mapped[str] = mapped_column(String(20))
    reason: Mapped[str] = mapped_column(Text, server_default="")
    starts_at: Mapped[Instant]
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'::jsonb"))
