"""Group sessions and their seats, for screens and use cases (SCH-04)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Select, func, select, text
from sqlalchemy.orm import aliased

from app.infra.db import session as database
from app.kernel.ids import PatientId
from app.kernel.period import Period
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling.models import (
    AppointmentType,
    GroupSession,
    Practitioner,
    Resource,
    Seat,
    SeatStation,
    SessionCohort,
    SessionStation,
)
from app.scheduling.rules.sessions import Cohort, SeatStatus, SessionStatus

MOST_SESSIONS = 200
# The two constraints of the claims, asked beforehand so that a sentence can say what is there.
IN_THE_WAY = text(
    """
    SELECT resource_kind, starts_at, appointment_id FROM scheduling_claim
    WHERE active AND (resource_kind, resource_id) IN (
            SELECT * FROM unnest(CAST(:kinds AS integer[]), CAST(:keys AS bigint[])))
      AND (expires_at IS NULL OR expires_at > :now)
      AND (CAST(:session_id AS integer) IS NULL OR session_id IS DISTINCT FROM :session_id)
      AND ((starts_at < :held_until AND held_until > :starts_at)
           OR (held_from < :ends_at AND ends_at > :held_from))
    ORDER BY starts_at LIMIT 20
    """
)
BUSY = text(
    """
    SELECT DISTINCT resource_id FROM scheduling_claim
    WHERE active AND resource_kind = 2 AND resource_id = ANY (CAST(:ids AS bigint[]))
      AND starts_at < :ends_at AND ends_at > :starts_at
      AND (expires_at IS NULL OR expires_at > :now)
    """
)


@dataclass(frozen=True, slots=True)
class SessionView:
    """A group session as pages show it."""

    id: int
    type_id: int
    type: str
    type_name: str
    colour: str
    practitioner_id: int
    provider: str
    provider_name: str
    provider_user_id: int
    resource_id: int | None
    room: str | None
    title: str
    starts_at: datetime
    ends_at: datetime
    campus: str
    capacity: int
    taken: int
    status: SessionStatus
    opens_at: datetime
    note: str
    version: int

    @property
    def period(self) -> Period:
        """When it takes place."""
        return Period(self.starts_at, self.ends_at)

    @property
    def free(self) -> int:
        """How many seats are left."""
        return self.capacity - self.taken


@dataclass(frozen=True, slots=True)
class SeatView:
    """A seat with its patient and the stations that were passed, by position."""

    id: int
    session_id: int
    patient: PatientCard
    status: SeatStatus
    booked_at: datetime
    passed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class StationView:
    """A station of a session."""

    id: int
    position: int
    name: str


def _rows() -> Select[Any]:
    room = aliased(Resource)
    rows = (
        select(
            GroupSession.id,
            GroupSession.type_id,
            AppointmentType.code.label("type"),
            AppointmentType.name.label("type_name"),
            AppointmentType.colour,
            GroupSession.practitioner_id,
            Practitioner.university_id.label("provider"),
            Practitioner.name.label("provider_name"),
            Practitioner.user_id.label("provider_user_id"),
            GroupSession.resource_id,
            room.name.label("room"),
            GroupSession.title,
            GroupSession.starts_at,
            GroupSession.ends_at,
            GroupSession.campus,
            GroupSession.capacity,
            GroupSession.taken,
            GroupSession.status,
            GroupSession.opens_at,
            GroupSession.note,
            GroupSession.version,
        )
        .join(AppointmentType, AppointmentType.id == GroupSession.type_id)
        .join(Practitioner, Practitioner.id == GroupSession.practitioner_id)
        .outerjoin(room, room.id == GroupSession.resource_id)
    )
    return cast(Select[Any], rows)


def _views(statement: Select[Any]) -> list[SessionView]:
    rows = (dict(row._mapping) for row in database().execute(statement))
    return [SessionView(**row | {"status": SessionStatus(row["status"])}) for row in rows]


def group_session(session_id: int) -> SessionView | None:
    """One session."""
    return next(iter(_views(_rows().where(GroupSession.id == session_id))), None)


def sessions_between(
    since: datetime,
    until: datetime,
    *,
    practitioner_ids: Sequence[int] | None = None,
    type_code: str | None = None,
    with_cancelled: bool = True,
) -> list[SessionView]:
    """Sessions that touch the time, soonest first; of everybody and every type unless named."""
    conditions = [GroupSession.ends_at > since, GroupSession.starts_at < until]
    if practitioner_ids is not None:
        conditions.append(GroupSession.practitioner_id.in_(practitioner_ids))
    if type_code:
        conditions.append(func.lower(AppointmentType.code) == type_code.lower())
    if not with_cancelled:
        conditions.append(GroupSession.status != SessionStatus.CANCELLED.value)
    return _views(
        _rows()
        .where(*conditions)
        .order_by(GroupSession.starts_at, GroupSession.id)
        .limit(MOST_SESSIONS)
    )


def sessions_to_come(now: datetime) -> list[SessionView]:
    """Sessions that are neither over nor settled, soonest first."""
    return _views(
        _rows()
        .where(GroupSession.ends_at > now, GroupSession.status.in_(("open", "closed")))
        .order_by(GroupSession.starts_at, GroupSession.id)
        .limit(MOST_SESSIONS)
    )


def sessions_settled(now: datetime) -> list[SessionView]:
    """Sessions that are over, done or cancelled, latest first."""
    return _views(
        _rows()
        .where((GroupSession.ends_at <= now) | GroupSession.status.in_(("cancelled", "done")))
        .order_by(GroupSession.starts_at.desc(), GroupSession.id)
        .limit(MOST_SESSIONS)
    )


def other_open_sessions(type_id: int, *, besides: int, now: datetime) -> list[SessionView]:
    """Open sessions of a type with free seats, soonest first."""
    return _views(
        _rows()
        .where(
            GroupSession.type_id == type_id,
            GroupSession.id != besides,
            GroupSession.status == "open",
            GroupSession.starts_at > now,
            GroupSession.opens_at <= now,
            GroupSession.taken < GroupSession.capacity,
        )
        .order_by(GroupSession.starts_at)
        .limit(3)
    )


def cohorts_of(session_ids: Iterable[int]) -> dict[int, list[Cohort]]:
    """The cohorts of some sessions in one statement."""
    found: dict[int, list[Cohort]] = {}
    rows = database().execute(
        select(SessionCohort)
        .where(SessionCohort.session_id.in_(list(session_ids)))
        .order_by(SessionCohort.opens_at, SessionCohort.program, SessionCohort.year_level)
    )
    for row in rows.scalars():
        cohort = Cohort(row.opens_at, row.program, row.year_level)
        found.setdefault(row.session_id, []).append(cohort)
    return found


def stations_of(session_id: int) -> list[StationView]:
    """The stations in their order."""
    rows = database().execute(
        select(SessionStation.id, SessionStation.position, SessionStation.name)
        .where(SessionStation.session_id == session_id)
        .order_by(SessionStation.position)
    )
    return [StationView(*row) for row in rows]


def seats_of(session_id: int, *, with_cancelled: bool = False) -> list[SeatView]:
    """The seats of a session by name: three statements for any number."""
    wanted = select(Seat).where(Seat.session_id == session_id)
    if not with_cancelled:
        wanted = wanted.where(Seat.status != SeatStatus.CANCELLED)
    found = _seats(wanted)
    return sorted(found, key=lambda seat: (seat.patient.list_name.lower(), seat.id))


def seat(seat_id: int) -> SeatView | None:
    """One seat."""
    return next(iter(_seats(select(Seat).where(Seat.id == seat_id))), None)


def seat_of_patient(session_id: int, patient_id: PatientId) -> SeatView | None:
    """The patient's seat in a session that was not given up."""
    wanted = select(Seat).where(
        Seat.session_id == session_id,
        Seat.patient_id == patient_id,
        Seat.status != SeatStatus.CANCELLED,
    )
    return next(iter(_seats(wanted)), None)


def _seats(statement: Select[Seat]) -> list[SeatView]:
    rows = database().scalars(statement.execution_options(populate_existing=True)).all()
    cards = patients.patients_by_ids({PatientId(row.patient_id) for row in rows})
    passed = _passed([row.id for row in rows])
    return [
        SeatView(
            row.id,
            row.session_id,
            cards[PatientId(row.patient_id)],
            SeatStatus(row.status),
            row.booked_at,
            tuple(passed.get(row.id, ())),
        )
        for row in rows
    ]


def _passed(seat_ids: Sequence[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    if seat_ids:
        rows = database().execute(
            select(SeatStation.seat_id, SessionStation.position)
            .join(SessionStation, SessionStation.id == SeatStation.station_id)
            .where(SeatStation.seat_id.in_(seat_ids))
            .order_by(SessionStation.position)
        )
        for seat_id, position in rows:
            found.setdefault(seat_id, []).append(position)
    return found


def seats_of_patient(patient_id: PatientId, *, now: datetime) -> dict[int, SeatStatus]:
    """The sessions to come in which a patient has a seat, with what became of it."""
    rows = database().execute(
        select(Seat.session_id, Seat.status)
        .join(GroupSession, GroupSession.id == Seat.session_id)
        .where(
            Seat.patient_id == patient_id,
            Seat.status != SeatStatus.CANCELLED,
            GroupSession.ends_at > now,
        )
    )
    return {session_id: SeatStatus(status) for session_id, status in rows}


def coming_seats(patient_id: PatientId, *, now: datetime) -> list[SessionView]:
    """The sessions to come in which a patient has a seat, soonest first: one statement."""
    mine = select(Seat.session_id).where(
        Seat.patient_id == patient_id, Seat.status == SeatStatus.BOOKED
    )
    return _views(
        _rows()
        .where(GroupSession.id.in_(mine), GroupSession.ends_at > now)
        .order_by(GroupSession.starts_at)
        .limit(5)
    )


def in_the_way(values: dict[str, Any]) -> list[Any]:
    """The claims that overlap a session's time of its provider or room."""
    return list(database().execute(IN_THE_WAY, values))


def busy_patients(patient_ids: Sequence[int], period: Period, *, now: datetime) -> set[int]:
    """Which of these have something else at that time."""
    values = {
        "ids": list(patient_ids),
        "starts_at": period.starts_at,
        "ends_at": period.ends_at,
        "now": now,
    }
    return {row.resource_id for row in database().execute(BUSY, values)}


def proposed_capacity(type_id: int) -> int | None:
    """How many seats a new session of this type proposes."""
    return proposed_capacities().get(type_id)


def proposed_capacities() -> dict[int, int]:
    """How many seats a new session proposes, for each type that proposes any."""
    rows = database().execute(
        select(AppointmentType.id, AppointmentType.session_capacity).where(
            AppointmentType.session_capacity.is_not(None)
        )
    )
    return {row.id: row.session_capacity for row in rows}
