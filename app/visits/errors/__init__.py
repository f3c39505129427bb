"""What the queue refuses, each with a stable code and a sentence that people can act on."""

from collections.abc import Sequence

from app.kernel.errors import Conflict, Invalid, NotFound
from app.kernel.states import TransitionRefused


class UnknownVisit(NotFound):
    """No such visit, or one of no concern to whoever asks."""

    code = "visits.unknown_visit"

    def __init__(self, message: str = "There is no such visit.") -> None:
        super().__init__(message)


class UnknownService(NotFound):
    """No active type of visit has this code."""

    code = "visits.unknown_service"

    def __init__(self, message: str = "There is no such service.") -> None:
        super().__init__(message)


class UnknownArrival(NotFound):
    """No active patient has this university ID."""

    code = "visits.unknown_patient"

    def __init__(self, message: str = "No patient has this university ID.") -> None:
        super().__init__(message)


class NoWalkIns(Invalid):
    """The service takes appointments only."""

    code = "visits.no_walk_ins"

    def __init__(self, service: str) -> None:
        sentence = f"{service} takes no walk-ins. Please book a time."
        super().__init__(sentence, errors={"type_code": [sentence]})


class AlreadyHere(Conflict):
    """The patient is in the queue for something else; one visit at a time."""

    code = "visits.already_here"

    def __init__(self, token: str) -> None:
        super().__init__(f"This patient is in the queue already, with the number {token}.")


class NothingToCheckIn(Conflict):
    """No appointment of today can be checked in by the patient now."""

    code = "visits.nothing_to_check_in"

    def __init__(self, message: str = "There is no visit to check in now.") -> None:
        super().__init__(message)


class NobodyWaiting(Conflict):
    """Nobody is left to call."""

    code = "visits.nobody_waiting"

    def __init__(self, message: str = "Nobody is waiting for this service.") -> None:
        super().__init__(message)


class StaleVisit(Conflict):
    """Somebody else changed the visit meanwhile."""

    code = "visits.stale"

    def __init__(
        self, message: str = "Somebody else has just changed this. Please look at the queue again."
    ) -> None:
        super().__init__(message)


class StepRefused(TransitionRefused):
    """The visit is in a state that this step cannot follow."""

    code = "visits.step_refused"


class TooLateToUndo(Conflict):
    """Only what has just happened can be undone."""

    code = "visits.too_late_to_undo"

    def __init__(self, message: str = "An arrival can be undone only within 10 minutes.") -> None:
        super().__init__(message)


class DayNotOver(Conflict):
    """Somebody is with a provider; the day ends when all of them are done."""

    code = "visits.day_not_over"

    def __init__(self, tokens: Sequence[str]) -> None:
        verb = "is" if len(tokens) == 1 else "are"
        super().__init__(
            f"{', '.join(tokens)} {verb} with a provider. Please complete these visits, or send"
            " them back to the queue, before you close the day."
        )


class PriorityReasonRequired(Invalid):
    """Whoever goes first needs a reason that others can read later."""

    code = "visits.priority_reason_required"

    def __init__(self) -> None:
        sentence = "Please say why this patient goes first."
        super().__init__(sentence, errors={"priority_reason": [sentence]})


class UnusablePriority(Invalid):
    """Neither emergency, urgent nor routine."""

    code = "visits.unusable_priority"

    def __init__(self) -> None:
        sentence = "The priority is 1 (emergency), 2 (urgent) or 3 (routine)."
        super().__init__(sentence, errors={"priority": [sentence]})
