"""Periodic jobs as they stand; whether one is late is decided at the moment of reading."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from app.infra.db import session
from app.infra.heartbeat import Heartbeat
from app.infra.schedule import PeriodicJob
from app.operations.rules import Beat, BeatState, state_of


@dataclass(frozen=True, slots=True)
class JobLine:
    """A periodic job, how it stands, and when it is planned next."""

    beat: Beat
    state: BeatState
    next_due_at: datetime | None


def job_lines(now: datetime) -> list[JobLine]:
    """Every periodic job, the bad ones first; one statement."""
    rows = session().execute(
        select(Heartbeat, PeriodicJob.next_due_at)
        .outerjoin(PeriodicJob, PeriodicJob.name == Heartbeat.name)
        .order_by(Heartbeat.name)
        .execution_options(populate_existing=True)
    )
    lines = [_line(row, next_due_at, now) for row, next_due_at in rows]
    return sorted(lines, key=lambda line: not line.state.is_bad)


def _line(row: Heartbeat, next_due_at: datetime | None, now: datetime) -> JobLine:
    beat = Beat(
        name=row.name,
        period=timedelta(seconds=row.period_seconds),
        limit=timedelta(seconds=row.limit_seconds),
        known_since=row.known_since,
        started_at=row.started_at,
        ended_at=row.ended_at,
        succeeded_at=row.succeeded_at,
        failures=row.failures,
        duration=None if row.duration_ms is None else timedelta(milliseconds=row.duration_ms),
        size=row.size,
        previous_size=row.previous_size,
    )
    return JobLine(beat, state_of(beat, now), next_due_at)
