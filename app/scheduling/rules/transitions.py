"""Which status may follow which, by whose hand and when: the table of the states section.

Everything that is not in MOVES is refused here, in one place, with the reason (SCH-07).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from zoneinfo import ZoneInfo

from app.kernel.clock import local_date
from app.scheduling.errors import (
    ReasonRequired,
    TooLateToCancel,
    TransitionForbidden,
    TransitionRefused,
)
from app.scheduling.rules.facts import OPEN, AppointmentStatus

UNDO_WITHIN = timedelta(minutes=10)
REOPEN_WITHIN = timedelta(hours=24)
DEFAULT_GRACE = timedelta(minutes=15)
DEFAULT_CHECK_IN_WINDOW = timedelta(minutes=30)


class ActorCapacity(StrEnum):
    """In which capacity somebody acts on one visit; a person may have several.

    PAPER is whoever types in what a paper form of an outage says, days later too.
    """

    STUDENT_OWNER = "student-owner"
    FRONT_DESK = "front-desk"
    NURSE = "nurse"
    OWN_PROVIDER = "own-provider"
    ADMIN = "admin"
    WORKER = "worker"
    KIOSK = "kiosk"
    PAPER = "paper"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What decides about a move besides the two statuses.

    `status_since` is when the present status was set; `cutoff` is how long before the start a
    patient may still cancel; `was_away` says that the clinic was closed or the provider absent;
    `by_qr` that the patient proved to be in the clinic.
    """

    capacities: frozenset[ActorCapacity]
    now: datetime
    starts_at: datetime
    status_since: datetime
    zone: ZoneInfo
    cutoff: timedelta = timedelta(0)
    reason: str | None = None
    grace: timedelta = DEFAULT_GRACE
    was_away: bool = False
    by_qr: bool = False
    check_in_window: timedelta = DEFAULT_CHECK_IN_WINDOW

    def acts_only_as_patient(self) -> bool:
        """Whether nothing but owning the visit entitles the actor; staff rights win."""
        return self.capacities <= {ActorCapacity.STUDENT_OWNER, ActorCapacity.KIOSK}


Guard = Callable[[Context], None]


@dataclass(frozen=True, slots=True)
class Move:
    """One line of the table: who may do it, and what must hold besides."""

    by: frozenset[ActorCapacity]
    guards: tuple[Guard, ...] = ()


def check_transition(
    source: AppointmentStatus, target: AppointmentStatus, *, context: Context
) -> None:
    """Returns if the visit may go from `source` to `target`.

    Raises TransitionRefused (TooLateToCancel for a patient after the cutoff) when the table or
    the time is against it, TransitionForbidden when it is for others to do, and ReasonRequired.
    """
    move = MOVES.get((source, target))
    if move is None:
        raise TransitionRefused(_no_such_move(source, target))
    if not move.by & context.capacities:
        raise TransitionForbidden(f"You are not allowed to {ACTIONS[target]}.")
    # Only what entitles to this move counts: an administrator who is also the patient of this
    # visit gives it up as a patient, because cancelling is not for administrators.
    entitled = replace(context, capacities=move.by & context.capacities)
    for guard in move.guards:
        guard(entitled)


def allowed_transitions(source: AppointmentStatus, *, context: Context) -> list[AppointmentStatus]:
    """The statuses that may follow now, in the order of the enum; a missing reason is no bar."""
    reasoned = replace(context, reason="given later")
    return [target for target in AppointmentStatus if _is_allowed(source, target, reasoned)]


def is_late_cancellation(context: Context) -> bool:
    """Whether the visit is given up after the cutoff; exactly at the cutoff is in time."""
    return context.now > context.starts_at - context.cutoff


def needs_reason(source: AppointmentStatus, target: AppointmentStatus) -> bool:
    """Whether staff must say why; a form shows the field then."""
    move = MOVES.get((source, target))
    return move is not None and bool({_check_reason, _check_staff_reason} & set(move.guards))


def _is_allowed(source: AppointmentStatus, target: AppointmentStatus, context: Context) -> bool:
    try:
        check_transition(source, target, context=context)
    except (TransitionRefused, TransitionForbidden):
        return False
    return True


def _check_reason(context: Context) -> None:
    if not (context.reason or "").strip():
        raise ReasonRequired()


def _check_staff_reason(context: Context) -> None:
    """Staff must tell the patient why; for a patient "the patient cancelled" is reason enough."""
    if not context.acts_only_as_patient():
        _check_reason(context)


def _check_cutoff(context: Context) -> None:
    if context.acts_only_as_patient() and is_late_cancellation(context):
        raise TooLateToCancel()


def _check_same_day(context: Context) -> None:
    if ActorCapacity.PAPER in context.capacities:
        return  # the form says on which day the patient came
    today = local_date(context.now, context.zone)
    if local_date(context.starts_at, context.zone) != today:
        raise TransitionRefused("Check-in is possible only on the day of the visit.")


def _check_patient_is_here(context: Context) -> None:
    """A patient checks in alone only with the QR code in the clinic, shortly before the visit."""
    if not context.acts_only_as_patient():
        return
    if not context.by_qr:
        raise TransitionForbidden("Please check in with the QR code at the clinic.")
    opens, closes = context.starts_at - context.check_in_window, context.starts_at + context.grace
    if not opens <= context.now <= closes:
        raise TransitionRefused("You cannot check in by yourself now. Please ask the front desk.")


def _check_undo(context: Context) -> None:
    if context.now - context.status_since > UNDO_WITHIN:
        raise TransitionRefused("A check-in can be undone only within 10 minutes.")


def _check_reopen(context: Context) -> None:
    if context.now - context.status_since > REOPEN_WITHIN:
        raise TransitionRefused("A completed visit can be reopened only within 24 hours.")


def _check_missed(context: Context) -> None:
    if context.was_away:
        raise TransitionRefused(
            "The clinic was closed or the provider away, so the patient did not miss the visit."
        )
    if context.now < context.starts_at + context.grace:
        minutes = context.grace // timedelta(minutes=1)
        raise TransitionRefused(
            f"The patient may still come: a visit is missed {minutes} minutes after its start."
        )


def _moves() -> Iterable[tuple[tuple[AppointmentStatus, AppointmentStatus], Move]]:
    """The table, line by line in the order of the rules."""
    to, may = AppointmentStatus, ActorCapacity
    staff = frozenset({may.FRONT_DESK, may.NURSE, may.OWN_PROVIDER})
    desk, provider = frozenset({may.FRONT_DESK}), frozenset({may.OWN_PROVIDER})
    paper = frozenset({may.PAPER})
    give_up = Move(staff | {may.STUDENT_OWNER, may.WORKER}, (_check_cutoff, _check_staff_reason))

    yield (to.PENDING, to.CONFIRMED), Move(staff)
    yield (to.PENDING, to.DECLINED), Move(staff, (_check_reason,))
    yield (to.PENDING, to.CANCELLED), give_up
    yield (to.CONFIRMED, to.CANCELLED), give_up
    yield (to.CONFIRMED, to.RESCHEDULED), Move(staff | {may.STUDENT_OWNER}, (_check_cutoff,))
    yield (
        (to.CONFIRMED, to.CHECKED_IN),
        Move(
            desk | paper | {may.STUDENT_OWNER, may.KIOSK},
            (_check_same_day, _check_patient_is_here),
        ),
    )
    yield (to.CONFIRMED, to.NO_SHOW), Move(desk | paper | {may.WORKER}, (_check_missed,))
    yield (to.CHECKED_IN, to.CONFIRMED), Move(desk | paper, (_check_undo,))
    yield (to.CHECKED_IN, to.IN_PROGRESS), Move(staff | paper)
    yield (to.CHECKED_IN, to.LEFT), Move(staff | paper)
    yield (to.IN_PROGRESS, to.COMPLETED), Move(staff | paper)
    yield (to.IN_PROGRESS, to.CHECKED_IN), Move(staff | paper)
    yield (to.NO_SHOW, to.CHECKED_IN), Move(desk | paper, (_check_same_day,))
    yield (to.LEFT, to.CHECKED_IN), Move(paper)
    yield (to.COMPLETED, to.IN_PROGRESS), Move(provider | paper, (_check_reopen, _check_reason))
    for status in to:
        if status is not to.ENTERED_IN_ERROR:
            yield (status, to.ENTERED_IN_ERROR), Move(frozenset({may.ADMIN}), (_check_reason,))


MOVES: Mapping[tuple[AppointmentStatus, AppointmentStatus], Move] = MappingProxyType(dict(_moves()))

ACTIONS: Mapping[AppointmentStatus, str] = MappingProxyType(
    {
        AppointmentStatus.PENDING: "ask for this visit again",
        AppointmentStatus.CONFIRMED: "confirm this visit",
        AppointmentStatus.CHECKED_IN: "check this patient in",
        AppointmentStatus.IN_PROGRESS: "start this visit",
        AppointmentStatus.COMPLETED: "complete this visit",
        AppointmentStatus.NO_SHOW: "mark this visit as missed",
        AppointmentStatus.LEFT: "record that this patient left",
        AppointmentStatus.CANCELLED: "cancel this visit",
        AppointmentStatus.DECLINED: "decline this visit",
        AppointmentStatus.RESCHEDULED: "move this visit",
        AppointmentStatus.ENTERED_IN_ERROR: "mark this visit as entered in error",
    }
)

# What a visit *is*, for the sentence of a refusal.
DESCRIPTIONS: Mapping[AppointmentStatus, str] = MappingProxyType(
    {
        AppointmentStatus.PENDING: "waits for approval",
        AppointmentStatus.CONFIRMED: "is confirmed",
        AppointmentStatus.CHECKED_IN: "is checked in",
        AppointmentStatus.IN_PROGRESS: "is in progress",
        AppointmentStatus.COMPLETED: "is completed",
        AppointmentStatus.NO_SHOW: "was missed",
        AppointmentStatus.LEFT: "ended when the patient left",
        AppointmentStatus.CANCELLED: "was cancelled",
        AppointmentStatus.DECLINED: "was declined",
        AppointmentStatus.RESCHEDULED: "was moved to another time",
        AppointmentStatus.ENTERED_IN_ERROR: "was entered in error",
    }
)


def _no_such_move(source: AppointmentStatus, target: AppointmentStatus) -> str:
    if source is target:
        return f"This visit {DESCRIPTIONS[source]} already."
    if source not in OPEN and target is AppointmentStatus.CANCELLED:
        return f"This visit {DESCRIPTIONS[source]} and can no longer be cancelled."
    return f"This visit {DESCRIPTIONS[source]}, so nobody can {ACTIONS[target]} now."
