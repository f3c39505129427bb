"""Alerts, and when each check looked last."""

from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import BigKey, Instant
from app.infra.db import Base


class Alert(Base):
    """Something that a person must look at. Names no patient. One is open per key at a time."""

    __tablename__ = "operations_alert"
    __table_args__ = (
        CheckConstraint("severity IN ('warning', 'critical')", name="severity"),
        CheckConstraint("sentence <> ''", name="says_something"),
        CheckConstraint("resolved_at IS NULL OR resolved_at >= opened_at", name="in_order"),
        Index(
            "uq_operations_alert_open",
            "key",
            unique=True,
            postgresql_where=text("resolved_at IS NULL"),
        ),
        Index("ix_operations_alert_opened_at", "opened_at"),
    )

    id: Mapped[BigKey]
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(120))
    severity: Mapped[str] = mapped_column(String(10))
    sentence: Mapped[str] = mapped_column(Text)
    opened_at: Mapped[Instant]
    seen_at: Mapped[Instant]
    acknowledged_at: Mapped[Instant | None]
    acknowledged_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    escalated_at: Mapped[Instant | None]
    resolved_at: Mapped[Instant | None]


class CheckRun(Base):
    """The last look of one check, and the facts that the page shows of it."""

    __tablename__ = "operations_check"

    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    looked_at: Mapped[Instant]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB)
