"""Group sessions for tests."""

from datetime import datetime

from app.scheduling.rules.sessions import SessionDraft
from app.scheduling.services import sessions
from tests.factories.scheduling import MONDAY_SEVEN, SYSTEM, at
from tests.people import PEOPLE


def session_draft(starts_at: str = "2026-11-24 09:00", **more: object) -> SessionDraft:
    """A vaccination day of three hours with two seats, open at once."""
    start: datetime = at(starts_at)
    values = {
        "type": "vaccination",
        "provider": PEOPLE.neil.id,
        "title": "Flu vaccination",
        "starts_at": start,
        "ends_at": start.replace(hour=start.hour + 3),
        "capacity": 2,
        "opens_at": MONDAY_SEVEN,
    }
    return SessionDraft(**values | more)  # type: ignore[arg-type]


def create_session(starts_at: str = "2026-11-24 09:00", **more: object) -> int:
    """A session in the database."""
    return sessions.save_session(SYSTEM, draft=session_draft(starts_at, **more))
