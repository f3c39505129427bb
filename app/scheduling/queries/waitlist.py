"""The waiting list as screens, messages and the JSON interface show it (SCH-31)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, extract, func, or_, select
from sqlalchemy.orm import aliased

from app.infra.db import session
from app.kernel.ids import AppointmentId, PatientId, PractitionerId
from app.kernel.period import Period
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling.models import (
    Appointment,
    AppointmentType,
    GroupSession,
    Hold,
    Practitioner,
    Seat,
    TypeNeed,
    WaitlistEntry,
)
from app.scheduling.queries.wishes_met import meets
from app.scheduling.rules.sessions import SEATS_ARE_KEPT
from app.scheduling.rules.waitlist import OPEN_ENTRY, EntryStatus, HoldStatus, WaitingTimes

MOST_CANDIDATES = 200
MOST_LAPSED = 500
COUNT_CAP = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """A time that is or was kept for somebody on the waiting list."""

    id: int
    entry_id: int
    status: HoldStatus
    starts_at: datetime
    ends_at: datetime
    campus: str
    expires_at: datetime
    released_by_id: AppointmentId | None
    appointment_id: AppointmentId | None
    practitioner_id: PractitionerId
    provider: str
    provider_name: str
    type_id: int
    type: str
    type_name: str
    reason: str
    session_id: int | None
    session_title: str | None
    session_status: str | None
    seat_id: int | None
    patient: PatientCard

    @property
    def period(self) -> Period:
        """When the visit would take place."""
        return Period(self.starts_at, self.ends_at)

    @property
    def is_taken(self) -> bool:
        """Whether a visit or a seat came of it."""
        return self.status is HoldStatus.ACCEPTED

    def is_open_at(self, now: datetime) -> bool:
        """Whether the time is kept still; a seat only while its session takes place."""
        is_on = self.session_status is None or self.session_status in SEATS_ARE_KEPT
        return self.status is HoldStatus.OPEN and now < self.expires_at and is_on


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryView:
    """One entry, with the time that is kept for it at present."""

    id: int
    status: EntryStatus
    status_since: datetime
    type: str
    type_name: str
    provider: str | None
    provider_name: str | None
    times: WaitingTimes
    reason: str
    created_at: datetime
    appointment_id: AppointmentId | None
    session_id: int | None
    offer_id: int | None
    offer_starts_at: datetime | None
    offer_provider: str | None
    offer_expires_at: datetime | None
    patient: PatientCard

    @property
    def is_open(self) -> bool:
        """Whether somebody waits for it still."""
        return self.status in OPEN_ENTRY

    @property
    def is_any_time(self) -> bool:
        """Whether every time of day will do."""
        return self.times.earliest == time(0) and self.times.latest >= time(23, 59)


@dataclass(frozen=True, slots=True)
class EntryPage:
    """One page of a list, and how many there are (counted up to 10,000)."""

    results: list[EntryView]
    count: int
    page: int
    page_size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """Somebody who may be offered a freed time."""

    entry_id: int
    patient_id: PatientId
    type_id: int
    times: WaitingTimes


@dataclass(frozen=True, slots=True)
class Recovered:
    """Hours of a month that went to somebody on the waiting list instead of nobody."""

    month: date
    type_name: str
    visits: int
    hours: float


def _entries() -> Select[Any]:
    offering = aliased(Practitioner)
    rows: Any = (
        select(
            WaitlistEntry,
            AppointmentType.code,
            AppointmentType.name,
            Practitioner.university_id,
            Practitioner.name.label("provider_name"),
            Hold.id.label("offer_id"),
            Hold.starts_at.label("offer_starts_at"),
            offering.university_id.label("offer_provider"),
            Hold.expires_at.label("offer_expires_at"),
            Seat.session_id,
        )
        .join(AppointmentType, AppointmentType.id == WaitlistEntry.type_id)
        .outerjoin(Practitioner, Practitioner.id == WaitlistEntry.practitioner_id)
        .outerjoin(
            Hold, and_(Hold.entry_id == WaitlistEntry.id, Hold.status == HoldStatus.OPEN.value)
        )
        .outerjoin(offering, offering.id == Hold.practitioner_id)
        .outerjoin(Seat, Seat.id == WaitlistEntry.seat_id)
        .execution_options(populate_existing=True)
    )
    return cast(Select[Any], rows)


def entries(
    *,
    statuses: Sequence[EntryStatus] = (),
    patient_id: PatientId | None = None,
    type_code: str | None = None,
    page: int = 1,
    page_size: int = 25,
) -> EntryPage:
    """Entries, who came first first; a patient's own open ones first, then the latest.

    Three statements for any number.
    """
    conditions: list[Any] = []
    if statuses:
        conditions.append(WaitlistEntry.status.in_([one.value for one in statuses]))
    if patient_id is not None:
        conditions.append(WaitlistEntry.patient_id == patient_id)
    if type_code:
        conditions.append(func.lower(AppointmentType.code) == type_code.lower())
    found = _entries().where(*conditions)
    capped = (
        select(WaitlistEntry.id)
        .join(AppointmentType, AppointmentType.id == WaitlistEntry.type_id)
        .where(*conditions)
        .limit(COUNT_CAP)
    )
    count = session().scalar(select(func.count()).select_from(capped.subquery())) or 0
    ordered = found.order_by(WaitlistEntry.created_at, WaitlistEntry.id)
    if patient_id is not None:
        is_over = WaitlistEntry.status.not_in([one.value for one in OPEN_ENTRY])
        ordered = found.order_by(is_over, WaitlistEntry.id.desc())
    rows = session().execute(ordered.offset((page - 1) * page_size).limit(page_size)).all()
    return EntryPage(_views(rows), count, page, page_size)


def entry(entry_id: int) -> EntryView | None:
    """One entry."""
    found = _views(session().execute(_entries().where(WaitlistEntry.id == entry_id)).all())
    return found[0] if found else None


def _views(rows: Sequence[Any]) -> list[EntryView]:
    cards = patients.patients_by_ids({PatientId(row.WaitlistEntry.patient_id) for row in rows})
    return [_view(row, cards) for row in rows]


def _view(row: Any, cards: dict[PatientId, PatientCard]) -> EntryView:
    kept = row.WaitlistEntry
    return EntryView(
        id=kept.id,
        status=EntryStatus(kept.status),
        status_since=kept.status_since,
        type=row.code,
        type_name=row.name,
        provider=row.university_id,
        provider_name=row.provider_name,
        times=_times(kept),
        reason=kept.reason,
        created_at=kept.created_at,
        appointment_id=kept.appointment_id,
        session_id=row.session_id,
        offer_id=row.offer_id,
        offer_starts_at=row.offer_starts_at,
        offer_provider=row.offer_provider,
        offer_expires_at=row.offer_expires_at,
        patient=cards[PatientId(kept.patient_id)],
    )


def _times(row: Any) -> WaitingTimes:
    return WaitingTimes(
        first_day=row.first_day, last_day=row.last_day, earliest=row.earliest, latest=row.latest
    )


def locked_status(entry_id: int) -> EntryStatus | None:
    """The status of an entry, which nobody else changes until the transaction ends.

    Whoever changes an entry or one of its offers locks the entry first.
    """
    status = session().scalar(
        select(WaitlistEntry.status).where(WaitlistEntry.id == entry_id).with_for_update()
    )
    return EntryStatus(status) if status else None


def is_waiting_for(patient_id: PatientId, type_id: int) -> bool:
    """Whether the patient has an open entry for this type."""
    statement = select(WaitlistEntry.id).where(
        WaitlistEntry.patient_id == patient_id,
        WaitlistEntry.type_id == type_id,
        WaitlistEntry.status.in_([one.value for one in OPEN_ENTRY]),
    )
    return session().scalar(statement) is not None


def candidates(practitioner_id: int, *, first: date, last: date, zone: ZoneInfo) -> list[Candidate]:
    """Who may take a time of this provider on these days: first come, first served.

    Not those who have booked such a visit since.
    """
    has_visit = select(Appointment.id).where(meets(zone)).correlate(WaitlistEntry)
    rows = session().scalars(
        select(WaitlistEntry)
        .join(AppointmentType, AppointmentType.id == WaitlistEntry.type_id)
        .join(Practitioner, Practitioner.kind == func.any(AppointmentType.provider_kinds))
        .where(
            WaitlistEntry.status == EntryStatus.WAITING.value,
            AppointmentType.is_active,
            ~has_visit.exists(),
            Practitioner.id == practitioner_id,
            or_(
                WaitlistEntry.practitioner_id.is_(None),
                WaitlistEntry.practitioner_id == practitioner_id,
            ),
            WaitlistEntry.first_day <= last,
            WaitlistEntry.last_day >= first,
        )
        .order_by(WaitlistEntry.created_at, WaitlistEntry.id)
        .limit(MOST_CANDIDATES)
        .execution_options(populate_existing=True)
    )
    return [candidate_of(row) for row in rows]


def candidate_of(row: WaitlistEntry) -> Candidate:
    """An entry as somebody who may be offered something."""
    return Candidate(
        entry_id=row.id,
        patient_id=PatientId(row.patient_id),
        type_id=row.type_id,
        times=_times(row),
    )


def last_day_waited_for() -> date | None:
    """The last day that anybody on the list waits for; None when nobody does."""
    return session().scalar(
        select(func.max(WaitlistEntry.last_day)).where(
            WaitlistEntry.status.in_([one.value for one in OPEN_ENTRY])
        )
    )


def providers_waited_for(category: str) -> list[int]:
    """Active providers of the kinds of visits that somebody waits for and that need this."""
    kinds = (
        select(AppointmentType.id)
        .join(WaitlistEntry, WaitlistEntry.type_id == AppointmentType.id)
        .join(TypeNeed, TypeNeed.type_id == AppointmentType.id)
        .where(
            TypeNeed.category == category,
            WaitlistEntry.status.in_([one.value for one in OPEN_ENTRY]),
            Practitioner.kind == func.any(AppointmentType.provider_kinds),
        )
    )
    statement = select(Practitioner.id).where(Practitioner.is_active, kinds.exists())
    return list(session().scalars(statement.order_by(Practitioner.id)))


def offered_before(entry_id: int, practitioner_id: int) -> list[Period]:
    """The times of a provider that this entry was offered already."""
    rows = session().execute(
        select(Hold.starts_at, Hold.ends_at).where(
            Hold.entry_id == entry_id, Hold.practitioner_id == practitioner_id
        )
    )
    return [Period(row.starts_at, row.ends_at) for row in rows]


def offer(offer_id: int) -> OfferView | None:
    """One offer."""
    row = session().execute(_offers().where(Hold.id == offer_id)).one_or_none()
    if row is None:
        return None
    values = dict(row._mapping)
    card = patients.patient_card(PatientId(values.pop("patient_id")))
    if card is None:
        raise LookupError(f"the patient of offer {offer_id} is gone")
    return OfferView(**values | {"status": HoldStatus(values["status"])}, patient=card)


def _offers() -> Select[Any]:
    rows: Any = (
        select(
            Hold.id,
            Hold.entry_id,
            Hold.status,
            Hold.starts_at,
            Hold.ends_at,
            Hold.campus,
            Hold.expires_at,
            Hold.released_by_id,
            Hold.appointment_id,
            Hold.practitioner_id,
            Practitioner.university_id.label("provider"),
            Practitioner.name.label("provider_name"),
            WaitlistEntry.type_id,
            AppointmentType.code.label("type"),
            AppointmentType.name.label("type_name"),
            WaitlistEntry.reason,
            WaitlistEntry.patient_id,
            Hold.session_id,
            GroupSession.title.label("session_title"),
            GroupSession.status.label("session_status"),
            Hold.seat_id,
        )
        .join(WaitlistEntry, WaitlistEntry.id == Hold.entry_id)
        .join(AppointmentType, AppointmentType.id == WaitlistEntry.type_id)
        .join(Practitioner, Practitioner.id == Hold.practitioner_id)
        .outerjoin(GroupSession, GroupSession.id == Hold.session_id)
    )
    return cast(Select[Any], rows)


def lapsed_offers(now: datetime) -> list[int]:
    """Open offers whose time is over, or whose session is, the oldest first."""
    is_off = GroupSession.status.not_in(sorted(SEATS_ARE_KEPT))
    statement = (
        select(Hold.id)
        .outerjoin(GroupSession, GroupSession.id == Hold.session_id)
        .where(
            Hold.status == HoldStatus.OPEN.value,
            or_(Hold.expires_at <= now, is_off),
            Hold.entry_id.is_not(None),
        )
        .order_by(Hold.expires_at, Hold.id)
        .limit(MOST_LAPSED)
    )
    return list(session().scalars(statement))


def hours_recovered(zone: ZoneInfo, *, since: datetime) -> list[Recovered]:
    """Accepted offers by the month of the visit and the kind, the latest month first.

    Seats are left out: the hours of their session take place with them or without.
    """
    month = func.date_trunc("month", func.timezone(zone.key, Hold.starts_at)).label("month")
    seconds = func.sum(extract("epoch", Hold.ends_at - Hold.starts_at))
    rows = session().execute(
        select(month, AppointmentType.name, func.count(), seconds)
        .join(WaitlistEntry, WaitlistEntry.id == Hold.entry_id)
        .join(AppointmentType, AppointmentType.id == WaitlistEntry.type_id)
        .where(
            Hold.status == HoldStatus.ACCEPTED.value,
            Hold.starts_at >= since,
            Hold.session_id.is_(None),
        )
        .group_by(month, AppointmentType.name)
        .order_by(month.desc(), AppointmentType.name)
    )
    return [
        Recovered(start.date(), name, count, float(Decimal(total) / 3600))
        for start, name, count, total in rows
    ]
