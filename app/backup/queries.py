"""Reads of backups: the runs, the last proven set, what is under way."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select

from app.backup.models import BackupRun
from app.backup.rules import Proof, RunStatus
from app.backup.rules.runs import WAS_RUNNING, Trouble, is_stale, percent_done, trouble_of
from app.infra.db import session
from app.kernel import clock


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView:
    """One run as it is shown. `places` and `checks` are as they were stored."""

    id: int
    status: RunStatus
    asked_by_name: str
    started_at: datetime
    finished_at: datetime | None
    step: str
    done_bytes: int
    expected_bytes: int
    error: str
    set_name: str | None
    size_bytes: int
    row_count: int
    file_count: int
    product_version: str
    key_id: int | None
    places: list[dict[str, Any]]
    proof: Proof
    proven_at: datetime | None
    proof_seconds: float | None
    checks: list[dict[str, Any]]
    hold_reason: str
    held_by_name: str
    held_at: datetime | None
    removed_at: datetime | None

    @property
    def is_under_way(self) -> bool:
        """Whether it waits, runs, or looks after the set that it made."""
        return self.finished_at is None

    @property
    def is_kept(self) -> bool:
        """Whether its set is still there."""
        return self.status is RunStatus.MADE and self.removed_at is None

    @property
    def percent(self) -> int:
        """How far it is, from 0 to 99."""
        return percent_done(self.done_bytes, self.expected_bytes)


@dataclass(frozen=True, slots=True)
class LastProven:
    """The newest set that was restored once and is still there."""

    run_id: int
    set_name: str
    made_at: datetime
    size: int

    def age(self, now: datetime) -> timedelta:
        """How long ago the set was made."""
        return now - self.made_at

    def is_stale(self, now: datetime) -> bool:
        """Whether that is too long (BAK-01)."""
        return is_stale(self.made_at, now)


_COLUMNS = [getattr(BackupRun, name) for name in RunView.__dataclass_fields__]


def last_proven() -> LastProven | None:
    """For the page, /healthz and alerts: one look at an index."""
    row = (
        session()
        .execute(
            select(BackupRun.id, BackupRun.set_name, BackupRun.started_at, BackupRun.size_bytes)
            .where(
                BackupRun.status == RunStatus.MADE,
                BackupRun.proof == Proof.PASSED,
                BackupRun.removed_at.is_(None),
            )
            .order_by(BackupRun.started_at.desc())
            .limit(1)
        )
        .one_or_none()
    )
    return LastProven(row.id, str(row.set_name), row.started_at, row.size_bytes) if row else None


def last_proven_is_stale() -> bool:
    """Whether nothing is proven, or nothing recent (BAK-01)."""
    found = last_proven()
    return is_stale(found.made_at if found else None, clock.now())


def last_trouble() -> Trouble | None:
    """What is wrong with the last run that ended, None when nothing is (BAK-04)."""
    row = (
        session()
        .execute(
            select(*_COLUMNS)
            .where(BackupRun.finished_at.is_not(None), BackupRun.error != WAS_RUNNING)
            .order_by(BackupRun.id.desc())
            .limit(1)
        )
        .one_or_none()
    )
    if row is None:
        return None
    run = _view(row)
    return trouble_of(
        status=run.status,
        proof=run.proof,
        error=run.error,
        checks=run.checks,
        places=run.places,
        size=run.size_bytes,
        before=_size_of_proven_before(run.id),
    )


def _size_of_proven_before(run_id: int) -> int | None:
    return session().scalar(
        select(BackupRun.size_bytes)
        .where(BackupRun.id < run_id, BackupRun.proof == Proof.PASSED)
        .order_by(BackupRun.id.desc())
        .limit(1)
    )


def latest_runs(count: int = 60) -> list[RunView]:
    """The latest runs, the newest first."""
    rows = session().execute(select(*_COLUMNS).order_by(BackupRun.id.desc()).limit(count))
    return [_view(row) for row in rows]


def known_run(run_id: int) -> RunView | None:
    """One run."""
    row = session().execute(select(*_COLUMNS).where(BackupRun.id == run_id)).one_or_none()
    return None if row is None else _view(row)


def kept_runs() -> list[RunView]:
    """The runs whose sets are still there, the newest first."""
    rows = session().execute(
        select(*_COLUMNS)
        .where(BackupRun.status == RunStatus.MADE, BackupRun.removed_at.is_(None))
        .order_by(BackupRun.started_at.desc(), BackupRun.id.desc())
    )
    return [_view(row) for row in rows]


def known_sets() -> set[str]:
    """The name of every set that this database knows."""
    names = session().scalars(select(BackupRun.set_name).where(BackupRun.set_name.is_not(None)))
    return {str(name) for name in names}


def _view(row: Any) -> RunView:
    values = dict(row._mapping)
    return RunView(
        **values | {"status": RunStatus(values["status"]), "proof": Proof(values["proof"])}
    )
