"""Calendars that go out, and timetables that come in (SCH-37)."""

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import BigKey, Instant, Key
from app.infra.db import Base


class Feed(Base):
    """A read-only iCalendar feed behind a secret address. Only the hash of its token is kept."""

    __tablename__ = "scheduling_feed"
    __table_args__ = (
        CheckConstraint("kind IN ('provider', 'patient')", name="kind"),
        Index("uq_scheduling_feed_token_hash", "token_hash", unique=True),
        Index(
            "uq_scheduling_feed_user",
            "user_id",
            "kind",
            unique=True,
            postgresql_where=text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id"))
    kind: Mapped[str] = mapped_column(String(10))
    token_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[Instant]
    revoked_at: Mapped[Instant | None]
    last_read_at: Mapped[Instant | None]


class TimetableEntry(Base):
    """A class of a student, from the timetable that they imported; times clash with it."""

    __tablename__ = "scheduling_timetable_entry"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="not_empty"),
        Index("ix_scheduling_timetable_entry_patient_id", "patient_id", "starts_at"),
    )

    id: Mapped[BigKey]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients_patient.id"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    title: Mapped[str] = mapped_column(String(120), server_default="")
