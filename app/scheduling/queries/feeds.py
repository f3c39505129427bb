"""Calendar feeds: whose they are, and the visits in them (SCH-37)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select

from app.infra.db import session
from app.kernel.ids import PatientId, PractitionerId, UserId
from app.kernel.period import Period
from app.scheduling.models import Appointment, Feed
from app.scheduling.rules import HOLDS_TIME, AppointmentStatus
from app.scheduling.rules.feeds import MOST_ENTRIES, FeedEntry

IN_FEEDS = sorted(HOLDS_TIME - {AppointmentStatus.PENDING})


@dataclass(frozen=True, slots=True)
class FeedView:
    """An address that works. The token itself is not known any more."""

    id: int
    user_id: UserId
    kind: str
    created_at: datetime
    last_read_at: datetime | None


def feed_of_user(user_id: UserId, kind: str) -> FeedView | None:
    """The address that somebody uses now."""
    return _first(Feed.user_id == user_id, Feed.kind == kind)


def feed_by_hash(token_hash: str) -> FeedView | None:
    """The address with this token, when it was not taken back."""
    return _first(Feed.token_hash == token_hash)


def _first(*conditions: ColumnElement[bool]) -> FeedView | None:
    row = session().scalar(select(Feed).where(Feed.revoked_at.is_(None), *conditions))
    if row is None:
        return None
    return FeedView(row.id, UserId(row.user_id), row.kind, row.created_at, row.last_read_at)


def feed_entries(
    period: Period,
    *,
    patient_id: PatientId | None = None,
    practitioner_id: PractitionerId | None = None,
) -> tuple[list[FeedEntry], datetime | None]:
    """The visits that take place, by start, and when any visit of the period last changed.

    Visits that were given up are not listed, but that they were is a change.
    """
    rows = session().execute(
        select(
            Appointment.uid,
            Appointment.sequence,
            Appointment.starts_at,
            Appointment.ends_at,
            Appointment.status,
            Appointment.status_since,
        )
        .where(
            Appointment.patient_id == patient_id
            if patient_id is not None
            else Appointment.practitioner_id == practitioner_id,
            Appointment.starts_at >= period.starts_at,
            Appointment.starts_at < period.ends_at,
        )
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(2 * MOST_ENTRIES)
    )
    entries, changed_at = [], None
    for uid, sequence, starts_at, ends_at, status, since in rows:
        changed_at = max(changed_at, since) if changed_at else since
        if status in IN_FEEDS:
            entries.append(FeedEntry(uid, sequence, Period(starts_at, ends_at), since))
    return entries, changed_at
