"""Decisions of operations: is a job late, is a number out of bounds, what becomes of alerts."""

from app.operations.rules.alerts import (
    Change,
    Finding,
    OpenAlert,
    Severity,
    changes,
    is_to_escalate,
)
from app.operations.rules.beats import Beat, BeatState, grace, next_due, sentence_of, state_of

__all__ = [
    "Beat",
    "BeatState",
    "Change",
    "Finding",
    "OpenAlert",
    "Severity",
    "changes",
    "grace",
    "is_to_escalate",
    "next_due",
    "sentence_of",
    "state_of",
]
