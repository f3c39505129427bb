"""The register of breaches: enter, judge, notify or decide not to, close (DPA-01, DPA-03)."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import insert, select

from app.infra.db import Transaction, transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import UserId
from app.privacy import rules
from app.privacy.errors import NoScope, NotNow, OddValue, UnknownBreach
from app.privacy.models import Breach
from app.privacy.permissions import Permission
from app.privacy.rules import Addressee, BreachKind, BreachStatus, Judgement
from app.privacy.services.log import note_breach
from app.security.queries import user_id_for_login

MOST_PERSONS = 10_000_000
NAMES = {
    "nature": "what happened",
    "data_involved": "the data involved",
    "measures": "the measures",
    "contact": "the contact",
    "persons": "the number of people",
    "is_sensitive": "whether data is sensitive",
    "was_acquired": "whether somebody got it",
    "has_real_risk": "whether there is a real risk",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a breach; it grows until the breach is closed."""

    nature: str
    data_involved: str = ""
    measures: str = ""
    contact: str = ""
    persons: int | None = None
    judgement: Judgement = field(default_factory=Judgement)


def register_breach(
    actor: Actor,
    *,
    title: str,
    kind: BreachKind,
    facts: Facts,
    detected_at: datetime | None = None,
    is_exercise: bool = False,
) -> int:
    """Enter a breach; its countdown begins with the detection. Returns its number.

    Raises OddValue.
    """
    actor.require(Permission.BREACH_WRITE)
    now = clock.now()
    known_at = detected_at or now
    rules.check_detected(known_at, now=now)
    line = {
        "title": rules.checked_words(title, "title", shortest=5, longest=160),
        "kind": kind.value,
        "status": BreachStatus.OPEN.value,
        "is_exercise": is_exercise,
        "detected_at": known_at,
        "registered_at": now,
        "registered_by_id": actor.user_id,
        "registered_by": actor.name[:160],
        **_columns(facts),
    }
    with transaction() as tx:
        added = tx.execute(insert(Breach).values(line).returning(Breach.id))
        breach_id = int(added.scalar_one())
        note_breach(tx, actor, breach_id, "register", "Entered; the 72 hours are running.")
    return breach_id


def change_facts(actor: Actor, *, breach_id: int, facts: Facts) -> None:
    """Put down what is known by now. Raises OddValue, NotNow, UnknownBreach."""
    actor.require(Permission.BREACH_WRITE)
    columns = _columns(facts)
    with transaction() as tx:
        row = locked_breach(tx, breach_id)
        rules.check_open(BreachStatus(row.status))
        if row.status == BreachStatus.NOT_NOTIFIABLE and facts.judgement.must_notify:
            row.status = BreachStatus.OPEN.value  # what is known now asks for a notice
        changed = [NAMES[name] for name, value in columns.items() if getattr(row, name) != value]
        for name, value in columns.items():
            setattr(row, name, value)
        if changed:
            note_breach(tx, actor, breach_id, "change", f"Changed: {', '.join(changed)}.")


def _columns(facts: Facts) -> dict[str, object]:
    if facts.persons is not None and not 0 <= facts.persons <= MOST_PERSONS:
        raise OddValue("persons", "Please give a number of people, or leave it empty.")
    judged = facts.judgement
    return {
        "nature": rules.checked_words(facts.nature, "nature"),
        "data_involved": facts.data_involved.strip()[:4_000],
        "measures": facts.measures.strip()[:4_000],
        "contact": facts.contact.strip()[:254],
        "persons": facts.persons,
        "is_sensitive": judged.is_sensitive,
        "was_acquired": judged.was_acquired,
        "has_real_risk": judged.has_real_risk,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ScopeDraft:
    """Where the trail is searched, as it was typed: an account by ID or e-mail, or one thing."""

    account: str = ""
    object_type: str = ""
    object_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


def set_scope(actor: Actor, *, breach_id: int, draft: ScopeDraft) -> None:
    """Say where the people concerned are found. Raises NoScope, OddValue, NotNow, UnknownBreach."""
    actor.require(Permission.BREACH_WRITE)
    kind, key = draft.object_type.strip()[:60], draft.object_id.strip()[:60]
    login = draft.account.strip().lower()
    if not login and not (kind and key):
        raise NoScope()
    rules.check_window(draft.since, draft.until)
    account = _account(login) if login else None
    with transaction() as tx:
        row = locked_breach(tx, breach_id)
        rules.check_open(BreachStatus(row.status))
        row.scope_account_id, row.scope_object_type, row.scope_object_id = account, kind, key
        row.scope_since, row.scope_until = draft.since, draft.until
        note_breach(tx, actor, breach_id, "scope", "Said where the trail is searched.")


def _account(login: str) -> UserId:
    found = user_id_for_login(login)
    if found is None:
        raise OddValue("account", "There is no account with this university ID or e-mail.")
    return found


def record_notice(
    actor: Actor, *, breach_id: int, to: Addressee, told_at: datetime | None = None
) -> None:
    """A notice has left. When both have, the breach is notified (DPA-01).

    Raises OddValue, NotNow, UnknownBreach.
    """
    actor.require(Permission.BREACH_WRITE)
    now = clock.now()
    with transaction() as tx:
        row = locked_breach(tx, breach_id)
        if row.status != BreachStatus.OPEN:
            raise NotNow("It was decided already whether this breach is notified.")
        rules.check_told(told_at or now, detected_at=row.detected_at, now=now)
        if to is Addressee.COMMISSION:
            row.commission_told_at = told_at or now
        else:
            row.persons_told_at = told_at or now
        if row.commission_told_at and row.persons_told_at:
            row.status = BreachStatus.NOTIFIED.value
        who = "the commission" if to is Addressee.COMMISSION else "the people concerned"
        note_breach(tx, actor, breach_id, "notify", f"Told {who}.")


def keep_quiet(actor: Actor, *, breach_id: int, reason: str) -> None:
    """Decide that nobody need be notified, with the reason.

    Raises MustNotify, NotJudged, NotNow, OddValue, UnknownBreach.
    """
    actor.require(Permission.BREACH_WRITE)
    words = rules.checked_words(reason, "reason")
    with transaction() as tx:
        row = locked_breach(tx, breach_id)
        judgement = Judgement(
            is_sensitive=row.is_sensitive,
            was_acquired=row.was_acquired,
            has_real_risk=row.has_real_risk,
        )
        rules.check_not_notifiable(BreachStatus(row.status), judgement)
        row.status = BreachStatus.NOT_NOTIFIABLE.value
        row.decision, row.decided_by = words, actor.name[:160]
        note_breach(tx, actor, breach_id, "decide", f"Need not be notified: {words}")


def close_breach(actor: Actor, *, breach_id: int, lessons: str) -> None:
    """The end, with what was learnt. Raises NotNow, OddValue, UnknownBreach."""
    actor.require(Permission.BREACH_WRITE)
    words = rules.checked_words(lessons, "lessons")
    with transaction() as tx:
        row = locked_breach(tx, breach_id)
        rules.check_closable(BreachStatus(row.status))
        row.status, row.lessons, row.closed_at = BreachStatus.CLOSED.value, words, clock.now()
        note_breach(tx, actor, breach_id, "close", f"Closed: {words}")


def add_breach_note(actor: Actor, *, breach_id: int, words: str) -> None:
    """A line for the log, also after the end. Raises OddValue, UnknownBreach."""
    actor.require(Permission.BREACH_WRITE)
    told = rules.checked_words(words, "words", shortest=3)
    with transaction() as tx:
        note_breach(tx, actor, locked_breach(tx, breach_id).id, "note", told)


def locked_breach(tx: Transaction, breach_id: int) -> Breach:
    """The breach, held until the end. Raises UnknownBreach."""
    row: Breach | None = tx.execute(
        select(Breach)
        .where(Breach.id == breach_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if row is None:
        raise UnknownBreach()
    return row
