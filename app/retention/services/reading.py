"""What people see of retention. Names are looked up for those who may see them, and noted."""

from dataclasses import dataclass

from app.infra.db import transaction
from app.infra.runtime import settings
from app.kernel.actor import Actor
from app.kernel.ids import PatientId
from app.patients.queries import PatientCard, kept_records, patients_by_ids, those_matching
from app.retention import queries, rules
from app.retention.errors import UnknownPerson
from app.retention.permissions import Permission
from app.retention.queries import DisposalView, HoldView, ItemView
from app.retention.queries.disposals import PAGE
from app.retention.rules import DisposalStatus, Kind, Outcome, Verdict
from app.retention.services.holds import person_of
from app.retention.services.lists import present_schedule, today
from app.security.services import record_event


@dataclass(frozen=True, slots=True)
class Overview:
    """The first page: how long things are kept, and the latest lists."""

    years: dict[Kind, int | None]
    disposals: list[DisposalView]
    under_way: DisposalView | None
    open_holds: int


@dataclass(frozen=True, slots=True)
class Line:
    """One person of a list; `name` is the pseudonym of somebody who was disposed of."""

    item: ItemView
    name: str


@dataclass(frozen=True, slots=True)
class ListPage:
    """One list with a page of its people, and what the reader may do with it."""

    disposal: DisposalView
    lines: list[Line]
    page: int
    has_next: bool
    text: str
    may_approve: bool
    may_withdraw: bool


@dataclass(frozen=True, slots=True)
class PersonPage:
    """How long one person's records are kept, and every hold on them."""

    card: PatientCard
    verdict: Verdict
    open_holds: list[HoldView]
    past_holds: list[HoldView]


@dataclass(frozen=True, slots=True)
class HeldLine:
    """A hold with the name of the person."""

    hold: HoldView
    name: str
    university_id: str


def overview(actor: Actor) -> Overview:
    """Raises Forbidden."""
    actor.require(Permission.DISPOSAL_READ)
    schedule = present_schedule()
    lists = queries.disposals()
    return Overview(
        years={kind: schedule.years(kind) for kind in Kind},
        disposals=lists,
        under_way=next((one for one in lists if one.is_under_way), None),
        open_holds=len(queries.holds(size=1_000)),
    )


def list_page(actor: Actor, *, disposal_id: int, text: str = "", page: int = 0) -> ListPage:
    """One list; with a text the people whom it finds by name or ID. Raises UnknownDisposal."""
    actor.require(Permission.DISPOSAL_READ)
    found = queries.known_disposal(disposal_id)
    among = None
    if text.strip():
        listed = [item.patient_id for item in queries.settled_items(disposal_id, Outcome.LISTED)]
        listed += [item.patient_id for item in queries.settled_items(disposal_id, Outcome.LEFT_OUT)]
        among = those_matching(text, among=listed)
    lines = queries.items(disposal_id, among=among, page=page)
    names = patients_by_ids([item.patient_id for item in lines])
    _note(actor, "read", disposal_id, page=page)
    return ListPage(
        disposal=found,
        lines=[Line(item, _name(names, item.patient_id)) for item in lines[:PAGE]],
        page=page,
        has_next=len(lines) > PAGE,
        text=text,
        may_approve=_may_approve(actor, found),
        may_withdraw=actor.may(Permission.DISPOSAL_WRITE)
        and DisposalStatus.WITHDRAWN in rules.MOVES.get(found.status, frozenset()),
    )


def _may_approve(actor: Actor, found: DisposalView) -> bool:
    taken = {None, found.drafted_by_id, found.first_approver_id}
    return (
        actor.may(Permission.DISPOSAL_APPROVE)
        and found.status is DisposalStatus.PROPOSED
        and found.people > 0
        and actor.user_id not in taken
    )


def disposal_state(actor: Actor, *, disposal_id: int) -> DisposalView:
    """How far a list is. Raises UnknownDisposal."""
    actor.require(Permission.DISPOSAL_READ)
    return queries.known_disposal(disposal_id)


def person_page(actor: Actor, *, university_id: str) -> PersonPage:
    """Why somebody's records stay, and until when (DPA-02). Raises UnknownPerson."""
    actor.require(Permission.HOLD_READ)
    patient_id = person_of(university_id)
    verdict = keeping_verdict(patient_id)
    if verdict is None:
        raise UnknownPerson()
    with transaction() as tx:
        record_event(
            tx,
            actor,
            "retention:person:read",
            object_type="Patient",
            object_id=patient_id,
            patient_id=patient_id,
        )
    return PersonPage(
        card=patients_by_ids([patient_id])[patient_id],
        verdict=verdict,
        open_holds=queries.holds(patient_id=patient_id),
        past_holds=queries.holds(is_open=False, patient_id=patient_id),
    )


def keeping_verdict(patient_id: PatientId) -> Verdict | None:
    """Until when a person's records stay, and why; None when they were disposed of (DPA-02)."""
    people = queries.people_of(kept_records(among=[patient_id]), settings().time_zone)
    person = people.get(patient_id)
    return rules.judge(person, present_schedule(), today=today()) if person else None


def held_people(actor: Actor, *, is_open: bool = True, page: int = 0) -> list[HeldLine]:
    """A page of holds with the names of the people. Raises Forbidden."""
    actor.require(Permission.HOLD_READ)
    found = queries.holds(is_open=is_open, page=page)
    cards = patients_by_ids({one.patient_id for one in found})
    return [
        HeldLine(one, _name(cards, one.patient_id), cards[one.patient_id].university_id)
        for one in found
    ]


def _name(cards: dict[PatientId, PatientCard], patient_id: PatientId) -> str:
    card = cards.get(patient_id)
    return card.label if card else f"Record {patient_id}"


def _note(actor: Actor, action: str, disposal_id: int, **details: int) -> None:
    """Names were shown (AUD-03)."""
    with transaction() as tx:
        record_event(
            tx,
            actor,
            f"retention:disposal:{action}",
            object_type="Disposal",
            object_id=disposal_id,
            details=details,
        )
