"""Visits as screens, devices and messages show them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from app.infra.db import session
from app.kernel.ids import AppointmentId, PatientId, PractitionerId
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling.queries import types
from app.visits import rules
from app.visits.models import Visit, VisitEvent
from app.visits.rules import Turn, VisitStatus, VisitStep

LONGEST_DAY = 2_000
SHOWN_NEXT = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitView:
    """One visit with the names that people know it by."""

    id: int
    token: str
    status: VisitStatus
    status_since: datetime
    type_id: int
    type: str
    type_name: str
    colour: str
    planned: timedelta
    practitioner_id: PractitionerId | None
    provider: str
    provider_name: str
    patient_id: PatientId
    patient: PatientCard
    appointment_id: AppointmentId | None
    campus: str
    on_date: date
    priority: int
    priority_reason: str
    reason: str
    place: str
    skips: int
    due_at: datetime
    arrived_at: datetime
    called_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    ended_reason: str
    channel: str
    version: int
    entered_late_at: datetime | None
    paper_number: int | None

    @property
    def paper(self) -> str:
        """The number of the paper form that a late entry comes from, or nothing."""
        return rules.paper_text(self.paper_number) if self.paper_number is not None else ""

    @property
    def is_walk_in(self) -> bool:
        """Whether the patient came without an appointment."""
        return self.appointment_id is None

    @property
    def priority_name(self) -> str:
        """Emergency, Urgent or Routine."""
        return rules.PRIORITIES[self.priority]

    @property
    def turn(self) -> Turn:
        """What decides when the patient is called."""
        missed_at = self.called_at if self.skips else None
        return Turn(id=self.id, priority=self.priority, due_at=self.due_at, missed_at=missed_at)


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A visit of the day with its place in the line; None for who is not waiting."""

    visit: VisitView
    position: int | None
    wait: timedelta | None

    @property
    def wait_text(self) -> str:
        """About 20 minutes."""
        return rules.wait_in_words(self.wait) if self.wait is not None else ""


@dataclass(frozen=True, slots=True)
class CalledToken:
    """What the wall shows. Never a name (SCH-33)."""

    token: str
    place: str
    called_at: datetime


@dataclass(frozen=True, slots=True)
class Board:
    """The wall: who is called now, the latest first, and the numbers that come next."""

    called: list[CalledToken]
    next: list[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one patient stands; `position` 1 is the next, None is not waiting (any more)."""

    token: str
    status: VisitStatus
    position: int | None
    wait: timedelta | None
    place: str

    @property
    def wait_text(self) -> str:
        """About 20 minutes."""
        return rules.wait_in_words(self.wait) if self.wait is not None else ""


def _rows() -> Select[Any]:
    return select(Visit).options(joinedload(Visit.type), joinedload(Visit.practitioner))


def _views(statement: Select[Any]) -> list[VisitView]:
    """The visits with their patients' names: two statements for any number."""
    rows = session().scalars(statement.execution_options(populate_existing=True)).all()
    cards = patients.patients_by_ids({PatientId(row.patient_id) for row in rows})
    return [_view(row, cards[PatientId(row.patient_id)]) for row in rows]


def _view(row: Visit, patient: PatientCard) -> VisitView:
    provider = row.practitioner
    return VisitView(
        id=row.id,
        token=row.token,
        status=VisitStatus(row.status),
        status_since=row.status_since,
        type_id=row.type_id,
        type=row.type.code,
        type_name=row.type.name,
        colour=row.type.colour,
        planned=timedelta(minutes=row.type.duration_minutes),
        practitioner_id=PractitionerId(provider.id) if provider else None,
        provider=provider.university_id if provider else "",
        provider_name=provider.name if provider else "",
        patient_id=PatientId(row.patient_id),
        patient=patient,
        appointment_id=AppointmentId(row.appointment_id) if row.appointment_id else None,
        campus=row.campus,
        on_date=row.on_date,
        priority=row.priority,
        priority_reason=row.priority_reason,
        reason=row.reason,
        place=row.place,
        skips=row.skips,
        due_at=row.due_at,
        arrived_at=row.arrived_at,
        called_at=row.called_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        ended_reason=row.ended_reason,
        channel=row.channel,
        version=row.version,
        entered_late_at=row.entered_late_at,
        paper_number=row.paper_number,
    )


def visit(visit_id: int) -> VisitView | None:
    """One visit."""
    found = _views(_rows().where(Visit.id == visit_id))
    return found[0] if found else None


def known_visit(visit_id: int) -> VisitView:
    """A visit that was there before; nothing is ever deleted."""
    return _views(_rows().where(Visit.id == visit_id))[0]


def visit_of_appointment(appointment_id: AppointmentId) -> VisitView | None:
    """The visit that an appointment's check-in opened, unless it was undone."""
    found = _views(
        _rows().where(Visit.appointment_id == appointment_id, Visit.status != VisitStatus.VOID)
    )
    return found[0] if found else None


def open_visit_of_patient(patient_id: PatientId) -> VisitView | None:
    """The visit that has not ended; a patient has one at a time."""
    found = _views(
        _rows().where(Visit.patient_id == patient_id, Visit.status.in_(rules.IS_HERE)).limit(1)
    )
    return found[0] if found else None


def visit_of_patient_today(patient_id: PatientId, on_date: date) -> VisitView | None:
    """The patient's visit of this day: the open one, else the latest."""
    found = _views(
        _rows()
        .where(
            Visit.patient_id == patient_id,
            Visit.on_date == on_date,
            Visit.status != VisitStatus.VOID,
        )
        .order_by(Visit.status.in_(rules.IS_HERE).desc(), Visit.id.desc())
        .limit(1)
    )
    return found[0] if found else None


def visits_of_day(
    on_date: date,
    *,
    campus: str = "",
    type_id: int | None = None,
    patient_id: PatientId | None = None,
    statuses: Sequence[VisitStatus] = (),
) -> list[VisitView]:
    """The visits of a day by arrival; all clinics without a campus."""
    statement = _rows().where(Visit.on_date == on_date, Visit.status != VisitStatus.VOID)
    if campus:
        statement = statement.where(Visit.campus == campus)
    if type_id is not None:
        statement = statement.where(Visit.type_id == type_id)
    if patient_id is not None:
        statement = statement.where(Visit.patient_id == patient_id)
    if statuses:
        statement = statement.where(Visit.status.in_(statuses))
    return _views(statement.order_by(Visit.arrived_at, Visit.id).limit(LONGEST_DAY))


def queue(on_date: date, campus: str = "", type_code: str | None = None) -> list[QueueEntry]:
    """Everybody of the day: who waits in the order of the rule, by service, then the others."""
    wanted = types.bookable_type(type_code) if type_code is not None else None
    if type_code is not None and wanted is None:
        return []
    visits = visits_of_day(on_date, campus=campus, type_id=wanted.id if wanted else None)
    by_type: dict[int, list[VisitView]] = {}
    for one in visits:
        by_type.setdefault(one.type_id, []).append(one)
    measured = _measured(list(by_type))
    return [
        entry
        for type_id, those in sorted(by_type.items(), key=lambda item: item[1][0].type_name)
        for entry in entries_of(those, measured.get(type_id, []))
    ]


def entries_of(visits: Sequence[VisitView], measured: Sequence[timedelta]) -> list[QueueEntry]:
    """The line of one service: the called and started ones, those waiting, then the ended."""
    known = {one.id: one for one in visits}
    waiting = waiting_in_order(visits)
    place = {key: number for number, key in enumerate(waiting)}
    rank = {VisitStatus.IN_PROGRESS: 0, VisitStatus.CALLED: 1, VisitStatus.ON_HOLD: 3}
    others = [one for one in visits if one.id not in place]
    others.sort(key=lambda one: (rank.get(one.status, 4), one.status_since, one.id))
    ahead = [one for one in others if rank.get(one.status, 4) < 2]
    later = [one for one in others if one not in ahead]
    providers = at_work(visits)
    entries = [QueueEntry(one, None, None) for one in ahead]
    for key in waiting:
        one = known[key]
        wait = rules.predicted_wait(
            place[key], measured=measured, planned=one.planned, at_work=providers
        )
        entries.append(QueueEntry(one, place[key] + 1, wait))
    return entries + [QueueEntry(one, None, None) for one in later]


def waiting_in_order(visits: Iterable[VisitView]) -> list[int]:
    """The keys of who waits for one service, the next one first (SCH-33)."""
    those = list(visits)
    calls = [one.called_at for one in those if one.called_at is not None]
    return rules.in_order([one.turn for one in those if one.status is VisitStatus.WAITING], calls)


def at_work(visits: Iterable[VisitView]) -> int:
    """How many providers have called or see somebody today."""
    return len(
        {
            one.practitioner_id
            for one in visits
            if one.practitioner_id is not None and (one.called_at or one.started_at)
        }
    )


def _measured(type_ids: Sequence[int]) -> dict[int, list[timedelta]]:
    """How long the last 20 visits of each service took."""
    if not type_ids:
        return {}
    number = func.row_number().over(partition_by=Visit.type_id, order_by=Visit.ended_at.desc())
    latest = (
        select(Visit.type_id, Visit.started_at, Visit.ended_at, number.label("number"))
        .where(
            Visit.type_id.in_(type_ids),
            Visit.status == VisitStatus.COMPLETED,
            Visit.started_at.is_not(None),
            Visit.ended_reason == "",
            Visit.entered_late_at.is_(None),  # times on paper are rounded
        )
        .subquery()
    )
    rows = session().execute(
        select(latest.c.type_id, latest.c.started_at, latest.c.ended_at).where(
            latest.c.number <= rules.MEASURED
        )
    )
    found: dict[int, list[timedelta]] = {}
    for type_id, started_at, ended_at in rows:
        found.setdefault(type_id, []).append(ended_at - started_at)
    return found


def board(on_date: date, campus: str = "") -> Board:
    """The wall display of a clinic, without names (SCH-33)."""
    entries = queue(on_date, campus)
    called = sorted(
        (one.visit for one in entries if one.visit.status is VisitStatus.CALLED),
        key=lambda one: one.status_since,
        reverse=True,
    )
    waiting = [one for one in entries if one.position is not None]
    waiting.sort(key=lambda one: (one.position or 0, one.visit.due_at))
    return Board(
        [CalledToken(one.token, one.place, one.status_since) for one in called],
        [one.visit.token for one in waiting[:SHOWN_NEXT]],
    )


def position_and_wait(visit_id: int) -> Standing | None:
    """Where a patient stands now; None for a visit that does not exist."""
    own = visit(visit_id)
    if own is None:
        return None
    visits = visits_of_day(own.on_date, campus=own.campus, type_id=own.type_id)
    entries = entries_of(visits, _measured([own.type_id]).get(own.type_id, []))
    entry = next((one for one in entries if one.visit.id == visit_id), None)
    return Standing(
        own.token,
        own.status,
        entry.position if entry else None,
        entry.wait if entry else None,
        own.place,
    )


def numbers_of(on_date: date) -> dict[str, int]:
    """How many visits of the day wait, are in progress, were seen or left, and walked in."""
    rows = session().execute(
        select(Visit.status, Visit.appointment_id.is_(None), func.count())
        .where(Visit.on_date == on_date, Visit.status != VisitStatus.VOID)
        .group_by(Visit.status, Visit.appointment_id.is_(None))
    )
    numbers = {"waiting": 0, "in_progress": 0, "seen": 0, "left": 0, "walk_ins": 0}
    names = {VisitStatus.IN_PROGRESS: "in_progress", VisitStatus.COMPLETED: "seen"}
    names[VisitStatus.LEFT] = "left"
    for status, is_walk_in, count in rows:
        numbers[names.get(VisitStatus(status), "waiting")] += count
        numbers["walk_ins"] += count if is_walk_in else 0
    return numbers


@dataclass(frozen=True, slots=True)
class StepView:
    """One line of a visit's history."""

    at: datetime
    actor_name: str
    step: str
    from_status: str | None
    to_status: str
    reason: str


def events_of(visit_id: int) -> list[StepView]:
    """What happened to a visit, oldest first."""
    rows = session().execute(
        select(
            VisitEvent.at,
            VisitEvent.actor_name,
            VisitEvent.step,
            VisitEvent.from_status,
            VisitEvent.to_status,
            VisitEvent.reason,
        )
        .where(VisitEvent.visit_id == visit_id)
        .order_by(VisitEvent.id)
        .limit(200)
    )
    return [StepView(*row) for row in rows]


def was_called_by(visit_id: int, user_id: int, *, since: datetime) -> bool:
    """Whether this person called the visit lately, and it still is called."""
    found = session().scalar(
        select(VisitEvent.id)
        .join(Visit, Visit.id == VisitEvent.visit_id)
        .where(
            VisitEvent.visit_id == visit_id,
            VisitEvent.actor_id == user_id,
            VisitEvent.step == VisitStep.CALL.value,
            VisitEvent.at >= since,
            Visit.status == VisitStatus.CALLED.value,
        )
        .limit(1)
    )
    return found is not None


def forgotten(today: date) -> list[VisitView]:
    """Who is still in the queue of an earlier day."""
    return _views(
        _rows()
        .where(Visit.on_date < today, Visit.status.in_(rules.IS_HERE))
        .order_by(Visit.id)
        .limit(LONGEST_DAY)
    )
