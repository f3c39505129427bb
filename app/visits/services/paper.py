"""Numbers of paper forms: drawn once for ever, marked as unused, made known after a restore."""

from datetime import date

from sqlalchemy.dialects.postgresql import insert

from app.infra.db import Transaction, session, transaction
from app.infra.locks import LockSpace, lock
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.errors import Invalid
from app.security.services import record_event
from app.visits.errors.paper import (
    NothingToUndo,
    PaperAlreadyEntered,
    PaperIsVoid,
    UnknownPaperNumber,
)
from app.visits.models import PaperBatch, PaperForm
from app.visits.permissions import Permission
from app.visits.queries import paper
from app.visits.queries.paper import BatchView
from app.visits.rules.paper import (
    LARGEST_NUMBER,
    MOST_FORMS,
    check_fresh,
    paper_number,
    paper_text,
)

MOST_LOST = 100_000


def check_count(count: int) -> int:
    """Raises Invalid for a number of forms that nobody prints."""
    if not 0 <= count <= MOST_FORMS:
        sentence = f"Please print between 0 and {MOST_FORMS} forms at once."
        raise Invalid(sentence, errors={"forms": [sentence]})
    return count


def draw_numbers(tx: Transaction, actor: Actor, *, kind: str, count: int, for_date: date) -> int:
    """The next free range of numbers; returns its first.

    Two who print at once get different numbers: they take turns, and the database refuses
    ranges that overlap. Nothing gives a number back.
    """
    lock(tx, LockSpace.PAPER, [0])
    first = paper.highest_number() + 1
    last = first + count - 1
    if last > LARGEST_NUMBER:
        raise Invalid("There are no more numbers of forms.")
    row = PaperBatch(
        kind=kind,
        first_number=first,
        last_number=last,
        for_date=for_date,
        printed_at=clock.now(),
        printed_by_id=actor.user_id,
    )
    tx.add(row)
    tx.flush()
    record_event(
        tx,
        actor,
        "visits:paper:print",
        object_type="PaperBatch",
        object_id=row.id,
        details={"kind": kind, "first": first, "last": last},
    )
    return first


def adopt_numbers(actor: Actor, *, up_to: str) -> str:
    """Make numbers known that were printed before a restore, which lost the record of them.

    Returns them in words. Raises UnknownPaperNumber, Invalid.
    """
    actor.require(Permission.PAPER_PRINT)
    last = paper_number(up_to)
    with transaction() as tx:
        lock(tx, LockSpace.PAPER, [0])
        count = last - paper.highest_number()
        if not 0 < count <= MOST_LOST:
            raise Invalid(
                f"The last known number is {paper_text(paper.highest_number())}. Please give a"
                f" later one, at most {MOST_LOST} further."
            )
        today = local_date(clock.now(), settings().time_zone)
        first = draw_numbers(tx, actor, kind="lost", count=count, for_date=today)
    return f"{paper_text(first)} to {paper_text(last)}"


def open_batch(text: str) -> BatchView:
    """Among which forms this one was printed, when nobody has settled it.

    Raises UnknownPaperNumber, PaperAlreadyEntered, PaperIsVoid.
    """
    number = paper_number(text)
    found = paper.batch_of(number)
    if found is None:
        raise UnknownPaperNumber(paper_text(number))
    known = paper.form(number)
    if known is not None and known.status == "entered":
        name = known.patient.list_name if known.patient else "somebody"
        raise PaperAlreadyEntered(known.text, name, known.visit_id)
    if known is not None and known.status == "void":
        raise PaperIsVoid(known.text)
    return found


def claim_number(tx: Transaction, actor: Actor, text: str) -> tuple[PaperForm, BatchView]:
    """The form with this number, locked; two who type it in at once take turns.

    Raises UnknownPaperNumber, PaperAlreadyEntered, PaperIsVoid.
    """
    number = paper_number(text)
    found = paper.batch_of(number)
    if found is None:
        raise UnknownPaperNumber(paper_text(number))
    row = _locked(tx, actor, number, found.id)
    open_batch(text)
    return row, found


def _locked(tx: Transaction, actor: Actor, number: int, batch_id: int) -> PaperForm:
    fresh = {"number": number, "batch_id": batch_id, "status": "open"}
    tx.execute(
        insert(PaperForm)
        .values(**fresh, settled_at=clock.now(), settled_by_id=actor.user_id)
        .on_conflict_do_nothing()
    )
    row = session().get(PaperForm, number, with_for_update=True, populate_existing=True)
    if row is None:
        raise UnknownPaperNumber(paper_text(number))
    return row


def void_number(actor: Actor, *, number: str) -> str:
    """Mark one form as not used; twice is harmless. Returns the number.

    Raises UnknownPaperNumber, PaperAlreadyEntered.
    """
    actor.require(Permission.PAPER_ENTER)
    with transaction() as tx:
        try:
            row, _ = claim_number(tx, actor, number)
        except PaperIsVoid:
            return paper_text(paper_number(number))
        _void(tx, actor, row)
        return paper_text(row.number)


def void_rest(actor: Actor, *, batch_id: int) -> int:
    """Mark every form of a printing that did not come back as not used; returns how many.

    Raises UnknownPaperNumber for a printing that does not exist.
    """
    actor.require(Permission.PAPER_ENTER)
    with transaction() as tx:
        found = paper.batch(batch_id)
        if found is None:
            raise UnknownPaperNumber("of this printing")
        numbers = paper.missing_numbers(found)
        return sum(_void_if_open(tx, actor, number, found.id) for number in numbers)


def _void_if_open(tx: Transaction, actor: Actor, number: int, batch_id: int) -> bool:
    """False where somebody typed it in at this moment."""
    row = _locked(tx, actor, number, batch_id)
    if row.status == "open":
        _void(tx, actor, row)
        return True
    return False


def _void(tx: Transaction, actor: Actor, row: PaperForm) -> None:
    settle(tx, actor, row, "void")


def settle(tx: Transaction, actor: Actor, row: PaperForm, status: str, **values: object) -> None:
    """Note what became of a form, with its audit event."""
    row.status = status
    row.settled_at = clock.now()
    row.settled_by_id = actor.user_id
    for name, value in values.items():
        setattr(row, name, value)
    tx.flush()
    record_event(
        tx,
        actor,
        f"visits:paper:{'reopen' if status == 'open' else status}",
        object_type="PaperForm",
        object_id=row.number,
        patient_id=row.patient_id,
        details={"number": paper_text(row.number)},
    )


def settled_form(tx: Transaction, number: str) -> PaperForm:
    """A form that was entered or marked within the last 10 minutes, locked.

    Raises NothingToUndo, TooLateToUndo.
    """
    row = session().get(
        PaperForm, paper_number(number), with_for_update=True, populate_existing=True
    )
    if row is None or row.status == "open":
        raise NothingToUndo()
    check_fresh(row.settled_at, clock.now())
    return row
