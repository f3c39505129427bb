"""What "provider is out" refuses (SCH-34)."""

from app.kernel.errors import Conflict, Invalid, NotFound


class BadOutage(Invalid):
    """The time of the absence makes no sense. The sentence says why."""

    code = "scheduling.bad_outage"

    def __init__(self, message: str) -> None:
        super().__init__(message, errors={"ends_at": [message]})


class UnknownOutage(NotFound):
    """There is no such absence, or no such line of its call list."""

    code = "scheduling.unknown_outage"

    def __init__(self, message: str = "There is no such absence.") -> None:
        super().__init__(message)


class UndoTooLate(Conflict):
    """More than ten minutes have passed."""

    code = "scheduling.undo_too_late"

    def __init__(self) -> None:
        super().__init__("This can be undone only within 10 minutes. Please move the visits back.")


class UndoneAlready(Conflict):
    """Somebody has undone it before."""

    code = "scheduling.undone_already"

    def __init__(self) -> None:
        super().__init__("This was undone already.")
