"""What is refused to somebody who answers a reminder by its link (SCH-30)."""

from app.kernel.errors import Conflict, NotFound


class UnknownAnswerLink(NotFound):
    """No link of ours, or one that is too old."""

    code = "scheduling.unknown_answer_link"

    def __init__(
        self,
        message: str = "This link does not work any more. Please sign in, or call the front desk.",
    ) -> None:
        super().__init__(message)


class AnswerTooLate(Conflict):
    """The visit began, was given up or moved; the sentence says which."""

    code = "scheduling.answer_too_late"
