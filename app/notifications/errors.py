"""Refusals around messages."""

from app.kernel.errors import Conflict, NotFound


class UnknownMessage(NotFound):
    """No such message, or it is somebody else's."""

    code = "notifications.unknown_message"

    def __init__(self) -> None:
        super().__init__("This message was not found.")


class NothingToResend(Conflict):
    """The message is on its way or has arrived."""

    code = "notifications.nothing_to_resend"

    def __init__(self) -> None:
        super().__init__("Only messages that could not be delivered can be sent again.")


class NothingToRunAgain(Conflict):
    """The job is not dead."""

    code = "notifications.nothing_to_run_again"

    def __init__(self) -> None:
        super().__init__("Only jobs that were given up can be run again.")
