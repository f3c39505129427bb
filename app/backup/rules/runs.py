"""What a run is, and what is said about its age, size and way (BAK-01, BAK-04)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

# Once a day, and two hours for a night that was missed or a machine that is slow.
STALE_AFTER: Final = timedelta(hours=26)
SHRUNK_BELOW: Final = 0.7
# What a restored database says of the run that made it: nothing is wrong with that one.
WAS_RUNNING: Final = "It was under way when the backup was made from which the clinic was restored."


class RunStatus(StrEnum):
    """How far a run is. A made one has a set; whether the set counts says its proof."""

    WAITING = "waiting"
    RUNNING = "running"
    MADE = "made"
    FAILED = "failed"


class Proof(StrEnum):
    """Whether the set was restored once (BAK-02)."""

    NONE = ""
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"


STEPS: Mapping[str, str] = {
    "waiting": "Waiting for its turn",
    "database": "Copying the database",
    "files": "Copying the files",
    "copies": "Copying to the other places",
    "proof": "Restoring the copy to prove it",
    "tidying": "Removing what need not be kept",
}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong with a run, for people; grave when there is no new set to rely on."""

    sentence: str
    is_grave: bool


def trouble_of(
    *,
    status: RunStatus,
    proof: Proof,
    error: str,
    checks: Sequence[Mapping[str, Any]],
    places: Sequence[Mapping[str, Any]],
    size: int,
    before: int | None,
) -> Trouble | None:
    """What must be told of a run that has ended (BAK-04)."""
    if status is RunStatus.FAILED:
        return Trouble(f"A backup failed. {error}", is_grave=True)
    if proof is Proof.FAILED:
        found = next((str(one["sentence"]) for one in checks if not one["passed"]), "")
        return Trouble(f"A backup could not be restored. {found}".strip(), is_grave=True)
    if error:
        return Trouble(f"A backup was not looked after. {error}", is_grave=True)
    if before is not None and has_shrunk(size, before):
        return Trouble(shrink_sentence(size, before), is_grave=True)
    if missing := missing_from(places):
        return Trouble(f"A backup was not copied. {' '.join(missing)}", is_grave=False)
    return None


def is_stale(last_proven_at: datetime | None, now: datetime) -> bool:
    """Whether there is no proven set, or it is too old (BAK-01)."""
    return last_proven_at is None or now - last_proven_at > STALE_AFTER


def has_shrunk(size: int, before: int | None) -> bool:
    """Whether a set is more than 30 % smaller than the last proven one (BAK-04)."""
    return before is not None and size < before * SHRUNK_BELOW


def percent_done(done: int, expected: int) -> int:
    """From 0 to 99: what is expected is only what the last set had."""
    return min(99, 100 * done // expected) if expected > 0 else 0


def age_in_words(age: timedelta) -> str:
    """The age of a set in its largest unit that fits: 3 hours, 2 days."""
    minutes = max(0, int(age.total_seconds())) // 60
    for unit, size in (("day", 1440), ("hour", 60), ("minute", 1)):
        if minutes >= size * (2 if unit == "day" else 1):
            count = minutes // size
            return f"{count} {unit}{'s' if count != 1 else ''}"
    return "less than a minute"


def missing_from(places: Sequence[Mapping[str, Any]]) -> list[str]:
    """The places that do not have the set, as sentences."""
    return [str(place["problem"]) for place in places if not place["is_there"]]


def shrink_sentence(size: int, before: int) -> str:
    """What is told when a set is suddenly small."""
    share = round(100 * (1 - size / before))
    return f"The newest backup is {share} % smaller than the last proven one. Find out why."


def size_in_words(size: float) -> str:
    """Bytes as people say them: 512 B, 1.5 GB."""
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 10 else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"
