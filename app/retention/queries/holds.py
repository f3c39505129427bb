"""Reads of holds."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select

from app.infra.db import session
from app.kernel.ids import PatientId
from app.retention.models import Hold

SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldView:
    """One hold as it is shown."""

    id: int
    patient_id: PatientId
    reason: str
    placed_at: datetime
    placed_by: str
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str | None


_COLUMNS = [getattr(Hold, name) for name in HoldView.__dataclass_fields__]


def _view(row: Any) -> HoldView:
    return HoldView(**dict(row._mapping))


def holds(
    *, is_open: bool = True, patient_id: PatientId | None = None, page: int = 0, size: int = SHOWN
) -> list[HoldView]:
    """The latest holds first: the open ones, or those that were lifted; of one person, or all."""
    state = Hold.lifted_at.is_(None) if is_open else Hold.lifted_at.is_not(None)
    statement = select(*_COLUMNS).where(state).order_by(Hold.id.desc())
    if patient_id is not None:
        statement = statement.where(Hold.patient_id == patient_id)
    found = session().execute(statement.offset(page * size).limit(size))
    return [_view(row) for row in found]


def held_among(patient_ids: Iterable[PatientId]) -> set[PatientId]:
    """Which of these people are under a hold."""
    found = session().scalars(
        select(Hold.patient_id).where(
            Hold.patient_id.in_(list(patient_ids)), Hold.lifted_at.is_(None)
        )
    )
    return {PatientId(key) for key in found}
