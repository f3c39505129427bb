"""Alerts: those that are open, and the last ones that are over."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from app.infra.db import session
from app.infra.fab_tables import User
from app.operations.models import Alert
from app.operations.rules import OpenAlert, Severity

MOST_LINES = 100


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert as a page shows it."""

    id: int
    severity: str
    sentence: str
    opened_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str
    escalated_at: datetime | None
    resolved_at: datetime | None


def open_alerts() -> list[OpenAlert]:
    """What was not resolved yet, the oldest first."""
    rows = session().scalars(
        select(Alert)
        .where(Alert.resolved_at.is_(None))
        .order_by(Alert.id)
        .execution_options(populate_existing=True)
    )
    return [
        OpenAlert(
            id=row.id,
            kind=row.kind,
            key=row.key,
            severity=Severity(row.severity),
            sentence=row.sentence,
            opened_at=row.opened_at,
            seen_at=row.seen_at,
            acknowledged_at=row.acknowledged_at,
            escalated_at=row.escalated_at,
        )
        for row in rows
    ]


def alert_lines(limit: int = MOST_LINES, *, only_open: bool = False) -> list[AlertLine]:
    """Open alerts first, the critical ones on top, then those that are over, the latest first."""
    found = (
        select(Alert, User.first_name, User.last_name)
        .outerjoin(User, User.id == Alert.acknowledged_by_id)
        .order_by(
            Alert.resolved_at.is_not(None), Alert.severity, Alert.opened_at.desc(), Alert.id.desc()
        )
        .limit(limit)
        .execution_options(populate_existing=True)
    )
    if only_open:
        found = found.where(Alert.resolved_at.is_(None))
    return [
        AlertLine(
            id=row.id,
            severity=row.severity,
            sentence=row.sentence,
            opened_at=row.opened_at,
            acknowledged_at=row.acknowledged_at,
            acknowledged_by=f"{first or ''} {last or ''}".strip(),
            escalated_at=row.escalated_at,
            resolved_at=row.resolved_at,
        )
        for row, first, last in session().execute(found)
    ]


def open_counts() -> dict[str, int]:
    """How many alerts are open, by severity."""
    rows = session().execute(
        select(Alert.severity, func.count())
        .where(Alert.resolved_at.is_(None))
        .group_by(Alert.severity)
    )
    return {severity.value: 0 for severity in Severity} | {row[0]: row[1] for row in rows}
