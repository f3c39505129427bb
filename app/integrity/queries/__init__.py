"""Reads of integrity: which invariants there are, whether they hold, and earlier proofs."""

from app.integrity.queries.catalogue import all_files, all_holdings, all_invariants
from app.integrity.queries.checks import broken_invariants, check_invariants
from app.integrity.queries.runs import (
    RunView,
    known_run,
    last_ended,
    last_started_at,
    latest_runs,
    run_under_way,
)

__all__ = [
    "RunView",
    "all_files",
    "all_holdings",
    "all_invariants",
    "broken_invariants",
    "check_invariants",
    "known_run",
    "last_ended",
    "last_started_at",
    "latest_runs",
    "run_under_way",
]
