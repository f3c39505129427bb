"""Appointments as screens, messages and the JSON interface show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import aliased

from app.infra.db import session
from app.kernel.ids import AppointmentId, PatientId, PractitionerId, UserId
from app.kernel.period import Period
from app.notifications import queries as notifications
from app.notifications.queries import SentMail
from app.notifications.rules import Template
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling.models import Appointment, AppointmentEvent, AppointmentType, Practitioner
from app.scheduling.rules import AppointmentStatus

COUNT_CAP = 10_000
# What a calendar of 62 days of a busy clinic holds; more is no calendar any more.
CALENDAR_CAP = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentView:
    """One appointment with the names that people know it by."""

    id: AppointmentId
    uid: str
    status: AppointmentStatus
    status_since: datetime
    type: str
    type_name: str
    colour: str
    provider: str
    provider_name: str
    practitioner_id: PractitionerId
    provider_user_id: UserId
    patient_id: PatientId
    starts_at: datetime
    ends_at: datetime
    campus: str
    reason: str
    ended_reason: str
    needs_rebooking: bool
    is_late_entry: bool
    version: int
    sequence: int
    type_id: int
    created_at: datetime
    place: str
    attendance_confirmed_at: datetime | None
    series_id: int | None
    series_number: int | None
    patient: PatientCard

    @property
    def patient_key(self) -> str:
        """The patient's university ID."""
        return self.patient.university_id

    @property
    def period(self) -> Period:
        """When the visit takes place."""
        return Period(self.starts_at, self.ends_at)


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of an appointment's history."""

    at: datetime
    actor_name: str
    actor_role: str
    channel: str
    on_behalf: bool
    from_status: str | None
    to_status: str
    reason: str
    starts_at: datetime


def _rows() -> Select[Any]:
    rows: Any = (
        select(
            Appointment.id,
            Appointment.uid,
            Appointment.status,
            Appointment.status_since,
            AppointmentType.code.label("type"),
            AppointmentType.name.label("type_name"),
            AppointmentType.colour,
            Practitioner.university_id.label("provider"),
            Practitioner.name.label("provider_name"),
            Appointment.practitioner_id,
            Practitioner.user_id.label("provider_user_id"),
            Appointment.patient_id,
            Appointment.starts_at,
            Appointment.ends_at,
            Appointment.campus,
            Appointment.reason,
            Appointment.ended_reason,
            Appointment.needs_rebooking,
            Appointment.is_late_entry,
            Appointment.version,
            Appointment.sequence,
            Appointment.type_id,
            Appointment.created_at,
            Appointment.place,
            Appointment.attendance_confirmed_at,
            Appointment.series_id,
            Appointment.series_number,
        )
        .join(AppointmentType, AppointmentType.id == Appointment.type_id)
        .join(Practitioner, Practitioner.id == Appointment.practitioner_id)
    )
    return cast(Select[Any], rows)


def _views(statement: Select[Any]) -> list[AppointmentView]:
    """The appointments with their patients' names: two statements for any number."""
    rows = session().execute(statement).all()
    cards = patients.patients_by_ids({PatientId(row.patient_id) for row in rows})
    return [_view(row, cards[PatientId(row.patient_id)]) for row in rows]


def _view(row: Any, patient: PatientCard) -> AppointmentView:
    values = dict(row._mapping)
    return AppointmentView(
        **{**values, "status": AppointmentStatus(values["status"])}, patient=patient
    )


def appointment(appointment_id: AppointmentId) -> AppointmentView | None:
    """One appointment."""
    found = _views(_rows().where(Appointment.id == appointment_id))
    return found[0] if found else None


def known_appointment(
    appointment_id: AppointmentId, *, patient: PatientCard | None = None
) -> AppointmentView:
    """An appointment that was there before; nothing is ever deleted (SCH-07).

    With the card of its patient, who never changes, it is one statement instead of two.
    """
    statement = _rows().where(Appointment.id == appointment_id)
    if patient is None:
        return _views(statement)[0]
    return _view(session().execute(statement).one(), patient)


def locked_appointment(seen: AppointmentView) -> AppointmentView:
    """The same appointment as it is now, and as it stays until the transaction ends."""
    statement = _rows().where(Appointment.id == seen.id).with_for_update(of=Appointment)
    return _view(session().execute(statement).one(), seen.patient)


def appointment_for_update(appointment_id: AppointmentId) -> Appointment | None:
    """The row itself, locked and fresh, for a use case that changes it."""
    return (
        session()
        .execute(
            select(Appointment)
            .where(Appointment.id == appointment_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        .scalar_one_or_none()
    )


@dataclass(frozen=True, slots=True)
class Page:
    """One page of appointments; `count` stops at 10,000."""

    results: list[AppointmentView]
    count: int
    page: int
    page_size: int


def appointments_of_patient(
    patient_id: PatientId,
    *,
    now: datetime,
    when: str = "all",
    statuses: Sequence[AppointmentStatus] = (),
    page: int = 1,
    page_size: int = 25,
) -> Page:
    """A patient's appointments: upcoming ones soonest first, others latest first."""
    return appointments_of(
        patient_id=patient_id,
        now=now,
        when=when,
        statuses=statuses,
        page=page,
        page_size=page_size,
    )


def appointments_of(
    *,
    now: datetime,
    patient_id: PatientId | None = None,
    practitioner_id: PractitionerId | None = None,
    when: str = "all",
    statuses: Sequence[AppointmentStatus] = (),
    page: int = 1,
    page_size: int = 25,
) -> Page:
    """The appointments of a patient or a provider, in the order of `appointments_of_patient`."""
    conditions: list[ColumnElement[bool]] = []
    if patient_id is not None:
        conditions.append(Appointment.patient_id == patient_id)
    if practitioner_id is not None:
        conditions.append(Appointment.practitioner_id == practitioner_id)
    open_now = [AppointmentStatus.PENDING, AppointmentStatus.CONFIRMED]
    present = [*open_now, AppointmentStatus.CHECKED_IN, AppointmentStatus.IN_PROGRESS]
    is_upcoming = (Appointment.ends_at > now) & Appointment.status.in_(present)
    if when == "upcoming":
        conditions.append(is_upcoming)
    elif when == "past":
        conditions.append(~is_upcoming)
    if statuses:
        conditions.append(Appointment.status.in_([str(status) for status in statuses]))
    order = Appointment.starts_at if when == "upcoming" else Appointment.starts_at.desc()
    return _page(conditions, order, page, page_size)


def _page(conditions: Iterable[ColumnElement[bool]], order: Any, page: int, page_size: int) -> Page:
    wanted = list(conditions)
    capped = select(Appointment.id).where(*wanted).limit(COUNT_CAP).subquery()
    count = session().scalar(select(func.count()).select_from(capped)) or 0
    rows = _views(
        _rows()
        .where(*wanted)
        .order_by(order, Appointment.id)
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    return Page(rows, count, page, page_size)


def appointments_between(
    period: Period,
    *,
    practitioner_ids: Sequence[PractitionerId] | None = None,
    patient_id: PatientId | None = None,
    statuses: Sequence[AppointmentStatus] = (),
    type_code: str | None = None,
    limit: int = CALENDAR_CAP,
) -> list[AppointmentView]:
    """The appointments that start in the period, by start, for calendars and day lists."""
    statement = _rows().where(
        Appointment.starts_at >= period.starts_at, Appointment.starts_at < period.ends_at
    )
    if practitioner_ids is not None:
        statement = statement.where(Appointment.practitioner_id.in_(practitioner_ids))
    if patient_id is not None:
        statement = statement.where(Appointment.patient_id == patient_id)
    if statuses:
        statement = statement.where(Appointment.status.in_([str(status) for status in statuses]))
    if type_code is not None:
        statement = statement.where(func.lower(AppointmentType.code) == type_code.strip().lower())
    return _views(statement.order_by(Appointment.starts_at, Appointment.id).limit(limit))


def appointments_by_ids(ids: Iterable[AppointmentId]) -> dict[AppointmentId, AppointmentView]:
    """These appointments by key."""
    return {one.id: one for one in _views(_rows().where(Appointment.id.in_(list(ids))))}


def appointments_of_series(series_id: int) -> list[AppointmentView]:
    """The visits of a series by their number; one that was moved shows where it is now (SCH-32)."""
    return _views(
        _rows()
        .where(Appointment.series_id == series_id, Appointment.successor_id.is_(None))
        .order_by(Appointment.series_number, Appointment.id)
    )


def waiting_for_approval(*, limit: int = 100) -> list[AppointmentView]:
    """Requests that nobody has answered, soonest visit first."""
    return _views(
        _rows()
        .where(Appointment.status == AppointmentStatus.PENDING)
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(limit)
    )


def needing_rebooking(*, limit: int = 100) -> list[AppointmentView]:
    """Visits that a changed schedule no longer covers, soonest first (SCH-19)."""
    return _views(
        _rows()
        .where(Appointment.needs_rebooking)
        .order_by(Appointment.starts_at, Appointment.id)
        .limit(limit)
    )


def counts_by_status(period: Period) -> dict[AppointmentStatus, int]:
    """How many visits of the period have each status."""
    rows = session().execute(
        select(Appointment.status, func.count())
        .where(Appointment.starts_at >= period.starts_at, Appointment.starts_at < period.ends_at)
        .group_by(Appointment.status)
    )
    return {AppointmentStatus(status): count for status, count in rows}


def count_needing_rebooking() -> int:
    """How many visits wait for another time, counted up to 10,000."""
    capped = select(Appointment.id).where(Appointment.needs_rebooking).limit(COUNT_CAP).subquery()
    return session().scalar(select(func.count()).select_from(capped)) or 0


def count_pending() -> int:
    """How many requests wait for an answer, counted up to 10,000."""
    capped = (
        select(Appointment.id)
        .where(Appointment.status == AppointmentStatus.PENDING)
        .limit(COUNT_CAP)
        .subquery()
    )
    return session().scalar(select(func.count()).select_from(capped)) or 0


def history(appointment_id: AppointmentId) -> list[EventView]:
    """What happened to an appointment and to those that it came from, oldest first."""
    chain = (
        select(Appointment.id, Appointment.uid).where(Appointment.id == appointment_id).subquery()
    )
    same = aliased(Appointment)
    rows = session().execute(
        select(
            AppointmentEvent.at,
            AppointmentEvent.actor_name,
            AppointmentEvent.actor_role,
            AppointmentEvent.channel,
            AppointmentEvent.on_behalf,
            AppointmentEvent.from_status,
            AppointmentEvent.to_status,
            AppointmentEvent.reason,
            AppointmentEvent.starts_at,
        )
        .join(same, same.id == AppointmentEvent.appointment_id)
        .join(chain, chain.c.uid == same.uid)
        .where(same.id <= chain.c.id)
        .order_by(AppointmentEvent.id)
        .limit(200)
    )
    return [EventView(*row) for row in rows]


def mails_about_visit(visit: AppointmentView) -> list[SentMail]:
    """What became of the e-mails about a visit and those that it came from."""
    events = [f"appointment.{template.value}" for template in Template]
    return notifications.mails_about(f"appointment/{visit.uid}", events=events)
