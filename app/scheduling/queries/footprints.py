"""When patients were last here or did something, and what of theirs is still open (RET-01)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from app.infra.db import session
from app.kernel.footprint import Footprint
from app.kernel.ids import PatientId
from app.scheduling.models import (
    Appointment,
    Diversion,
    GroupSession,
    Hold,
    NoShowPoint,
    Seat,
    WaitlistEntry,
)
from app.scheduling.rules import OPEN, AppointmentStatus

BEGUN = (AppointmentStatus.CHECKED_IN, AppointmentStatus.IN_PROGRESS)
SEEN = (*BEGUN, AppointmentStatus.COMPLETED)
NOT_OVER = sorted(str(status) for status in (*OPEN, *BEGUN))


def footprints(patient_ids: Iterable[PatientId]) -> dict[PatientId, Footprint]:
    """Those of these patients who have any, in six statements."""
    ids = list(patient_ids)
    found: dict[PatientId, Footprint] = {}
    for statement, sentence in (
        (_appointments(), "An appointment is not over."),
        (_seats(), "A place in a session is not over."),
        (_wishes(), "A wish is on the waiting list."),
        (_points(), "An objection to a missed visit is not decided."),
        (_others(), "A time is being held."),
    ):
        owner = statement.selected_columns["patient_id"]
        for row in session().execute(statement.where(owner.in_(ids)).group_by(owner)):
            patient_id = PatientId(row.patient_id)
            one = _footprint(row, sentence)
            found[patient_id] = found.get(patient_id, Footprint()) | one
    for owner_id, at in session().execute(
        select(Diversion.patient_id, func.max(Diversion.at))
        .where(Diversion.patient_id.in_(ids))
        .group_by(Diversion.patient_id)
    ):
        key = PatientId(owner_id)
        found[key] = found.get(key, Footprint()) | Footprint(last_activity_at=at)
    return found


def _footprint(row: Any, sentence: str) -> Footprint:
    last: datetime | None = row.seen
    return Footprint(last, row.active, (sentence,) if row.open else ())


def _appointments() -> Select[Any]:
    seen = Appointment.status.in_([str(status) for status in SEEN])
    return select(
        Appointment.patient_id,
        func.max(Appointment.starts_at).filter(seen).label("seen"),
        func.max(func.greatest(Appointment.starts_at, Appointment.created_at)).label("active"),
        func.bool_or(Appointment.status.in_(NOT_OVER)).label("open"),
    )


def _seats() -> Select[Any]:
    return select(
        Seat.patient_id,
        func.max(GroupSession.starts_at).filter(Seat.status == "attended").label("seen"),
        func.max(func.greatest(GroupSession.starts_at, Seat.booked_at)).label("active"),
        func.bool_or(Seat.status == "booked").label("open"),
    ).join(GroupSession, GroupSession.id == Seat.session_id)


def _wishes() -> Select[Any]:
    return select(
        WaitlistEntry.patient_id,
        func.max(WaitlistEntry.created_at).filter(WaitlistEntry.id < 0).label("seen"),
        func.max(WaitlistEntry.created_at).label("active"),
        func.bool_or(WaitlistEntry.status.in_(["waiting", "offered"])).label("open"),
    )


def _points() -> Select[Any]:
    return select(
        NoShowPoint.patient_id,
        func.max(NoShowPoint.given_at).filter(NoShowPoint.id < 0).label("seen"),
        func.max(func.greatest(NoShowPoint.given_at, NoShowPoint.contested_at)).label("active"),
        func.bool_or(NoShowPoint.status == "contested").label("open"),
    )


def _others() -> Select[Any]:
    return select(
        Hold.patient_id,
        func.max(Hold.created_at).filter(Hold.id < 0).label("seen"),
        func.max(Hold.created_at).label("active"),
        func.bool_or(Hold.status == "open").label("open"),
    )
