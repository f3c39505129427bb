"""The runs of proofs."""

from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, String, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import Instant, Key
from app.infra.db import Base


class IntegrityRun(Base):
    """One proof: every invariant of every domain, and the chain of the audit trail (BAK-02).

    `results` has a line per invariant with the names of up to 20 rows that break it; `broken`
    means that the proof itself could not be finished.
    """

    __tablename__ = "integrity_run"
    __table_args__ = (
        CheckConstraint(
            "status IN ('waiting', 'running', 'passed', 'failed', 'broken')", name="status"
        ),
        CheckConstraint(
            "(status IN ('passed', 'failed', 'broken')) = (finished_at IS NOT NULL)",
            name="finished",
        ),
        Index("ix_integrity_run_finished_at", "finished_at"),
        Index(
            "uq_integrity_run_under_way",
            text("(true)"),
            unique=True,
            postgresql_where=text("status IN ('waiting', 'running')"),
        ),
    )

    id: Mapped[Key]
    status: Mapped[str] = mapped_column(String(10))
    asked_by: Mapped[str] = mapped_column(String(160))
    started_at: Mapped[Instant]
    finished_at: Mapped[Instant | None]
    checks_done: Mapped[int] = mapped_column(server_default="0", default=0)
    checks_total: Mapped[int] = mapped_column(server_default="0", default=0)
    breach_count: Mapped[int] = mapped_column(server_default="0", default=0)
    results: Mapped[list[dict[str, Any]]] = mapped_column(
        JSONB, server_default=text("'[]'::jsonb"), default=list
    )
    audit_events: Mapped[int] = mapped_column(BigInteger, server_default="0", default=0)
    audit_head: Mapped[str] = mapped_column(String(100), server_default="", default="")
    audit_problem_count: Mapped[int] = mapped_column(server_default="0", default=0)
    audit_problems: Mapped[list[str]] = mapped_column(
        JSONB, server_default=text("'[]'::jsonb"), default=list
    )
    error: Mapped[str] = mapped_column(Text, server_default="", default="")
    report: Mapped[str] = mapped_column(String(80), server_default="", default="")
