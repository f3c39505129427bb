"""Calendar feeds: whose they are, and the visits in them (SCH-37)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from app.infra.db import session
from app.kernel.ids import PatientId, PractitionerId, UserId
from app.kernel.period import Period
from app.scheduling.models import Appointment, Feed, GroupSession, Seat
from app.scheduling.rules import HOLDS_TIME, AppointmentStatus
from app.scheduling.rules.feeds import MOST_ENTRIES, FeedEntry

IN_FEEDS = sorted(HOLDS_TIME - {AppointmentStatus.PENDING})
# Of a seat, and of a group session.
SESSIONS_IN_FEEDS = ("booked", "attended", "open", "closed", "done")


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

    Seats of a patient and group sessions of a provider are among them. Visits that were given
    up are not listed, but that they were is a change. Two statements.
    """
    rows = [*_visits(period, patient_id, practitioner_id)]
    rows += _seats(period, patient_id) if patient_id is not None else []
    rows += _sessions(period, practitioner_id) if practitioner_id is not None else []
    entries, changed_at = [], None
    for uid, sequence, starts_at, ends_at, status, since in sorted(rows, key=lambda row: row[2]):
        changed_at = max(changed_at, since) if changed_at else since
        if status in IN_FEEDS or status in SESSIONS_IN_FEEDS:
            entries.append(FeedEntry(uid, sequence, Period(starts_at, ends_at), since))
    return entries, changed_at


def _visits(
    period: Period, patient_id: PatientId | None, practitioner_id: PractitionerId | None
) -> Iterable[Sequence[Any]]:
    return session().execute(
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


def _seats(period: Period, patient_id: PatientId) -> Iterable[Sequence[Any]]:
    """A patient's seats, under the names that their e-mails carry (CAL-01)."""
    rows = session().execute(
        select(
            Seat.id,
            GroupSession.starts_at,
            GroupSession.ends_at,
            Seat.status,
            func.greatest(Seat.status_since, GroupSession.changed_at),
        )
        .join(GroupSession, GroupSession.id == Seat.session_id)
        .where(
            Seat.patient_id == patient_id,
            GroupSession.starts_at >= period.starts_at,
            GroupSession.starts_at < period.ends_at,
        )
        .limit(MOST_ENTRIES)
    )
    return [(f"seat-{number}", 0, *rest) for number, *rest in rows]


def _sessions(period: Period, practitioner_id: PractitionerId) -> Iterable[Sequence[Any]]:
    """A provider's group sessions."""
    rows = session().execute(
        select(
            GroupSession.id,
            GroupSession.version - 1,
            GroupSession.starts_at,
            GroupSession.ends_at,
            GroupSession.status,
            GroupSession.changed_at,
        )
        .where(
            GroupSession.practitioner_id == practitioner_id,
            GroupSession.starts_at >= period.starts_at,
            GroupSession.starts_at < period.ends_at,
        )
        .limit(MOST_ENTRIES)
    )
    return [(f"session-{number}", *rest) for number, *rest in rows]
