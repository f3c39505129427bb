"""Reads of the register of breaches."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select

from app.infra.db import session
from app.kernel.ids import UserId
from app.kernel.period import Period
from app.privacy.errors import UnknownBreach
from app.privacy.models import Breach
from app.privacy.rules import BreachKind, BreachStatus, Judgement, Told

PAGE = 25
MOST_IN_A_YEAR = 2_000
FILTERS = ("open", "undecided", "all")


@dataclass(frozen=True, slots=True, kw_only=True)
class BreachView:
    """One breach as it is shown."""

    id: int
    title: str
    kind: BreachKind
    status: BreachStatus
    is_exercise: bool
    detected_at: datetime
    registered_at: datetime
    registered_by: str
    nature: str
    data_involved: str
    measures: str
    contact: str
    is_sensitive: bool | None
    was_acquired: bool | None
    has_real_risk: bool | None
    persons: int | None
    scope_account_id: UserId | None
    scope_object_type: str
    scope_object_id: str
    scope_since: datetime | None
    scope_until: datetime | None
    commission_told_at: datetime | None
    persons_told_at: datetime | None
    decision: str
    decided_by: str
    lessons: str
    closed_at: datetime | None

    @property
    def judgement(self) -> Judgement:
        """The three answers."""
        return Judgement(
            is_sensitive=self.is_sensitive,
            was_acquired=self.was_acquired,
            has_real_risk=self.has_real_risk,
        )

    @property
    def has_scope(self) -> bool:
        """Whether the trail can be searched for the people concerned."""
        return self.scope_account_id is not None or bool(self.scope_object_id)


_COLUMNS = [getattr(Breach, name) for name in BreachView.__dataclass_fields__]


def _view(row: Any) -> BreachView:
    values = dict(row._mapping)
    return BreachView(
        **values | {"kind": BreachKind(values["kind"]), "status": BreachStatus(values["status"])}
    )


def _all(statement: Select[Any]) -> list[BreachView]:
    return [_view(row) for row in session().execute(statement)]


def breaches(which: str = "open", *, page: int = 0) -> list[BreachView]:
    """The latest first, one more than fits. Undecided: it is not yet known whether to notify."""
    statement = select(*_COLUMNS).order_by(Breach.detected_at.desc(), Breach.id.desc())
    if which == "undecided":
        statement = statement.where(Breach.status == BreachStatus.OPEN.value)
    elif which != "all":
        statement = statement.where(Breach.status != BreachStatus.CLOSED.value)
    return _all(statement.offset(page * PAGE).limit(PAGE + 1))


def breach_counts() -> dict[str, int]:
    """How many each quick filter finds, in one statement."""
    row = session().execute(
        select(
            func.count().filter(Breach.status != BreachStatus.CLOSED.value),
            func.count().filter(Breach.status == BreachStatus.OPEN.value),
            func.count(),
        ).select_from(Breach)
    )
    return dict(zip(FILTERS, row.one(), strict=True))


def known_breach(breach_id: int) -> BreachView:
    """One breach. Raises UnknownBreach."""
    found = _all(select(*_COLUMNS).where(Breach.id == breach_id))
    if not found:
        raise UnknownBreach()
    return found[0]


def undecided_breaches(most: int = 20) -> list[BreachView]:
    """Whose countdown runs, the oldest first; exercises too, because they are rehearsals."""
    return _all(
        select(*_COLUMNS)
        .where(Breach.status == BreachStatus.OPEN.value)
        .order_by(Breach.detected_at)
        .limit(most)
    )


def breaches_detected(period: Period) -> list[Told]:
    """What the yearly summary counts."""
    found = session().execute(
        select(
            Breach.kind,
            Breach.status,
            Breach.is_exercise,
            Breach.detected_at,
            Breach.commission_told_at,
            Breach.persons,
        )
        .where(Breach.detected_at >= period.starts_at, Breach.detected_at < period.ends_at)
        .order_by(Breach.detected_at)
        .limit(MOST_IN_A_YEAR)
    )
    return [Told(BreachKind(row[0]), BreachStatus(row[1]), *row[2:]) for row in found]
