"""Reads of visits and the queue."""

from app.visits.queries.footprints import footprints
from app.visits.queries.visits import (
    Board,
    CalledToken,
    QueueEntry,
    Standing,
    VisitView,
    board,
    events_of,
    known_visit,
    numbers_of,
    position_and_wait,
    queue,
    visit,
    visit_of_appointment,
    visit_of_patient_today,
)

__all__ = [
    "Board",
    "CalledToken",
    "QueueEntry",
    "Standing",
    "VisitView",
    "board",
    "events_of",
    "footprints",
    "known_visit",
    "numbers_of",
    "position_and_wait",
    "queue",
    "visit",
    "visit_of_appointment",
    "visit_of_patient_today",
]
