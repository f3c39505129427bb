"""The paper for an outage with the alerts of the system on it; visits knows nothing of those."""

from datetime import date
from pathlib import Path

from app.kernel.actor import Actor
from app.operations.queries.alerts import open_alerts
from app.visits.services import printing
from app.visits.services.printing import Printed


def print_paper(actor: Actor, *, on_date: date | None = None, forms: int) -> Printed:
    """The PDF of a day. Raises Invalid for a wrong number of forms."""
    return printing.print_paper(actor, on_date=on_date, forms=forms, alerts=_sentences())


def store_paper(actor: Actor) -> Path | None:
    """Put a fresh set into the folder for an outage when one is due."""
    return printing.store_paper(actor, alerts=_sentences())


def _sentences() -> list[str]:
    return [one.sentence for one in open_alerts()]
