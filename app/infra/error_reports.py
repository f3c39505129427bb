"""Unexpected errors as rows: counted by kind and place, without a word of anybody's data (EVD-03).

A report has the type of the error and the lines of code that led to it. It never has the text of
the error, the values of a form or local variables: each of them may be about a patient.
"""

import hashlib
import logging
import traceback
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import CheckConstraint, Index, String, Text, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import Instant
from app.infra.db import Base, Transaction, session, transaction
from app.kernel import clock
from config.logging import request_id

log = logging.getLogger(__name__)

TOP = Path(__file__).resolve().parents[2]
MOST_FRAMES = 40
# A page must not wait long for its report to be written.
PATIENCE = text("SET LOCAL lock_timeout = '1s'")


class ErrorReport(Base):
    """All errors of one kind at one place: how many, since when, and where in the code."""

    __tablename__ = "infra_error_report"
    __table_args__ = (
        CheckConstraint("count > 0", name="count"),
        Index(
            "ix_infra_error_report_unresolved",
            "last_seen_at",
            postgresql_where=text("resolved_at IS NULL"),
        ),
    )

    fingerprint: Mapped[str] = mapped_column(String(32), primary_key=True)
    kind: Mapped[str] = mapped_column(String(200))
    place: Mapped[str] = mapped_column(String(200))
    door: Mapped[str] = mapped_column(String(120))
    request_id: Mapped[str] = mapped_column(String(60))
    frames: Mapped[list[str]] = mapped_column(JSONB)
    code: Mapped[str] = mapped_column(Text, server_default="")
    count: Mapped[int]
    first_seen_at: Mapped[Instant]
    last_seen_at: Mapped[Instant]
    resolved_at: Mapped[Instant | None]


def note_error(error: BaseException, *, door: str) -> None:
    """Count an unexpected error. `door` is the name of a route or of a job, never an address.

    Never raises: what cannot be noted is in the log. What the session had begun is taken back.
    """
    try:
        session().rollback()
        with transaction() as tx:
            tx.session.execute(PATIENCE)  # no statement to prepare
            tx.execute(_statement(describe(error), door))
    except SQLAlchemyError as problem:
        log.warning("the error could not be counted: %s", type(problem).__name__)
        session().rollback()


def describe(error: BaseException) -> dict[str, Any]:
    """What a report says of an error: its kind, the place in our code and the way there."""
    frames = [_frame(frame) for frame in traceback.extract_tb(error.__traceback__)][-MOST_FRAMES:]
    ours = [frame for frame in frames if frame.startswith(("app/", "portal/", "worker/"))]
    place = _without_line(ours[-1] if ours else frames[-1] if frames else "unknown")
    kind = f"{type(error).__module__}.{type(error).__qualname__}"[:200]
    return {
        "fingerprint": hashlib.sha256(f"{kind} {place}".encode()).hexdigest()[:32],
        "kind": kind,
        "place": place[:200],
        "frames": frames,
        "code": str(getattr(getattr(error, "orig", None), "pgcode", "") or ""),
    }


def _frame(frame: traceback.FrameSummary) -> str:
    """file:line:function, the file below our folder or below the packages."""
    path = Path(frame.filename)
    if "site-packages" in path.parts:
        name = path.as_posix().rpartition("site-packages/")[2]
    elif path.is_relative_to(TOP):
        name = path.relative_to(TOP).as_posix()
    else:
        name = path.name
    return f"{name}:{frame.lineno}:{frame.name}"


def _without_line(frame: str) -> str:
    """file:function: a place stays the same place when lines above it move."""
    name, _, rest = frame.partition(":")
    return f"{name}:{rest.rpartition(':')[2]}"


def _statement(facts: dict[str, Any], door: str) -> Any:
    now = clock.now()
    latest = {
        "door": door[:120],
        "request_id": request_id.get()[:60],
        "frames": facts["frames"],
        "code": facts["code"],
        "last_seen_at": now,
        "resolved_at": None,
    }
    row = insert(ErrorReport).values(**facts | latest, count=1, first_seen_at=now)
    return row.on_conflict_do_update(
        index_elements=["fingerprint"], set_=latest | {"count": ErrorReport.count + 1}
    )


def open_reports(limit: int) -> list[ErrorReport]:
    """Reports that nobody has put away, the latest first."""
    rows = session().scalars(
        select(ErrorReport)
        .where(ErrorReport.resolved_at.is_(None))
        .order_by(ErrorReport.last_seen_at.desc())
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    return list(rows)


def resolve_error(tx: Transaction, fingerprint: str) -> bool:
    """Put a report away until it happens again. False when there is no open one."""
    resolved = tx.execute(
        update(ErrorReport)
        .where(ErrorReport.fingerprint == fingerprint, ErrorReport.resolved_at.is_(None))
        .values(resolved_at=func.greatest(clock.now(), ErrorReport.last_seen_at))
    )
    return bool(resolved.rowcount)


def purge_reports(tx: Transaction, *, before: datetime) -> int:
    """Forget reports that were put away before this instant. Returns how many."""
    gone = tx.execute(
        delete(ErrorReport)
        .where(ErrorReport.resolved_at < before)
        .execution_options(synchronize_session=False)
    )
    return int(gone.rowcount)
