"""Earlier proofs as they are shown."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.infra.db import session
from app.integrity.errors import UnknownRun
from app.integrity.models import IntegrityRun
from app.integrity.rules import RunStatus

UNDER_WAY = (RunStatus.WAITING.value, RunStatus.RUNNING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One proof. `results` has a line per invariant: id, rule, sentence, count, rows, problem."""

    id: int
    status: RunStatus
    asked_by: str
    started_at: datetime
    finished_at: datetime | None
    checks_done: int
    checks_total: int
    breach_count: int
    results: list[dict[str, Any]]
    audit_events: int
    audit_head: str
    audit_problem_count: int
    audit_problems: list[str]
    error: str
    report: str

    @property
    def is_under_way(self) -> bool:
        """Whether it waits or runs."""
        return self.status in UNDER_WAY

    @property
    def broken(self) -> list[dict[str, Any]]:
        """The lines of what does not hold or could not be asked."""
        return [line for line in self.results if line["count"] or line["problem"]]


_COLUMNS = [getattr(IntegrityRun, name) for name in RunView.__dataclass_fields__]


def _view(row: Any) -> RunView:
    values = dict(row._mapping)
    return RunView(**values | {"status": RunStatus(values["status"])})


def known_run(run_id: int) -> RunView:
    """One proof. Raises UnknownRun."""
    row = session().execute(select(*_COLUMNS).where(IntegrityRun.id == run_id)).one_or_none()
    if row is None:
        raise UnknownRun()
    return _view(row)


def latest_runs(count: int = 30) -> list[RunView]:
    """The latest proofs, the newest first."""
    found = session().execute(select(*_COLUMNS).order_by(IntegrityRun.id.desc()).limit(count))
    return [_view(row) for row in found]


def run_under_way() -> int | None:
    """The key of the proof that waits or runs."""
    return session().scalar(select(IntegrityRun.id).where(IntegrityRun.status.in_(UNDER_WAY)))


def last_started_at() -> datetime | None:
    """When the last proof began, however it ended."""
    return session().scalar(
        select(IntegrityRun.started_at).order_by(IntegrityRun.id.desc()).limit(1)
    )


def last_ended() -> tuple[RunStatus, datetime] | None:
    """How and when the last proof ended: one look at an index, asked for every page."""
    row = (
        session()
        .execute(
            select(IntegrityRun.status, IntegrityRun.finished_at)
            .where(IntegrityRun.finished_at.is_not(None))
            .order_by(IntegrityRun.finished_at.desc())
            .limit(1)
        )
        .one_or_none()
    )
    return (RunStatus(row.status), row.finished_at) if row and row.finished_at else None
