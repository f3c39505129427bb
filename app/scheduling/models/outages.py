"""A provider who cannot come, and what becomes of each visit (SCH-34)."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.infra.columns import BigKey, Instant, Key
from app.infra.db import Base


class Outage(Base):
    """Provider is out: one action over many visits, which can be undone for ten minutes."""

    __tablename__ = "scheduling_outage"
    __table_args__ = (
        CheckConstraint("starts_at < ends_at", name="not_empty"),
        CheckConstraint("status IN ('applied', 'undone')", name="status"),
        Index("ix_scheduling_outage_created_at", "created_at"),
    )

    id: Mapped[Key]
    practitioner_id: Mapped[int] = mapped_column(ForeignKey("scheduling_practitioner.id"))
    starts_at: Mapped[Instant]
    ends_at: Mapped[Instant]
    reason: Mapped[str] = mapped_column(String(200), server_default="")
    status: Mapped[str] = mapped_column(String(10))
    time_off_id: Mapped[int | None]
    created_at: Mapped[Instant]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))

    practitioner: Mapped[Any] = relationship("Practitioner", viewonly=True)


class OutageItem(Base):
    """One visit of the outage: moved, cancelled or to be called, with the call's outcome.

    While `planned_at` is set it shall still be moved, to that time with that provider; whoever
    finds it there goes on with it.
    """

    __tablename__ = "scheduling_outage_item"
    __table_args__ = (
        CheckConstraint("outcome IN ('moved', 'cancelled', 'to-call')", name="outcome"),
        CheckConstraint("(outcome = 'moved') = (successor_id IS NOT NULL)", name="successor"),
        CheckConstraint("(planned_at IS NULL) = (planned_provider IS NULL)", name="planned"),
        Index("uq_scheduling_outage_item_appointment", "outage_id", "appointment_id", unique=True),
    )

    id: Mapped[BigKey]
    outage_id: Mapped[int] = mapped_column(ForeignKey("scheduling_outage.id"))
    appointment_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("scheduling_appointment.id"))
    outcome: Mapped[str] = mapped_column(String(10))
    successor_id: Mapped[int | None] = mapped_column(
        BigInteger, ForeignKey("scheduling_appointment.id")
    )
    called_at: Mapped[Instant | None]
    called_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    note: Mapped[str] = mapped_column(Text, server_default="")
    planned_at: Mapped[Instant | None]
    planned_provider: Mapped[str | None] = mapped_column(String(32))
