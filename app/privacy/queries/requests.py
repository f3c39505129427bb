"""Reads of requests and of the log."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select

from app.infra.db import session
from app.kernel.ids import PatientId, UserId
from app.privacy.errors import UnknownRequest
from app.privacy.models import Entry, RightsRequest
from app.privacy.rules import RequestKind, RequestStatus

PAGE = 25
MOST_SEARCHED = 5_000
ORDERS = {
    "due": RightsRequest.due_at,
    "kind": RightsRequest.kind,
    "received": RightsRequest.received_at,
    "status": RightsRequest.status,
}
FILTERS = ("open", "overdue", "mine", "done", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """One request as it is shown. Without the patient's name, which the services look up."""

    id: int
    kind: RequestKind
    status: RequestStatus
    patient_id: PatientId | None
    stranger_name: str
    contact: str
    wish: str
    received_at: datetime
    due_at: datetime
    registered_at: datetime
    registered_by: str
    channel: str
    assignee_id: UserId | None
    assignee: str
    ended_at: datetime | None
    ended_by: str
    outcome: str


@dataclass(frozen=True, slots=True)
class EntryView:
    """One line of a log."""

    at: datetime
    actor_name: str
    words: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which requests, in which order. Unknown words mean the first of their list (INP-01)."""

    filter: str = "open"
    order: str = "due"
    descending: bool = False
    mine: UserId | None = None


_COLUMNS = [getattr(RightsRequest, name) for name in RequestView.__dataclass_fields__]
_IS_OPEN = RightsRequest.ended_at.is_(None)


def _view(row: Any) -> RequestView:
    values = dict(row._mapping)
    return RequestView(
        **values | {"kind": RequestKind(values["kind"]), "status": RequestStatus(values["status"])}
    )


def requests(
    wanted: Wanted, *, now: datetime, among: ColumnElement[bool] | None = None, page: int = 0
) -> list[RequestView]:
    """A page of requests, one more than fits so that the page knows whether there is a next."""
    column = ORDERS.get(wanted.order, RightsRequest.due_at)
    order = column.desc() if wanted.descending else column.asc()
    statement = select(*_COLUMNS).where(_condition(wanted, now)).order_by(order, RightsRequest.id)
    if among is not None:
        statement = statement.where(among)
    return _all(statement.offset(page * PAGE).limit(PAGE + 1))


def _all(statement: Select[Any]) -> list[RequestView]:
    return [_view(row) for row in session().execute(statement)]


def _condition(wanted: Wanted, now: datetime) -> ColumnElement[bool]:
    return {
        "overdue": and_(_IS_OPEN, RightsRequest.due_at <= now),
        "mine": and_(_IS_OPEN, RightsRequest.assignee_id == wanted.mine),
        "done": RightsRequest.ended_at.is_not(None),
        "all": RightsRequest.id > 0,
    }.get(wanted.filter, _IS_OPEN)


def found_by(text: str, patient_ids: Collection[PatientId]) -> ColumnElement[bool]:
    """The condition of a search: these patients, strangers of this name, or the number."""
    conditions = [
        RightsRequest.patient_id.in_(patient_ids),
        RightsRequest.stranger_name.icontains(text, autoescape=True),
    ]
    if text.isascii() and text.isdigit() and len(text) < 9:
        conditions.append(RightsRequest.id == int(text))
    return or_(*conditions)


def people_who_asked() -> list[PatientId]:
    """Whose requests there are, the latest first; at most 5,000."""
    latest = func.max(RightsRequest.id)
    found = session().scalars(
        select(RightsRequest.patient_id)
        .where(RightsRequest.patient_id.is_not(None))
        .group_by(RightsRequest.patient_id)
        .order_by(latest.desc())
        .limit(MOST_SEARCHED)
    )
    return [PatientId(key) for key in found if key is not None]


def request_counts(now: datetime, *, mine: UserId | None) -> dict[str, int]:
    """How many requests each quick filter finds, in one statement."""
    row = session().execute(
        select(
            *(
                func.count().filter(_condition(Wanted(name, mine=mine), now)).label(name)
                for name in FILTERS
            )
        ).select_from(RightsRequest)
    )
    return {name: int(count) for name, count in row.one()._mapping.items()}


def known_request(request_id: int) -> RequestView:
    """One request. Raises UnknownRequest."""
    found = _all(select(*_COLUMNS).where(RightsRequest.id == request_id))
    if not found:
        raise UnknownRequest()
    return found[0]


def requests_of(patient_id: PatientId) -> list[RequestView]:
    """The latest requests of one person."""
    return _all(
        select(*_COLUMNS)
        .where(RightsRequest.patient_id == patient_id)
        .order_by(RightsRequest.id.desc())
        .limit(PAGE)
    )


def overdue_requests(now: datetime) -> list[RequestView]:
    """Open requests whose time is over, the oldest first; at most a page."""
    wanted = Wanted("overdue")
    return requests(wanted, now=now)[:PAGE]


def entries(
    *, request_id: int | None = None, breach_id: int | None = None, most: int = 200
) -> list[EntryView]:
    """The log of one request or breach, the latest line first."""
    column = Entry.request_id if breach_id is None else Entry.breach_id
    found = session().execute(
        select(Entry.at, Entry.actor_name, Entry.words)
        .where(column == (request_id if breach_id is None else breach_id))
        .order_by(Entry.id.desc())
        .limit(most)
    )
    return [EntryView(*row) for row in found]


def requests_with_words(removed: str) -> dict[int, PatientId]:
    """Requests of patients that still have words of theirs or about them, with the patient."""
    is_worded = or_(
        RightsRequest.wish != removed,
        RightsRequest.contact != "",
        RightsRequest.outcome.not_in(["", removed]),
        exists().where(Entry.request_id == RightsRequest.id, Entry.words != removed),
    )
    found = session().execute(
        select(RightsRequest.id, RightsRequest.patient_id).where(
            RightsRequest.patient_id.is_not(None), is_worded
        )
    )
    return {number: PatientId(patient_id) for number, patient_id in found if patient_id}
