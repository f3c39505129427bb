"""Tables of scheduling. Every invariant of the rules is a constraint here too.

FHIR names: HealthcareService is our appointment type, PractitionerRole our practitioner,
Schedule the weekly hours with their overrides and absences, Appointment the appointment.
"""

from datetime import date, time
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, ExcludeConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.infra.columns import BigKey, Instant, Key
from app.infra.db import Base

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


class AppointmentType(Base):
    """A kind of visit and how it is booked (SCH-13). Times are whole minutes."""

    __tablename__ = "scheduling_appointment_type"
    __table_args__ = (
        Index("uq_scheduling_appointment_type_code", text("lower(code)"), unique=True),
        CheckConstraint("duration_minutes BETWEEN 5 AND 720", name="duration"),
        CheckConstraint("step_minutes BETWEEN 5 AND 720", name="step"),
        CheckConstraint(
            "buffer_before_minutes BETWEEN 0 AND 240 AND buffer_after_minutes BETWEEN 0 AND 240",
            name="buffers",
        ),
        CheckConstraint(
            "notice_minutes >= 0 AND horizon_days >= 0 AND cancel_cutoff_minutes >= 0",
            name="not_negative",
        ),
    )

    id: Mapped[Key]
    code: Mapped[str] = mapped_column(String(40))
    name: Mapped[str] = mapped_column(String(80))
    description: Mapped[str] = mapped_column(String(300), server_default="")
    duration_minutes: Mapped[int]
    step_minutes: Mapped[int]
    buffer_before_minutes: Mapped[int] = mapped_column(server_default="0")
    buffer_after_minutes: Mapped[int] = mapped_column(server_default="0")
    notice_minutes: Mapped[int] = mapped_column(server_default="60")
    horizon_days: Mapped[int] = mapped_column(server_default="60")
    cancel_cutoff_minutes: Mapped[int] = mapped_column(server_default="120")
    needs_approval: Mapped[bool] = mapped_column(server_default="false")
    provider_kinds: Mapped[list[str]] = mapped_column(ARRAY(String(20)))
    bookable_by: Mapped[list[str]] = mapped_column(ARRAY(String(64)))
    max_open: Mapped[int | None]
    max_per_day: Mapped[int | None]
    max_per_week: Mapped[int | None]
    colour: Mapped[str] = mapped_column(String(7), server_default="#2563eb")
    position: Mapped[int] = mapped_column(server_default="0")
    is_active: Mapped[bool] = mapped_column(server_default="true")

    def __repr__(self) -> str:
        return self.name


class Practitioner(Base):
    """Somebody who sees patients. The name is kept here for lists and printed pages."""

    __tablename__ = "scheduling_practitioner"
    __table_args__ = (
        UniqueConstraint("user_id"),
        Index(
            "uq_scheduling_practitioner_university_id", text("lower(university_id)"), unique=True
        ),
        CheckConstraint("kind IN ('physician','dentist','nurse','counsellor')", name="kind"),
        CheckConstraint("max_per_day IS NULL OR max_per_day > 0", name="max_per_day"),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    university_id: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(160))
    kind: Mapped[str] = mapped_column(String(20))
    max_per_day: Mapped[int | None]
    is_active: Mapped[bool] = mapped_column(server_default="true")

    def __repr__(self) -> str:
        return self.name


class WeeklyHours(Base):
    """A span of one weekday in wall time; an end not after the start is on the next day."""

    __tablename__ = "scheduling_weekly_hours"
    __table_args__ = (
        CheckConstraint("weekday BETWEEN 0 AND 6", name="weekday"),
        CheckConstraint("starts <> ends", name="not_empty"),
        CheckConstraint("valid_to >= valid_from", name="valid"),
        Index("ix_scheduling_weekly_hours_practitioner_id", "practitioner_id", "weekday"),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("scheduling_practitioner.id"))
    weekday: Mapped[int] = mapped_column(SmallInteger)
    starts: Mapped[time]
    ends: Mapped[time]
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    campus: Mapped[str] = mapped_column(String(60), server_default="")

    practitioner: Mapped[Practitioner] = relationship()


class DateOverride(Base):
    """Other hours on one date; without times it is a day off (SCH-11)."""

    __tablename__ = "scheduling_date_override"
    __table_args__ = (
        CheckConstraint("(starts IS NULL) = (ends IS NULL)", name="both_or_none"),
        CheckConstraint("starts <> ends", name="not_empty"),
        Index("ix_scheduling_date_override_practitioner_id", "practitioner_id", "on_date"),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("scheduling_practitioner.id"))
    on_date: Mapped[date]
    starts: Mapped[time | None]
    ends: Mapped[time | None]
    campus: Mapped[str] = mapped_column(String(60), server_default="")
    note: Mapped[str] = mapped_column(String(200), server_default="")

    practitioner: Mapped[Practitioner] = relationship()


class TimeOff(Base):
    """An absence of a provider, of any length (SCH-12)."""

    __tablename__ = "scheduling_time_off"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="not_empty"),
        Index("ix_scheduling_time_off_practitioner_id", "practitioner_id", "ends_at"),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("scheduling_practitioner.id"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    note: Mapped[str] = mapped_column(String(200), server_default="")

    practitioner: Mapped[Practitioner] = relationship()


class Closure(Base):
    """A time when the clinic is closed. Holidays carry the key that they were imported by."""

    __tablename__ = "scheduling_closure"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="not_empty"),
        UniqueConstraint("import_key"),
        Index("ix_scheduling_closure_ends_at", "ends_at"),
    )

    id: Mapped[Key]
    name: Mapped[str] = mapped_column(String(160))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    import_key: Mapped[str | None] = mapped_column(String(80))
    is_active: Mapped[bool] = mapped_column(server_default="true")


class Appointment(Base):
    """A visit that was booked. It is never deleted; its status changes (SCH-07)."""

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
    override_reason: Mapped[str] = mapped_column(Text, server_default="")
    version: Mapped[int] = mapped_column(server_default="1")
    sequence: Mapped[int] = mapped_column(server_default="0")
    successor_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("scheduling_appointment.id")
    )
    booked_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    channel: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[Instant]

    type: Mapped[AppointmentType] = relationship()
    practitioner: Mapped[Practitioner] = relationship()
    # Named by text: the table is private to its domain, and lists show the patient's name.
    patient: Mapped[Any] = relationship("Patient", viewonly=True)


def _overlap(name: str, start: str, end: str, where: str) -> ExcludeConstraint:
    """No two active claims of one resource share the time from `start` to `end` (SCH-02).

    Ranges of one number stand in for "equal", which GiST knows only with an extension.
    """
    return ExcludeConstraint(
        (text("int8range(resource_id, resource_id, '[]')"), "&&"),
        (text("int4range(resource_kind, resource_kind, '[]')"), "&&"),
        (text(f"tstzrange({start}, {end}, '[)')"), "&&"),
        using="gist",
        where=text(where),
        name=name,
    )


class Claim(Base):
    """Time that an appointment holds of one resource (SCH-01).

    Two constraints together keep the larger of both buffers between neighbours (SCH-14): one
    over the visits with the time after them, one over the visits with the time before.
    """

    __tablename__ = "scheduling_claim"
    __table_args__ = (
        CheckConstraint("resource_kind BETWEEN 1 AND 4", name="resource_kind"),
        CheckConstraint(
            "held_from <= starts_at AND starts_at < ends_at AND ends_at <= held_until",
            name="not_empty",
        ),
        CheckConstraint(
            "resource_kind <> 2 OR (held_from = starts_at AND held_until = ends_at)",
            name="patients_have_no_buffers",
        ),
        _overlap("ex_scheduling_claim_after", "starts_at", "held_until", "active"),
        # Without buffers it would say the same again, so patients' claims (2) are left out.
        _overlap(
            "ex_scheduling_claim_before", "held_from", "ends_at", "active AND resource_kind <> 2"
        ),
        Index("ix_scheduling_claim_appointment_id", "appointment_id"),
        Index(
            "ix_scheduling_claim_resource",
            "resource_kind",
            "resource_id",
            "starts_at",
            postgresql_where=text("active"),
        ),
    )

    id: Mapped[BigKey]
    appointment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("scheduling_appointment.id"))
    resource_kind: Mapped[int]
    resource_id: Mapped[int] = mapped_column(BigInteger)
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    held_from: Mapped[Instant]
    held_until: Mapped[Instant]
    active: Mapped[bool]


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
