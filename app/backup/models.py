"""Runs of backups and requests to restore."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import Instant, Key
from app.infra.db import Base


class BackupRun(Base):
    """One attempt to make a set, what became of it, and the proof that it can be restored."""

    __tablename__ = "backup_run"
    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'running', 'made', 'failed')", name="status"),
        CheckConstraint("proof IN ('', 'running', 'passed', 'failed')", name="proof"),
        CheckConstraint("(status = 'made') = (set_name IS NOT NULL)", name="made_has_a_set"),
        CheckConstraint("proof = '' OR status = 'made'", name="proof_of_a_set"),
        CheckConstraint("(held_at IS NULL) = (hold_reason = '')", name="hold_has_a_reason"),
        CheckConstraint("removed_at IS NULL OR held_at IS NULL", name="held_is_not_removed"),
        Index("ix_backup_run_started_at", "started_at"),
        Index("uq_backup_run_set_name", "set_name", unique=True),
        # One backup at a time, also when a lock was lost (JOB-01).
        Index(
            "uq_backup_run_unfinished",
            text("(true)"),
            unique=True,
            postgresql_where=text("status IN ('waiting', 'running')"),
        ),
    )

    id: Mapped[Key]
    status: Mapped[str] = mapped_column(String(10))
    asked_by_id: Mapped[int | None]
    asked_by_name: Mapped[str] = mapped_column(String(160))
    started_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
    step: Mapped[str] = mapped_column(String(40), server_default="")
    done_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    expected_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    error: Mapped[str] = mapped_column(Text, server_default="")
    set_name: Mapped[str | None] = mapped_column(String(100))
    size_bytes: Mapped[int] = mapped_column(BigInteger, server_default="0")
    row_count: Mapped[int] = mapped_column(BigInteger, server_default="0")
    file_count: Mapped[int] = mapped_column(server_default="0")
    schema_revision: Mapped[str] = mapped_column(String(40), server_default="")
    product_version: Mapped[str] = mapped_column(String(20), server_default="")
    key_id: Mapped[int | None] = mapped_column(BigInteger)
    # One entry per place: its label, whether the set lies there, and a sentence when it does not.
    places: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    proof: Mapped[str] = mapped_column(String(10), server_default="")
    proven_at: Mapped[Instant | None]
    proof_seconds: Mapped[float | None]
    # One entry per check: its name, whether it passed, and what was found.
    checks: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default="[]")
    hold_reason: Mapped[str] = mapped_column(Text, server_default="")
    held_by_name: Mapped[str] = mapped_column(String(160), server_default="")
    held_at: Mapped[Instant | None]
    removed_at: Mapped[Instant | None]


class RestoreRequest(Base):
    """A restore that one person asked for and another approved (BAK-04)."""

    __tablename__ = "backup_restore_request"
    __table_args__ = (
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> asked_by_id", name="two"),
        CheckConstraint("(approved_at IS NULL) = (approved_by_id IS NULL)", name="approval"),
        CheckConstraint("used_at IS NULL OR approved_at IS NOT NULL", name="used_when_approved"),
        Index("ix_backup_restore_request_asked_at", "asked_at"),
    )

    id: Mapped[Key]
    set_name: Mapped[str] = mapped_column(String(100))
    place: Mapped[str] = mapped_column(String(300))
    reason: Mapped[str] = mapped_column(Text)
    asked_by_id: Mapped[int]
    asked_by_name: Mapped[str] = mapped_column(String(160))
    asked_at: Mapped[Instant]
    approved_by_id: Mapped[int | None]
    approved_by_name: Mapped[str] = mapped_column(String(160), server_default="")
    approved_at: Mapped[Instant | None]
    code_hash: Mapped[str] = mapped_column(String(64), server_default="")
    expires_at: Mapped[Instant]
    used_at: Mapped[Instant | None]
    cancelled_at: Mapped[Instant | None]
