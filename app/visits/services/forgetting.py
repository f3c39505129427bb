"""Takes the words of people whose records are no longer kept out of their visits (RET-02)."""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, case, select, update

from app.infra.db import Transaction
from app.kernel.ids import PatientId, UserId
from app.visits.models import Visit, VisitEvent

# The reason of a priority must not be empty (visits_visit), and says nothing of anybody now.
REMOVED = "removed"


def forget_visits(
    tx: Transaction, pseudonyms: Mapping[PatientId, str], accounts: Mapping[PatientId, UserId]
) -> tuple[list[str], dict[str, int]]:
    """Reasons go; when somebody waited for what stays, for statistics.

    Returns the names under which messages were written about them, and how many rows changed.
    """
    ids = list(tx.execute(select(Visit.id).where(Visit.patient_id.in_(pseudonyms))).scalars())
    tx.execute(
        update(Visit)
        .where(Visit.id.in_(ids))
        .values(
            reason="",
            ended_reason="",
            priority_reason=case((Visit.priority == 3, ""), else_=REMOVED),
        )
        .execution_options(synchronize_session=False)
    )
    names = {accounts[key]: f"Person {name}" for key, name in pseudonyms.items() if key in accounts}
    name: ColumnElement[str] = VisitEvent.actor_name.expression
    if names:
        name = case(names, value=VisitEvent.actor_id, else_=name)
    lines = tx.execute(
        update(VisitEvent)
        .where(VisitEvent.visit_id.in_(ids))
        .values(actor_name=name, reason="")
        .execution_options(synchronize_session=False)
    )
    counts = {"visits": len(ids), "lines of the history of visits": int(lines.rowcount)}
    return [f"visit/{visit_id}" for visit_id in ids], counts
