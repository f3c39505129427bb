"""What the tests of scheduling's screens share: an open clinic, bookings, counted statements."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from sqlalchemy import event

from app.infra.db import db
from app.scheduling import services
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Booked, Wish
from app.visits import services as visits
from tests.factories.scheduling import at
from tests.people import Person


def book(app: Flask, person: Person, starts_at: str, **more: Any) -> Booked:
    """Book through the service; no context stays open around the next request."""
    wish = Wish(**{"type": "consultation", "starts_at": at(starts_at), **more})
    with app.app_context():
        return services.book_appointment(person.actor, wish=wish)


def set_status(app: Flask, person: Person, booked: Booked, status: str, **more: Any) -> None:
    """Move an appointment along the table of statuses, and its visit with it."""
    with app.app_context():
        visits.change_appointment_status(
            person.actor,
            appointment_id=booked.id,
            status=AppointmentStatus(status),
            **more,
        )


@contextmanager
def counted_statements(app: Flask) -> Iterator[list[str]]:
    """The SELECT, INSERT, UPDATE and DELETE statements that run inside."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if statement.split(None, 1)[0].upper() in {"SELECT", "INSERT", "UPDATE", "DELETE"}:
            seen.append(statement)

    with app.app_context():
        engine = db.engine
    target = getattr(engine, "engine", engine)
    event.listen(target, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(target, "before_cursor_execute", note)
