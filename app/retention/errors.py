"""What retention says no to."""

from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound


class UnknownPerson(NotFound):
    """No record under this university ID."""

    code = "retention.unknown_person"

    def __init__(self) -> None:
        super().__init__("There is no record with this university ID.")


class UnknownHold(NotFound):
    """No such hold."""

    code = "retention.unknown_hold"

    def __init__(self) -> None:
        super().__init__("There is no such hold.")


class HoldIsOver(Conflict):
    """A hold is lifted once."""

    code = "retention.hold_is_over"

    def __init__(self) -> None:
        super().__init__("This hold was lifted already.")


class AlreadyDisposed(Conflict):
    """Nothing is left that a hold could keep."""

    code = "retention.already_disposed"

    def __init__(self) -> None:
        super().__init__("This record was disposed of; nothing is left to hold.")


class ReasonTooShort(Invalid):
    """A reason that says nothing."""

    code = "retention.reason"

    def __init__(self, field: str = "reason") -> None:
        sentence = "Please give a reason of at least 10 characters."
        super().__init__(sentence, errors={field: [sentence]})


class UnknownDisposal(NotFound):
    """No such list."""

    code = "retention.unknown_disposal"

    def __init__(self) -> None:
        super().__init__("There is no such list.")


class ListUnderWay(Conflict):
    """One list at a time, so that nobody stands on two."""

    code = "retention.list_under_way"

    def __init__(self) -> None:
        super().__init__(
            "Another list is not finished yet. Carry it out or withdraw it, then draw up a new one."
        )


class ListChanged(Conflict):
    """Somebody approves what they did not see."""

    code = "retention.list_changed"

    def __init__(self) -> None:
        super().__init__("This list is not the one that you looked at. Please look again.")


class NotNow(Conflict):
    """The list is in another state than the step needs."""

    code = "retention.not_now"


class NeedsOtherPerson(Forbidden):
    """RET-02: two approvers, neither of them the one who drew up the list."""

    code = "retention.needs_other_person"


class NothingToDispose(Conflict):
    """An empty list needs no approval."""

    code = "retention.nothing_to_dispose"

    def __init__(self) -> None:
        super().__init__("Nobody is on this list, so there is nothing to approve.")


class NoCertificate(NotFound):
    """The list was not carried out yet, or its file is gone."""

    code = "retention.no_certificate"

    def __init__(self) -> None:
        super().__init__("The certificate of this list is not there.")


class NotACertificate(Invalid):
    """A file that we did not sign, or that was changed."""

    code = "retention.not_a_certificate"
