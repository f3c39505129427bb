"""What privacy says no to."""

from app.kernel.errors import Conflict, Invalid, NotFound


class UnknownRequest(NotFound):
    """No such request."""

    code = "privacy.unknown_request"

    def __init__(self) -> None:
        super().__init__("There is no such request.")


class UnknownPerson(Invalid):
    """No record under this university ID."""

    code = "privacy.unknown_person"

    def __init__(self) -> None:
        sentence = "There is no record with this university ID. A stranger's name goes beside it."
        super().__init__(sentence, errors={"patient": [sentence]})


class NeedsOnePerson(Invalid):
    """A request is of a patient or of a stranger, not of both or of nobody."""

    code = "privacy.needs_one_person"

    def __init__(self) -> None:
        sentence = "Please give a university ID or, for a stranger, a name; not both."
        super().__init__(sentence, errors={"patient": [sentence]})


class OddValue(Invalid):
    """A field that makes no sense. It is named with a sentence."""

    code = "privacy.odd_value"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence, errors={field: [sentence]})


class NotNow(Conflict):
    """The request or breach is in another state than the step needs."""

    code = "privacy.not_now"


class KeepingDuty(Conflict):
    """DPA-02: nothing is erased while a duty or a hold keeps the records."""

    code = "privacy.keeping_duty"

    def __init__(self, why: str) -> None:
        super().__init__(f"These records must stay, so this can only be refused. {why}")


class NotErasedYet(Conflict):
    """DPA-02: records end by a list of disposal with two approvers, and in no other way."""

    code = "privacy.not_erased_yet"

    def __init__(self) -> None:
        super().__init__(
            "These records are still here. They end by a list of disposal that two others"
            " approve; answer this request after that."
        )


class CopyNeedsRecord(Conflict):
    """A stranger has no record to copy."""

    code = "privacy.copy_needs_record"

    def __init__(self) -> None:
        super().__init__("This request is not about a record of ours, so there is nothing to copy.")


class CopyUnderWay(Conflict):
    """One copy at a time."""

    code = "privacy.copy_under_way"

    def __init__(self) -> None:
        super().__init__("A copy is being made, or waits to be loaded. One at a time is enough.")


class AskedAlready(Conflict):
    """One request for a copy at a time."""

    code = "privacy.asked_already"

    def __init__(self) -> None:
        super().__init__("You asked already. You see here when your copy is ready.")


class NoCopy(NotFound):
    """Not made yet, or removed again."""

    code = "privacy.no_copy"

    def __init__(self) -> None:
        super().__init__("This copy is not there, or not any more.")


class UnknownBreach(NotFound):
    """No such breach."""

    code = "privacy.unknown_breach"

    def __init__(self) -> None:
        super().__init__("There is no such breach in the register.")


class NotJudged(Conflict):
    """DPA-01: whether to notify follows from three answers, and one is missing."""

    code = "privacy.not_judged"

    def __init__(self) -> None:
        super().__init__(
            "Please answer first whether sensitive data is involved, whether somebody got it who"
            " may not have it, and whether there is a real risk of serious harm."
        )


class MustNotify(Conflict):
    """DPA-01: sensitive data, acquired, with a real risk."""

    code = "privacy.must_notify"

    def __init__(self) -> None:
        super().__init__(
            "By the answers given this breach must be notified to the commission and to the"
            " people concerned within 72 hours."
        )


class RegisterIsFull(Conflict):
    """Never expected; keeps the list of affected people bounded."""

    code = "privacy.too_many_lines"

    def __init__(self, most: int) -> None:
        super().__init__(f"More than {most} people are concerned. Please narrow the search.")


class NoScope(Invalid):
    """Nothing to look for in the trail."""

    code = "privacy.no_scope"

    def __init__(self) -> None:
        sentence = "Please give an account, or a kind of record with its number."
        super().__init__(sentence, errors={"account": [sentence]})
