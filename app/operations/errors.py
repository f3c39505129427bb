"""Refusals around alerts and reports."""

from app.kernel.errors import Conflict, NotFound


class UnknownAlert(NotFound):
    """No such alert."""

    code = "operations.unknown_alert"

    def __init__(self) -> None:
        super().__init__("This alert was not found.")


class AlertIsOver(Conflict):
    """The alert was closed already."""

    code = "operations.alert_is_over"

    def __init__(self) -> None:
        super().__init__("This alert is over: what it told of has ended.")


class NothingToPutAway(NotFound):
    """The report is not there, or somebody has put it away."""

    code = "operations.nothing_to_put_away"

    def __init__(self) -> None:
        super().__init__("There is no such open error report.")
