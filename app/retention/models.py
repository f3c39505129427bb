"""Holds, lists of disposal with their lines, and where their certificates are."""

from datetime import date
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import BigKey, Instant, Key
from app.infra.db import Base


class Hold(Base):
    """A reason that forbids to dispose of a person's records until it is lifted (RET-02).

    Triggers in the database refuse to dispose of somebody under a hold, and to hold somebody
    who was disposed of.
    """

    __tablename__ = "retention_hold"
    __table_args__ = (
        CheckConstraint("length(reason) >= 10", name="reason"),
        CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL) AND"
            " (lifted_at IS NULL) = (lift_reason IS NULL)",
            name="lifted",
        ),
        Index("ix_retention_hold_patient_id", "patient_id", "id"),
        Index("ix_retention_hold_open", "id", postgresql_where=text("lifted_at IS NULL")),
    )

    id: Mapped[Key]
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients_patient.id"))
    reason: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[Instant]
    placed_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    placed_by: Mapped[str] = mapped_column(String(160))
    lifted_at: Mapped[Instant | None]
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    lifted_by: Mapped[str | None] = mapped_column(String(160))
    lift_reason: Mapped[str | None] = mapped_column(Text)


class Disposal(Base):
    """A list of people whose records are no longer kept; what two others approved (RET-02).

    `list_hash` is the SHA-256 of the lines that were approved; `counts` what was erased, by kind.
    """

    __tablename__ = "retention_disposal"
    __table_args__ = (
        CheckConstraint(
            "status IN ('drawing', 'proposed', 'approved', 'running', 'done', 'withdrawn')",
            name="status",
        ),
        CheckConstraint(
            "first_approver_id <> drafted_by_id AND second_approver_id <> drafted_by_id"
            " AND first_approver_id <> second_approver_id",
            name="two_others_approve",
        ),
        CheckConstraint(
            "status NOT IN ('approved', 'running', 'done') OR (drafted_by_id IS NOT NULL"
            " AND first_approver_id IS NOT NULL AND second_approver_id IS NOT NULL"
            " AND list_hash <> '')",
            name="approved_by_two",
        ),
        CheckConstraint(
            "status <> 'done' OR (finished_at IS NOT NULL AND certificate <> '')",
            name="done_with_certificate",
        ),
        Index(
            "uq_retention_disposal_under_way",
            text("(true)"),
            unique=True,
            postgresql_where=text("status NOT IN ('done', 'withdrawn')"),
        ),
    )

    id: Mapped[Key]
    status: Mapped[str] = mapped_column(String(10))
    reason: Mapped[str] = mapped_column(Text)
    schedule: Mapped[dict[str, Any]] = mapped_column(JSONB)
    on_day: Mapped[date]
    people: Mapped[int] = mapped_column(server_default="0", default=0)
    scanned: Mapped[int] = mapped_column(server_default="0", default=0)
    to_scan: Mapped[int] = mapped_column(server_default="0", default=0)
    is_cut: Mapped[bool] = mapped_column(server_default="false", default=False)
    list_hash: Mapped[str] = mapped_column(String(64), server_default="", default="")
    drafted_by_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    drafted_by: Mapped[str] = mapped_column(String(160))
    drafted_at: Mapped[Instant]
    first_approver_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    first_approver: Mapped[str] = mapped_column(String(160), server_default="", default="")
    first_approved_at: Mapped[Instant | None]
    second_approver_id: Mapped[int | None] = mapped_column(ForeignKey("ab_user.id"))
    second_approver: Mapped[str] = mapped_column(String(160), server_default="", default="")
    second_approved_at: Mapped[Instant | None]
    withdrawn_by: Mapped[str] = mapped_column(String(160), server_default="", default="")
    withdrawn_reason: Mapped[str] = mapped_column(Text, server_default="", default="")
    disposed: Mapped[int] = mapped_column(server_default="0", default=0)
    left_out: Mapped[int] = mapped_column(server_default="0", default=0)
    counts: Mapped[dict[str, int]] = mapped_column(
        JSONB, server_default=text("'{}'::jsonb"), default=dict
    )
    started_at: Mapped[Instant | None]
    finished_at: Mapped[Instant | None]
    certificate: Mapped[str] = mapped_column(String(80), server_default="", default="")
    json_sha256: Mapped[str] = mapped_column(String(64), server_default="", default="")
    pdf_sha256: Mapped[str] = mapped_column(String(64), server_default="", default="")


class DisposalItem(Base):
    """One person on a list, by key: the list itself keeps no names.

    `pseudonym` is what the record is called from the disposal on, such as "7F3A09C2D411"; the
    day until which it was kept goes then, because a minor's tells the day of birth.
    """

    __tablename__ = "retention_item"
    __table_args__ = (
        UniqueConstraint("disposal_id", "patient_id"),
        UniqueConstraint("pseudonym"),
        CheckConstraint("outcome IN ('listed', 'disposed', 'left-out')", name="outcome"),
        CheckConstraint(
            "(outcome = 'disposed') = (pseudonym IS NOT NULL)"
            " AND (outcome = 'listed') = (settled_at IS NULL)"
            " AND (outcome = 'disposed') = (kept_until IS NULL)",
            name="settled",
        ),
        Index(
            "uq_retention_item_disposed",
            "patient_id",
            unique=True,
            postgresql_where=text("outcome = 'disposed'"),
        ),
        Index("ix_retention_item_outcome", "disposal_id", "outcome", "id"),
    )

    id: Mapped[BigKey]
    disposal_id: Mapped[int] = mapped_column(ForeignKey("retention_disposal.id"))
    patient_id: Mapped[int] = mapped_column(ForeignKey("patients_patient.id"))
    kept_until: Mapped[date | None]
    why: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(String(10), server_default="listed", default="listed")
    note: Mapped[str] = mapped_column(Text, server_default="", default="")
    pseudonym: Mapped[str | None] = mapped_column(String(16))
    settled_at: Mapped[Instant | None]
