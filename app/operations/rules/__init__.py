"""Decisions of operations: is a job late, is a number out of bounds, what becomes of alerts."""

from app.operations.rules.alerts import (
    Change,
    Finding,
    OpenAlert,
    Severity,
    changes,
    is_to_escalate,
    is_to_repeat,
    is_worse,
)
from app.operations.rules.beats import Beat, BeatState, grace, next_due, sentence_of, state_of
from app.operations.rules.things import BACKUPS, PROOFS, key_of_job

__all__ = [
    "BACKUPS",
    "PROOFS",
    "Beat",
    "BeatState",
    "Change",
    "Finding",
    "OpenAlert",
    "Severity",
    "changes",
    "grace",
    "is_to_escalate",
    "is_to_repeat",
    "is_worse",
    "key_of_job",
    "next_due",
    "sentence_of",
    "state_of",
]
