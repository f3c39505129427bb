"""What scheduling refuses, each with a stable code and a sentence a patient could read.

Four meanings: `SlotTaken` says somebody else holds the time (409), `NotOffered` says that the
time is none that can be booked (422), the transition refusals say why a status stays as it
is, and the `Unknown...` ones say that a name means nothing here (404).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from app.kernel.errors import Conflict, Forbidden, Invalid, Malformed, NotFound
from app.kernel.states import TransitionRefused as KernelTransitionRefused

MAX_WINDOW_DAYS = 62


class FreeTime(Protocol):
    """What a refusal says about another time; `rules.facts.Slot` is one."""

    @property
    def provider(self) -> str: ...
    @property
    def starts_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...


class SlotTaken(Conflict):
    """A claim holds the time. `alternatives` are free times near it, ordered by start."""

    code = "scheduling.slot_taken"

    def __init__(
        self,
        message: str = "This time has just been taken. Please choose another.",
        *,
        alternatives: Sequence[FreeTime] = (),
    ) -> None:
        super().__init__(message)
        self.alternatives: list[FreeTime] = list(alternatives)


class PatientBusy(SlotTaken):
    """The patient has another visit at that time; same code, because another time helps too."""

    def __init__(
        self,
        message: str = "The patient already has a visit at this time. Please choose another.",
        *,
        alternatives: Sequence[FreeTime] = (),
    ) -> None:
        super().__init__(message, alternatives=alternatives)


class NotOffered(Invalid):
    """The time is none that can be booked. The sentence says why."""

    code = "scheduling.not_offered"

    def __init__(self, message: str = "This time is not offered. Please choose another.") -> None:
        super().__init__(message, errors={"starts_at": [message]})


class PastTime(NotOffered):
    """The visit would start before now."""

    code = "scheduling.past_time"

    def __init__(
        self, message: str = "This time has already passed. Please choose a later one."
    ) -> None:
        super().__init__(message)


class OffTheGrid(NotOffered):
    """Within opening hours, but visits do not start at that minute (SCH-16)."""

    code = "scheduling.off_the_grid"


class TooSoon(NotOffered):
    """Less than the minimum notice ahead (SCH-15)."""

    code = "scheduling.too_soon"


class TooFar(NotOffered):
    """Beyond the horizon (SCH-15)."""

    code = "scheduling.too_far"


class LimitReached(NotOffered):
    """A limit of the patient, the type or the provider is used up (SCH-17)."""

    code = "scheduling.limit_reached"


class TransitionRefused(KernelTransitionRefused):
    """The visit cannot take this status now. The sentence says why."""

    code = "scheduling.transition_refused"


class TooLateToCancel(TransitionRefused):
    """A patient gives a visit up after the cutoff; the front desk still may."""

    code = "scheduling.too_late_to_cancel"

    def __init__(
        self,
        message: str = "It is too late to change this visit online. Please call the front desk.",
    ) -> None:
        super().__init__(message)


class TransitionForbidden(Forbidden):
    """The table has the move, but for other people than the actor."""

    code = "scheduling.transition_forbidden"


class ReasonRequired(Invalid):
    """The step needs a reason and none was given."""

    code = "scheduling.reason_required"

    def __init__(self, message: str = "Please give a reason.") -> None:
        super().__init__(message, errors={"reason": [message]})


class OverrideNeedsReason(ReasonRequired):
    """Setting notice, horizon or limits aside is written down with its reason."""

    code = "scheduling.override_needs_reason"

    def __init__(
        self, message: str = "Please say why the booking rules are set aside for this visit."
    ) -> None:
        super().__init__(message)


class BadText(Invalid):
    """A free text is too long or holds characters that cannot be stored."""

    code = "scheduling.bad_text"

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message, errors={field: [message]})


class TypeNotBookable(Forbidden):
    """The type of visit exists, but not for the roles of the actor (SCH-13)."""

    code = "scheduling.type_not_bookable"

    def __init__(
        self,
        message: str = "This kind of visit is booked by the clinic. Please ask the front desk.",
    ) -> None:
        super().__init__(message)


class StaleVersion(Conflict):
    """Somebody changed the visit since the page was shown (SCH-07)."""

    code = "scheduling.stale_version"

    def __init__(
        self,
        message: str = "This visit was changed in the meantime. Please look at it again.",
    ) -> None:
        super().__init__(message)


class KeyReused(Invalid):
    """The Idempotency-Key was used before for something else (SCH-06)."""

    code = "scheduling.idempotency_key_reused"

    def __init__(
        self, message: str = "This Idempotency-Key was already used for a different request."
    ) -> None:
        super().__init__(message)


class UnknownType(NotFound):
    """No such type of visit."""

    code = "scheduling.unknown_type"

    def __init__(self, message: str = "There is no such kind of visit.") -> None:
        super().__init__(message)


class UnknownProvider(NotFound):
    """No such provider, or none for this type of visit."""

    code = "scheduling.unknown_provider"

    def __init__(self, message: str = "There is no such provider for this kind of visit.") -> None:
        super().__init__(message)


class UnknownPatient(NotFound):
    """No such patient, or none whom the actor may know of."""

    code = "scheduling.unknown_patient"

    def __init__(self, message: str = "There is no such patient.") -> None:
        super().__init__(message)


class UnknownAppointment(NotFound):
    """No such visit, or none that the actor may know of."""

    code = "scheduling.unknown_appointment"

    def __init__(self, message: str = "There is no such visit.") -> None:
        super().__init__(message)


class WindowTooLong(Malformed):
    """More days at once than `MAX_WINDOW_DAYS`."""

    code = "scheduling.window_too_long"

    def __init__(
        self, message: str = f"Please ask for at most {MAX_WINDOW_DAYS} days at once."
    ) -> None:
        super().__init__(message)


class WindowBackwards(Malformed):
    """The first day asked for lies after the last."""

    code = "scheduling.window_backwards"

    def __init__(self, message: str = "The first day must not lie after the last day.") -> None:
        super().__init__(message)


class WindowAbsurd(Malformed):
    """A day so far away that no clinic has plans for it."""

    code = "scheduling.window_absurd"

    def __init__(self, message: str = "Please ask for days between 1900 and 2200.") -> None:
        super().__init__(message)


class CodeTaken(Conflict):
    """Another type of visit has the code."""

    code = "scheduling.code_taken"

    def __init__(self) -> None:
        super().__init__("Another kind of visit has this code.")


class UnknownClosure(NotFound):
    """No such closure."""

    code = "scheduling.unknown_closure"

    def __init__(self, message: str = "There is no such closure.") -> None:
        super().__init__(message)
