"""When providers see patients, and when the clinic is closed."""

from datetime import date, time

from sqlalchemy import CheckConstraint, ForeignKey, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.infra.columns import Instant, Key
from app.infra.db import Base
from app.scheduling.models.catalogue import Practitioner


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
