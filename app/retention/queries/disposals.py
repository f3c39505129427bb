"""Reads of lists and their lines."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from app.infra.db import session
from app.kernel.ids import PatientId
from app.retention.errors import UnknownDisposal
from app.retention.models import Disposal, DisposalItem
from app.retention.rules import UNDER_WAY, DisposalStatus, Outcome

PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class DisposalView:
    """One list as it is shown."""

    id: int
    status: DisposalStatus
    reason: str
    schedule: dict[str, Any]
    on_day: date
    people: int
    scanned: int
    to_scan: int
    is_cut: bool
    list_hash: str
    drafted_by_id: int | None
    drafted_by: str
    drafted_at: datetime
    first_approver_id: int | None
    first_approver: str
    first_approved_at: datetime | None
    second_approver_id: int | None
    second_approver: str
    second_approved_at: datetime | None
    withdrawn_by: str
    withdrawn_reason: str
    disposed: int
    left_out: int
    counts: dict[str, int]
    started_at: datetime | None
    finished_at: datetime | None
    certificate: str
    json_sha256: str
    pdf_sha256: str

    @property
    def is_under_way(self) -> bool:
        """Whether it is neither done nor withdrawn."""
        return self.status in UNDER_WAY

    @property
    def is_working(self) -> bool:
        """Whether a worker is at it, or about to."""
        return self.status in (
            DisposalStatus.DRAWING,
            DisposalStatus.APPROVED,
            DisposalStatus.RUNNING,
        )

    @property
    def settled(self) -> int:
        """How many lines were carried out."""
        return self.disposed + self.left_out


@dataclass(frozen=True, slots=True)
class ItemView:
    """One line. Without names: the page looks them up for those who may see them."""

    patient_id: PatientId
    kept_until: date | None
    why: str
    outcome: Outcome
    note: str
    pseudonym: str | None


_COLUMNS = [getattr(Disposal, name) for name in DisposalView.__dataclass_fields__]
_LINE = [getattr(DisposalItem, name) for name in ItemView.__dataclass_fields__]


def _view(row: Any) -> DisposalView:
    values = dict(row._mapping)
    return DisposalView(**values | {"status": DisposalStatus(values["status"])})


def _item(row: Any) -> ItemView:
    values = dict(row._mapping)
    return ItemView(**values | {"outcome": Outcome(values["outcome"])})


def disposals(count: int = 50) -> list[DisposalView]:
    """The latest lists first."""
    found = session().execute(select(*_COLUMNS).order_by(Disposal.id.desc()).limit(count))
    return [_view(row) for row in found]


def known_disposal(disposal_id: int) -> DisposalView:
    """One list. Raises UnknownDisposal."""
    row = session().execute(select(*_COLUMNS).where(Disposal.id == disposal_id)).one_or_none()
    if row is None:
        raise UnknownDisposal()
    return _view(row)


def items(
    disposal_id: int, *, among: list[PatientId] | None = None, page: int = 0
) -> list[ItemView]:
    """A page of lines, one more than fits so that the page knows whether there is a next one."""
    statement = (
        select(*_LINE)
        .where(DisposalItem.disposal_id == disposal_id)
        .order_by(DisposalItem.kept_until, DisposalItem.id)
        .offset(page * PAGE)
        .limit(PAGE + 1)
    )
    if among is not None:
        statement = statement.where(DisposalItem.patient_id.in_(among))
    return [_item(row) for row in session().execute(statement)]


def approved_lines(disposal_id: int) -> list[tuple[int, date]]:
    """Who is on the list and until when each is kept: what its hash is made of."""
    found = session().execute(
        select(DisposalItem.patient_id, DisposalItem.kept_until).where(
            DisposalItem.disposal_id == disposal_id
        )
    )
    return [(key, day) for key, day in found if day is not None]


def settled_items(disposal_id: int, outcome: Outcome) -> Iterator[ItemView]:
    """The lines with one outcome, in the order of the list."""
    found = session().execute(
        select(*_LINE)
        .where(DisposalItem.disposal_id == disposal_id, DisposalItem.outcome == outcome.value)
        .order_by(DisposalItem.id)
    )
    return map(_item, found)
