"""Rules of the queue. Pure: no clock, no database, no web."""

from app.visits.rules.paper import PaperOutcome, paper_text
from app.visits.rules.queue import (
    MEASURED,
    ORDER_IN_WORDS,
    PRIORITIES,
    ROUTINE,
    Turn,
    check_priority,
    due_at,
    in_order,
    predicted_wait,
    wait_in_words,
)
from app.visits.rules.steps import (
    IS_HERE,
    NOT_SEEN_YET,
    REOPEN_WITHIN,
    UNDO_WITHIN,
    VisitStatus,
    VisitStep,
    check_bring_back,
    check_reopen,
    check_step,
    check_undo,
    steps_from,
)
from app.visits.rules.tokens import Service, prefixes

__all__ = [
    "IS_HERE",
    "MEASURED",
    "NOT_SEEN_YET",
    "ORDER_IN_WORDS",
    "PRIORITIES",
    "REOPEN_WITHIN",
    "ROUTINE",
    "UNDO_WITHIN",
    "PaperOutcome",
    "Service",
    "Turn",
    "VisitStatus",
    "VisitStep",
    "check_bring_back",
    "check_priority",
    "check_reopen",
    "check_step",
    "check_undo",
    "due_at",
    "in_order",
    "paper_text",
    "predicted_wait",
    "prefixes",
    "steps_from",
    "wait_in_words",
]
