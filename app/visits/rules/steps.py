"""Which step of a visit may follow which: the table of the queue (SCH-33)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from app.visits.errors import StepRefused, TooLateToUndo

UNDO_WITHIN = timedelta(minutes=10)
REOPEN_WITHIN = timedelta(hours=24)


class VisitStatus(StrEnum):
    """Where a visit stands."""

    WAITING = "waiting"
    CALLED = "called"
    ON_HOLD = "on-hold"
    IN_PROGRESS = "in-progress"
    COMPLETED = "completed"
    LEFT = "left"
    VOID = "void"


class VisitStep(StrEnum):
    """What may be done with a visit, by the name of the button."""

    CALL = "call"
    SKIP = "skip"
    HOLD = "hold"
    RESUME = "resume"
    START = "start"
    SEND_BACK = "send-back"
    COMPLETE = "complete"
    REOPEN = "reopen"
    LEAVE = "leave"
    TRANSFER = "transfer"
    PRIORITISE = "prioritise"
    UNDO = "undo"


IS_HERE = (
    VisitStatus.WAITING,
    VisitStatus.CALLED,
    VisitStatus.ON_HOLD,
    VisitStatus.IN_PROGRESS,
)
NOT_SEEN_YET = IS_HERE[:3]

_S, _T = VisitStatus, VisitStep
# Step: from which statuses it goes where; None keeps the status.
STEPS: Mapping[VisitStep, tuple[frozenset[VisitStatus], VisitStatus | None]] = MappingProxyType(
    {
        _T.CALL: (frozenset({_S.WAITING, _S.CALLED, _S.ON_HOLD}), _S.CALLED),
        _T.START: (frozenset(NOT_SEEN_YET), _S.IN_PROGRESS),
        _T.COMPLETE: (frozenset({_S.IN_PROGRESS}), _S.COMPLETED),
        _T.SKIP: (frozenset({_S.CALLED}), _S.WAITING),
        _T.HOLD: (frozenset({_S.WAITING, _S.CALLED}), _S.ON_HOLD),
        _T.RESUME: (frozenset({_S.ON_HOLD}), _S.WAITING),
        _T.SEND_BACK: (frozenset({_S.IN_PROGRESS}), _S.WAITING),
        _T.REOPEN: (frozenset({_S.COMPLETED}), _S.IN_PROGRESS),
        _T.LEAVE: (frozenset(NOT_SEEN_YET), _S.LEFT),
        _T.TRANSFER: (frozenset(NOT_SEEN_YET), _S.WAITING),
        _T.PRIORITISE: (frozenset(NOT_SEEN_YET), None),
        _T.UNDO: (frozenset(NOT_SEEN_YET), _S.VOID),
    }
)
DESCRIPTIONS: Mapping[VisitStatus, str] = MappingProxyType(
    {
        _S.WAITING: "is waiting",
        _S.CALLED: "was called",
        _S.ON_HOLD: "is on hold",
        _S.IN_PROGRESS: "is with the provider",
        _S.COMPLETED: "was seen",
        _S.LEFT: "has left",
        _S.VOID: "was taken out of the queue",
    }
)
WORDS: Mapping[VisitStep, str] = MappingProxyType(
    {
        _T.CALL: "call",
        _T.SKIP: "skip",
        _T.HOLD: "put on hold",
        _T.RESUME: "take back from hold",
        _T.START: "start",
        _T.SEND_BACK: "send back to the queue",
        _T.COMPLETE: "complete",
        _T.REOPEN: "reopen",
        _T.LEAVE: "record as left",
        _T.TRANSFER: "transfer",
        _T.PRIORITISE: "give another priority",
        _T.UNDO: "undo",
    }
)


def check_step(token: str, status: VisitStatus, step: VisitStep) -> VisitStatus:
    """The status after the step. Raises StepRefused with the reason."""
    sources, target = STEPS[step]
    if status not in sources:
        raise StepRefused(f"{token} {DESCRIPTIONS[status]}, so nobody can {WORDS[step]} it now.")
    return target or status


def check_undo(arrived_at: datetime, now: datetime) -> None:
    """An arrival is undone while it is fresh. Raises TooLateToUndo."""
    if now - arrived_at > UNDO_WITHIN:
        raise TooLateToUndo()


def check_reopen(ended_at: datetime | None, now: datetime) -> None:
    """Raises TooLateToUndo for a visit that ended longer ago than a day."""
    if ended_at is None or now - ended_at > REOPEN_WITHIN:
        raise TooLateToUndo("A completed visit can be reopened only within 24 hours.")


def steps_from(status: VisitStatus) -> list[VisitStep]:
    """The steps that the table allows now, in the order of their buttons."""
    return [step for step, (sources, _) in STEPS.items() if status in sources]
