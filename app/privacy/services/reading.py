"""What the Privacy Officer sees of requests. Names are looked up, and that is noted (AUD-03)."""

from dataclasses import dataclass

from app.infra.db import transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import PatientId
from app.patients.queries import PatientCard, patients_by_ids, those_matching
from app.privacy import queries, rules
from app.privacy.permissions import Permission
from app.privacy.queries import CopyView, EntryView, RequestView, Wanted
from app.privacy.queries.requests import PAGE
from app.privacy.rules import Clock, RequestKind
from app.privacy.services.requests import erasure_verdict
from app.retention.rules import Verdict
from app.security.queries import Account, accounts_with_grant
from app.security.services import record_event


@dataclass(frozen=True, slots=True)
class RequestLine:
    """One request with the person's name; the clock stops when it is over."""

    request: RequestView
    name: str
    university_id: str
    clock: Clock | None


@dataclass(frozen=True, slots=True)
class RequestList:
    """A page of requests and how many each quick filter finds."""

    lines: list[RequestLine]
    counts: dict[str, int]
    wanted: Wanted
    text: str
    page: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class RequestPage:
    """One request with its log. `verdict`: until when the records stay, of an erasure."""

    line: RequestLine
    log: list[EntryView]
    verdict: Verdict | None
    copies: list[CopyView]
    may_write: bool
    colleagues: list[Account]

    @property
    def current_copy(self) -> CopyView | None:
        """The one that is being made or lies here."""
        return next((one for one in self.copies if one.removed_at is None), None)


def request_list(actor: Actor, *, wanted: Wanted, text: str = "", page: int = 0) -> RequestList:
    """Requests by filter and search. Raises Forbidden."""
    actor.require(Permission.REQUEST_READ)
    now, typed = clock.now(), text.strip()
    among = None
    if typed:
        among = queries.found_by(typed, those_matching(typed, among=queries.people_who_asked()))
    found = queries.requests(wanted, now=now, among=among, page=page)
    lines = request_lines(found[:PAGE])
    with transaction() as tx:
        record_event(
            tx,
            actor,
            "privacy:request:list",
            object_type="RightsRequest",
            object_id="list",
            details={"filter": wanted.filter, "page": page, "shown": len(lines)},
        )
    return RequestList(
        lines,
        queries.request_counts(now, mine=actor.user_id),
        wanted,
        typed,
        page,
        len(found) > PAGE,
    )


def request_page(actor: Actor, *, request_id: int) -> RequestPage:
    """One request. Raises UnknownRequest."""
    actor.require(Permission.REQUEST_READ)
    found = queries.known_request(request_id)
    is_erasure = found.kind is RequestKind.ERASURE and found.ended_at is None
    with transaction() as tx:
        record_event(
            tx,
            actor,
            "privacy:request:read",
            object_type="RightsRequest",
            object_id=request_id,
            patient_id=found.patient_id,
        )
    return RequestPage(
        line=request_lines([found])[0],
        log=queries.entries(request_id=request_id),
        verdict=erasure_verdict(found.patient_id) if is_erasure else None,
        copies=queries.copies_of(request_id),
        may_write=actor.may(Permission.REQUEST_WRITE),
        colleagues=[
            one
            for one in accounts_with_grant(Permission.REQUEST_WRITE)
            if one.id != found.assignee_id
        ],
    )


def request_lines(found: list[RequestView]) -> list[RequestLine]:
    """Requests with the names of the people, in one statement more."""
    cards = patients_by_ids({one.patient_id for one in found if one.patient_id is not None})
    now, zone = clock.now(), settings().time_zone
    return [
        RequestLine(
            one,
            one.stranger_name or _name(cards, one.patient_id),
            cards[one.patient_id].university_id if one.patient_id in cards else "",
            None if one.ended_at else rules.clock_of(one.due_at, now=now, zone=zone),
        )
        for one in found
    ]


def _name(cards: dict[PatientId, PatientCard], patient_id: PatientId | None) -> str:
    card = cards.get(patient_id) if patient_id is not None else None
    return card.list_name if card else f"Record {patient_id}"
