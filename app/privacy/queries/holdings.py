"""Reads everything that every domain says it holds about a person (DPA-02)."""

from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from sqlalchemy import text

from app.infra.db import session
from app.integrity.queries import all_holdings
from app.kernel.ids import PatientId
from app.patients.queries import addresses_of, patients_by_ids
from app.security.queries import accounts

MOST_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Section:
    """One kind of facts about a person, with values that JSON knows."""

    id: str
    title: str
    rows: list[dict[str, Any]]


def sections_about(patient_id: PatientId) -> list[Section]:
    """All of them, in the order of the domains; one statement each, empty ones too."""
    values = _values(patient_id)
    found = []
    for one in all_holdings():
        wanted = {name: value for name, value in values.items() if f":{name}" in one.rows}
        rows = session().execute(text(one.rows), wanted).mappings().fetchmany(MOST_ROWS)
        found.append(
            Section(
                one.id,
                one.title,
                [{name: _plain(value) for name, value in row.items()} for row in rows],
            )
        )
    return found


def _values(patient_id: PatientId) -> dict[str, Any]:
    """What the questions may ask with."""
    card = patients_by_ids([patient_id]).get(patient_id)
    user_id = card.user_id if card else None
    known = accounts([user_id]) if user_id is not None else []
    addresses = {address.lower() for address in addresses_of(patient_id)}
    addresses |= {one.email.lower() for one in known if one.email}
    logins = addresses | {one.university_id.lower() for one in known if one.university_id}
    return {
        "patient": patient_id,
        "account": user_id,
        "addresses": sorted(addresses),
        "logins": sorted(logins),
    }


def _plain(value: Any) -> Any:
    """A value as JSON writes it; instants with their zone."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return float(value) if isinstance(value, Decimal) else value
