"""What the clinic offers, and who offers it."""

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import Key
from app.infra.db import Base


class AppointmentType(Base):
    """A kind of visit and how it is booked (SCH-13). Times are whole minutes.

    `reminder_minutes` says how long before a visit its reminders leave; `session_capacity` is
    what a new group session of this type proposes; `token_prefix` starts its queue numbers.
    """

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
        CheckConstraint(
            "no_show_grace_minutes BETWEEN 0 AND 240 AND check_in_minutes BETWEEN 0 AND 240",
            name="around_the_start",
        ),
        CheckConstraint("session_capacity BETWEEN 1 AND 1000", name="session_capacity"),
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
    reminder_minutes: Mapped[list[int]] = mapped_column(
        ARRAY(Integer), server_default="{1440,120}", default=lambda: [1440, 120]
    )
    no_show_grace_minutes: Mapped[int] = mapped_column(server_default="15")
    check_in_minutes: Mapped[int] = mapped_column(server_default="30")
    session_capacity: Mapped[int | None]
    takes_walk_ins: Mapped[bool] = mapped_column(server_default="true")
    token_prefix: Mapped[str] = mapped_column(String(3), server_default="")
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
    preferred_room_id: Mapped[int | None] = mapped_column(ForeignKey("scheduling_resource.id"))
    is_active: Mapped[bool] = mapped_column(server_default="true")

    def __repr__(self) -> str:
        return self.name


class NotOfferedBy(Base):
    """A type of visit that a provider of the right kind does not take (SCH-34)."""

    __tablename__ = "scheduling_not_offered_by"
    __table_args__ = (Index("ix_scheduling_not_offered_by_type_id", "type_id"),)

    practitioner_id: Mapped[int] = mapped_column(
        ForeignKey("scheduling_practitioner.id"), primary_key=True
    )
    type_id: Mapped[int] = mapped_column(
        ForeignKey("scheduling_appointment_type.id"), primary_key=True
    )
