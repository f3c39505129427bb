"""Refusals around messages."""

from datetime import timedelta

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


class RetryLater(Exception):
    """Not a refusal but a delay: the job should run again after `wait`, or never when None."""

    def __init__(self, reason: str, wait: timedelta | None) -> None:
        super().__init__(reason)
        self.wait = wait
