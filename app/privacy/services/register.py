"""What is seen of the register of breaches: lists, countdowns, drafts of notices, a year."""

from dataclasses import dataclass
from datetime import date, timedelta

from app.infra.db import transaction
from app.infra.runtime import settings
from app.infra.templates import render
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import PatientId
from app.patients.queries import PatientCard, patients_by_ids
from app.privacy import queries, rules
from app.privacy.errors import NoScope, RegisterIsFull
from app.privacy.permissions import Permission
from app.privacy.queries import BreachView, EntryView
from app.privacy.queries.breaches import PAGE
from app.privacy.rules import Addressee, BreachStatus, Countdown, YearLine
from app.security.queries import account
from app.security.services import record_event
from app.security.services.trail import (
    TouchedPatient,
    TrailCount,
    TrailScope,
    touched_patients,
    trail_count,
)

AFFECTED_PAGE = 50
MOST_EXPORTED = 100_000


@dataclass(frozen=True, slots=True)
class BreachLine:
    """One breach; the countdown runs while it is open."""

    breach: BreachView
    left: Countdown | None


@dataclass(frozen=True, slots=True)
class BreachList:
    """A page of breaches and how many each quick filter finds."""

    lines: list[BreachLine]
    counts: dict[str, int]
    which: str
    page: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class BreachPage:
    """One breach with its log. `account`: whose deeds are looked for, as ID and name."""

    line: BreachLine
    log: list[EntryView]
    account: str
    login: str
    found: TrailCount | None
    may_write: bool


@dataclass(frozen=True, slots=True)
class AffectedLine:
    """One person concerned; the name of somebody who was disposed of is not known any more."""

    name: str
    university_id: str
    touched: TouchedPatient


@dataclass(frozen=True, slots=True)
class AffectedPage:
    """A page of people concerned."""

    breach: BreachView
    count: TrailCount
    lines: list[AffectedLine]
    page: int
    has_next: bool


@dataclass(frozen=True, slots=True)
class YearPage:
    """The yearly summary (DPA-01)."""

    year: int
    lines: list[YearLine]
    exercises: int
    still_open: int


def breach_list(actor: Actor, *, which: str = "open", page: int = 0) -> BreachList:
    """The register. Raises Forbidden."""
    actor.require(Permission.BREACH_READ)
    found = queries.breaches(which, page=page)
    lines = [breach_line(one) for one in found[:PAGE]]
    return BreachList(lines, queries.breach_counts(), which, page, len(found) > PAGE)


def breach_line(found: BreachView) -> BreachLine:
    """With its countdown."""
    is_open = found.status is BreachStatus.OPEN
    return BreachLine(
        found, rules.countdown(found.detected_at, now=clock.now()) if is_open else None
    )


def breach_page(actor: Actor, *, breach_id: int) -> BreachPage:
    """One breach. Raises UnknownBreach."""
    actor.require(Permission.BREACH_READ)
    found = queries.known_breach(breach_id)
    who = account(found.scope_account_id) if found.scope_account_id else None
    _note(actor, "read", breach_id)
    return BreachPage(
        line=breach_line(found),
        log=queries.entries(breach_id=breach_id),
        account=f"{who.name} ({who.university_id})" if who else "",
        login=who.university_id or who.email if who else "",
        found=trail_count(_scope(found)) if found.has_scope else None,
        may_write=actor.may(Permission.BREACH_WRITE),
    )


def affected_page(actor: Actor, *, breach_id: int, page: int = 0) -> AffectedPage:
    """Whom the trail names in the scope of a breach (DPA-03). Raises NoScope, UnknownBreach."""
    actor.require(Permission.AFFECTED_READ)
    found = _searchable(breach_id)
    touched = touched_patients(_scope(found), limit=AFFECTED_PAGE + 1, offset=page * AFFECTED_PAGE)
    _note(actor, "affected", breach_id, page=page)
    return AffectedPage(
        found,
        trail_count(_scope(found)),
        _named(touched[:AFFECTED_PAGE]),
        page,
        len(touched) > AFFECTED_PAGE,
    )


def export_affected(actor: Actor, *, breach_id: int) -> list[AffectedLine]:
    """All of them, for a file; who took it along is written down (AUD-03).

    Raises NoScope, RegisterIsFull, UnknownBreach.
    """
    actor.require(Permission.AFFECTED_EXPORT)
    found = _searchable(breach_id)
    touched = touched_patients(_scope(found), limit=MOST_EXPORTED + 1)
    if len(touched) > MOST_EXPORTED:
        raise RegisterIsFull(MOST_EXPORTED)
    _note(actor, "export", breach_id, people=len(touched))
    return _named(touched)


def _searchable(breach_id: int) -> BreachView:
    found = queries.known_breach(breach_id)
    if not found.has_scope:
        raise NoScope()
    return found


def _scope(found: BreachView) -> TrailScope:
    return TrailScope(
        actor_id=found.scope_account_id,
        object_type=found.scope_object_type,
        object_id=found.scope_object_id,
        since=found.scope_since,
        until=found.scope_until,
    )


def _named(touched: list[TouchedPatient]) -> list[AffectedLine]:
    cards = patients_by_ids([PatientId(one.patient_id) for one in touched])
    return [_affected(cards.get(PatientId(one.patient_id)), one) for one in touched]


def _affected(card: PatientCard | None, touched: TouchedPatient) -> AffectedLine:
    if card is None:
        return AffectedLine(f"Record {touched.patient_id}", "", touched)
    return AffectedLine(card.list_name, card.university_id, touched)


def notice(actor: Actor, *, breach_id: int, to: Addressee) -> str:
    """The draft of a notice in plain text; nature, data, measures and contact (DPA-01).

    Raises UnknownBreach.
    """
    actor.require(Permission.BREACH_READ)
    found = queries.known_breach(breach_id)
    _note(actor, "draft", breach_id)
    return render(
        f"privacy/notice/{to.value}.txt",
        breach=found,
        ends_at=rules.countdown(found.detected_at, now=clock.now()).ends_at,
    )


def year_page(actor: Actor, *, year: int | None = None) -> YearPage:
    """How many breaches of each kind there were, and how fast they were notified."""
    actor.require(Permission.BREACH_READ)
    zone = settings().time_zone
    this_year = clock.local_date(clock.now(), zone).year
    chosen = year if year is not None and 2000 <= year <= this_year else this_year
    period = clock.clinic_days(date(chosen, 1, 1), date(chosen, 12, 31), zone)
    found = queries.breaches_detected(period)
    return YearPage(
        chosen,
        rules.yearly(found),
        sum(one.is_exercise for one in found),
        sum(one.status is BreachStatus.OPEN and not one.is_exercise for one in found),
    )


def breach_warning(actor: Actor) -> str:
    """The banner for those who may see breaches, while a countdown runs; mostly empty (DPA-03)."""
    if not actor.may(Permission.BREACH_READ):
        return ""
    running = queries.undecided_breaches()
    if not running:
        return ""
    least = min(rules.countdown(one.detected_at, now=clock.now()).left for one in running)
    told = f"Breach {running[0].id} must be decided on"
    if len(running) > 1:
        told = f"{len(running)} breaches must be decided on"
    if least <= timedelta(0):
        return f"{told}: the 72 hours are over."
    return f"{told}: {int(least.total_seconds()) // 3600} hours are left to notify it."


def _note(actor: Actor, action: str, breach_id: int, **details: int) -> None:
    with transaction() as tx:
        record_event(
            tx,
            actor,
            f"privacy:breach:{action}",
            object_type="Breach",
            object_id=breach_id,
            details=details,
        )
