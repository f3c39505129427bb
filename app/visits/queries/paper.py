"""Printed forms: which numbers there are, and what became of each."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Select, func, select

from app.infra.db import session
from app.infra.fab_tables import User
from app.kernel.ids import PatientId
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.visits import rules
from app.visits.models import PaperBatch, PaperForm

SHOWN_BATCHES = 20
SHOWN_FORMS = 20
FORM_STATUSES = ("entered", "void")


@dataclass(frozen=True, slots=True)
class BatchView:
    """Forms that were printed together, and how many of them are settled."""

    id: int
    kind: str
    first_number: int
    last_number: int
    for_date: date
    printed_at: datetime
    printed_by: str
    entered: int
    void: int

    @property
    def total(self) -> int:
        """How many forms."""
        return self.last_number - self.first_number + 1

    @property
    def left(self) -> int:
        """How many nobody has typed in or marked as unused."""
        return self.total - self.entered - self.void

    @property
    def numbers(self) -> str:
        """P-000001 to P-000030."""
        return f"{rules.paper_text(self.first_number)} to {rules.paper_text(self.last_number)}"


@dataclass(frozen=True, slots=True)
class FormView:
    """One form that is settled: entered with its patient and visit, or void."""

    number: int
    status: str
    outcome: str
    patient: PatientCard | None
    visit_id: int | None
    appointment_id: int | None
    written_by: str
    settled_at: datetime
    settled_by: str

    @property
    def text(self) -> str:
        """P-000123."""
        return rules.paper_text(self.number)


def highest_number() -> int:
    """The last number that was ever given out."""
    return session().scalar(select(func.max(PaperBatch.last_number))) or 0


def _batches() -> Select[Any]:
    settled = func.count(PaperForm.number)
    name = func.concat_ws(" ", User.first_name, User.last_name)
    rows: Select[Any] = (
        select(
            PaperBatch.id,
            PaperBatch.kind,
            PaperBatch.first_number,
            PaperBatch.last_number,
            PaperBatch.for_date,
            PaperBatch.printed_at,
            name,
            settled.filter(PaperForm.status == "entered").label("entered"),
            settled.filter(PaperForm.status == "void").label("void"),
        )
        .outerjoin(User, User.id == PaperBatch.printed_by_id)
        .outerjoin(PaperForm, PaperForm.batch_id == PaperBatch.id)
        .group_by(PaperBatch.id, User.first_name, User.last_name)
    )
    return rows


def batch_of(number: int) -> BatchView | None:
    """The forms among which this number was printed."""
    row = (
        session()
        .execute(
            _batches().where(PaperBatch.first_number <= number, PaperBatch.last_number >= number)
        )
        .one_or_none()
    )
    return BatchView(*row) if row else None


def batch(batch_id: int) -> BatchView | None:
    """One printing."""
    row = session().execute(_batches().where(PaperBatch.id == batch_id)).one_or_none()
    return BatchView(*row) if row else None


def batches(*, since: datetime) -> list[BatchView]:
    """What was printed lately, the latest first.

    Numbers of the folder for an outage show up only when one of them came back: most of those
    sets are never printed.
    """
    wanted = _batches().where(PaperBatch.printed_at >= since)
    wanted = wanted.having((PaperBatch.kind != "standby") | (func.count(PaperForm.number) > 0))
    rows = session().execute(wanted.order_by(PaperBatch.id.desc()).limit(SHOWN_BATCHES))
    return [BatchView(*row) for row in rows]


def last_standby_at() -> datetime | None:
    """When numbers were last drawn for the folder."""
    return session().scalar(
        select(func.max(PaperBatch.printed_at)).where(PaperBatch.kind == "standby")
    )


def _forms() -> Select[Any]:
    name = func.concat_ws(" ", User.first_name, User.last_name).label("settled_by")
    return select(PaperForm, name).outerjoin(User, User.id == PaperForm.settled_by_id)


def _views(statement: Select[Any]) -> list[FormView]:
    rows = session().execute(statement.execution_options(populate_existing=True)).all()
    wanted = {PatientId(row.patient_id) for row, _ in rows if row.patient_id}
    cards = patients.patients_by_ids(wanted)
    return [
        FormView(
            row.number,
            row.status,
            row.outcome,
            cards.get(row.patient_id),
            row.visit_id,
            row.appointment_id,
            row.written_by,
            row.settled_at,
            settled_by,
        )
        for row, settled_by in rows
    ]


def form(number: int) -> FormView | None:
    """What became of a number, if anything yet."""
    found = _views(_forms().where(PaperForm.number == number))
    return found[0] if found else None


def latest_forms() -> list[FormView]:
    """What was entered or marked last, the latest first."""
    return _views(
        _forms()
        .where(PaperForm.status.in_(FORM_STATUSES))
        .order_by(PaperForm.settled_at.desc(), PaperForm.number.desc())
        .limit(SHOWN_FORMS)
    )


def missing_numbers(one: BatchView) -> list[int]:
    """The numbers of a printing that nobody has typed in or marked, in order."""
    settled = set(
        session().scalars(
            select(PaperForm.number).where(
                PaperForm.batch_id == one.id, PaperForm.status.in_(FORM_STATUSES)
            )
        )
    )
    every = range(one.first_number, one.last_number + 1)
    return [number for number in every if number not in settled]
