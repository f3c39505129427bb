"""Decisions about proofs: when one is due, what a result means, what a report says (BAK-02)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final

from app.kernel.invariant import Invariant

SHOWN_ROWS: Final = 20
TOO_OLD: Final = timedelta(days=2)
# At night, once; a night that was missed is made up for as soon as somebody works again.
NIGHT_BEGINS, NIGHT_ENDS = time(1), time(5)
NOT_AGAIN_FOR: Final = timedelta(hours=20)
OVERDUE_AFTER: Final = timedelta(hours=26)
# Longer than any proof may take: what is still running then was interrupted.
LONGEST_RUN: Final = timedelta(hours=1)


class RunStatus(StrEnum):
    """Where a proof stands. "broken" is a proof that did not come to its end."""

    WAITING = "waiting"
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one invariant: how many rows break it, and the names of the first of them.

    `problem` says why it could not be asked; then nothing is known of it.
    """

    invariant: Invariant
    count: int = 0
    rows: tuple[str, ...] = ()
    seconds: float = 0
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether it was asked and no row breaks it."""
        return self.count == 0 and not self.problem

    def stored(self) -> dict[str, Any]:
        """As JSON values; the sentence as it was at the time."""
        return {
            "id": self.invariant.id,
            "rule": self.invariant.rule,
            "sentence": self.invariant.sentence,
            "count": self.count,
            "rows": list(self.rows),
            "seconds": round(self.seconds, 3),
            "problem": self.problem,
        }


def outcome(findings: Sequence[Finding], *, audit_problems: int) -> RunStatus:
    """Passed only when every invariant was asked and holds, and the chain does."""
    holds = audit_problems == 0 and all(finding.holds for finding in findings)
    return RunStatus.PASSED if holds else RunStatus.FAILED


def is_due(local_now: datetime, *, last_started: timedelta | None) -> bool:
    """Whether the nightly proof should run. `last_started` is how long ago the last one began,
    or how long the clinic exists without one."""
    if last_started is None or last_started >= OVERDUE_AFTER:
        return True
    is_night = NIGHT_BEGINS <= local_now.time() < NIGHT_ENDS
    return is_night and last_started >= NOT_AGAIN_FOR


def warning(status: RunStatus, *, age: timedelta) -> str:
    """The sentence of the red banner, or an empty text while the last proof is good and fresh."""
    if status is RunStatus.FAILED:
        return "The last proof found data that breaks a rule."
    if status is RunStatus.BROKEN:
        return "The last proof did not come to its end."
    if age > TOO_OLD:
        return f"The last proof is {age.days} days old."
    return ""


def canonical(report: Mapping[str, Any]) -> bytes:
    """The bytes of a report that are signed: one way to write the same facts."""
    return json.dumps(
        report, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    ).encode()
