"""What paper forms and late entries are refused for, in sentences that people can act on."""

from collections.abc import Mapping, Sequence

from app.kernel.errors import Conflict, Invalid


class UnusableEntry(Invalid):
    """Something on the form makes no sense; every field says what."""

    code = "visits.unusable_entry"

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("Please correct the marked fields.", errors=errors)


class UnknownPaperNumber(Invalid):
    """Not a number of a form that this clinic printed."""

    code = "visits.unknown_paper_number"

    def __init__(self, text: str) -> None:
        sentence = (
            f"No form with the number {text} was printed here. Please look at the form again; the"
            " number begins with P. If the records were restored from a backup since, ask an"
            " administrator to make the lost numbers known."
        )
        super().__init__(sentence, errors={"number": [sentence]})


class PaperAlreadyEntered(Conflict):
    """The form was typed in before."""

    code = "visits.paper_already_entered"

    def __init__(self, number: str, name: str, visit_id: int | None = None) -> None:
        super().__init__(
            f"{number} was entered already, for {name}.",
            errors={"number": [f"This form was entered already, for {name}."]},
        )
        self.visit_id = visit_id


class PaperIsVoid(Conflict):
    """The form was marked as not used."""

    code = "visits.paper_is_void"

    def __init__(self, number: str) -> None:
        sentence = f"{number} is marked as not used. Undo that first if it was used after all."
        super().__init__(sentence, errors={"number": [sentence]})


class AlreadyRecorded(Conflict):
    """The visit seems to be there already; `visit_id` shows which."""

    code = "visits.already_recorded"

    def __init__(self, sentence: str, visit_id: int | None = None) -> None:
        super().__init__(sentence)
        self.visit_id = visit_id


class NotOnThisDay(Conflict):
    """The appointment cannot be the one of this form."""

    code = "visits.not_on_this_day"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence, errors={"appointment": [sentence]})


class PaperNotDrawn(Conflict):
    """The day does not fit into a PDF that is made within a minute."""

    code = "visits.paper_not_drawn"

    def __init__(
        self,
        message: str = "The PDF could not be made. Please try again, with fewer forms. If that does"
        " not help, print the day list.",
    ) -> None:
        super().__init__(message)


class NothingToUndo(Conflict):
    """The form has no entry that could be taken back."""

    code = "visits.nothing_to_undo"

    def __init__(self, message: str = "This form was not entered, so there is nothing to undo."):
        super().__init__(message)
