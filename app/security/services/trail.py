"""Searches the audit trail for the people whom it names (DPA-03)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, func, select, true

from app.infra.db import session
from app.kernel.ids import UserId
from app.security.models import AuditEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailScope:
    """What an account did, what was done to one thing, or both; an empty text means any."""

    actor_id: UserId | None = None
    object_type: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class TouchedPatient:
    """A patient whom lines of the trail name."""

    patient_id: int
    first_at: datetime
    last_at: datetime
    lines: int
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrailCount:
    """How much was found; lines that name nobody are lists, searches, exports and the like."""

    people: int
    lines: int
    lines_without_person: int


def touched_patients(scope: TrailScope, *, limit: int, offset: int = 0) -> list[TouchedPatient]:
    """Whom the lines name, the first one first (DPA-03)."""
    first_at, last_at = func.min(AuditEvent.at), func.max(AuditEvent.at)
    actions = func.array_agg(func.distinct(AuditEvent.action))
    found = session().execute(
        select(AuditEvent.patient_id, first_at, last_at, func.count(), actions)
        .where(_in_scope(scope), AuditEvent.patient_id.is_not(None))
        .group_by(AuditEvent.patient_id)
        .order_by(first_at, AuditEvent.patient_id)
        .limit(limit)
        .offset(offset)
    )
    return [TouchedPatient(int(row[0] or 0), *row[1:4], tuple(sorted(row[4]))) for row in found]


def trail_count(scope: TrailScope) -> TrailCount:
    """In one statement."""
    people = func.count(func.distinct(AuditEvent.patient_id))
    nobody = func.count().filter(AuditEvent.patient_id.is_(None))
    row = session().execute(select(people, func.count(), nobody).where(_in_scope(scope)))
    return TrailCount(*row.one())


def _in_scope(scope: TrailScope) -> ColumnElement[bool]:
    at = AuditEvent.at
    return and_(
        true() if scope.actor_id is None else AuditEvent.actor_id == scope.actor_id,
        true() if not scope.object_type else AuditEvent.object_type == scope.object_type,
        true() if not scope.object_id else AuditEvent.object_id == scope.object_id,
        true() if scope.since is None else at >= scope.since,
        true() if scope.until is None else at < scope.until,
    )
