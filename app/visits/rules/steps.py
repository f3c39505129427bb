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
    BRING_BACK = "bring-back"
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
        _T.BRING_BACK: (frozenset({_S.LEFT}), _S.WAITING),
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
        _T.CALL: "call it",
        _T.SKIP: "skip it",
        _T.HOLD: "put it on hold",
        _T.RESUME: "take it back from hold",
        _T.START: "start it",
        _T.SEND_BACK: "send it back to the queue",
        _T.COMPLETE: "complete it",
        _T.REOPEN: "reopen it",
        _T.LEAVE: "record it as left",
        _T.BRING_BACK: "bring it back",
        _T.TRANSFER: "transfer it",
        _T.PRIORITISE: "give it another priority",
        _T.UNDO: "undo it",
    }
)


def check_step(token: str, status: VisitStatus, step: VisitStep) -> VisitStatus:
    """The status after the step. Raises StepRefused with the reason."""
    sources, target = STEPS[step]
    if status not in sources:
        raise StepRefused(f"{token} {DESCRIPTIONS[status]}, so nobody can {WORDS[step]} now.")
    return target or status


def check_undo(arrived_at: datetime, now: datetime) -> None:
    """An arrival is undone while it is fresh. Raises TooLateToUndo."""
    if now - arrived_at > UNDO_WITHIN:
        raise TooLateToUndo()


def check_reopen(ended_at: datetime | None, now: datetime) -> None:
    """Raises TooLateToUndo for a visit that ended longer ago than a day."""
    if ended_at is None or now - ended_at > REOPEN_WITHIN:
        raise TooLateToUndo("A completed visit can be reopened only within 24 hours.")


def check_bring_back(
    token: str, ended_at: datetime | None, now: datetime, *, booked: bool, today: bool = True
) -> None:
    """A walk-in recorded as left by mistake waits again, while that is fresh (SCH-33).

    An appointment that ended so holds no time any more (SCH-07): its patient takes a number.
    `today` says that the visit is of this day. Raises StepRefused for an appointment,
    TooLateToUndo.
    """
    if booked:
        raise StepRefused(
            f"The appointment of {token} has ended. Please take the patient as a walk-in."
        )
    if not today or ended_at is None or now - ended_at > UNDO_WITHIN:
        raise TooLateToUndo("Who has left can be brought back only within 10 minutes.")


def steps_from(status: VisitStatus) -> list[VisitStep]:
    """The steps that the table allows now, in the order of their buttons."""
    return [step for step, (sources, _) in STEPS.items() if status in sources]
