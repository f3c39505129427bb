"""What questions at booking, consent and red flags refuse."""

from collections.abc import Mapping, Sequence

from app.kernel.errors import Invalid


class BadQuestionnaire(Invalid):
    """Questions that nobody could answer. `errors` names each field, such as 2.text."""

    code = "scheduling.bad_questionnaire"

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        super().__init__("Please correct the marked fields.", errors=errors)


class AnswersNeeded(Invalid):
    """A question is open, or an answer makes no sense. `errors` names each, as answers.q1."""

    code = "scheduling.answers_needed"

    def __init__(
        self,
        errors: Mapping[str, Sequence[str]],
        message: str = "Please answer the questions about your visit.",
    ) -> None:
        super().__init__(message, errors=errors)


class QuestionsChanged(AnswersNeeded):
    """The clinic changed its questions while somebody answered them."""

    code = "scheduling.questions_changed"

    def __init__(self) -> None:
        sentence = "The questions have just changed. Please answer them again."
        super().__init__({"answers": [sentence]}, sentence)


class Diverted(Invalid):
    """An answer is a red flag: nothing is booked, the patient shall call or come now."""

    code = "scheduling.diverted"

    def __init__(self, advice: Sequence[str] = ()) -> None:
        super().__init__("Please do not wait for an appointment: call the clinic or come now.")
        self.advice = list(advice)

    @property
    def extra(self) -> dict[str, list[str]]:
        """What the JSON interface says on top."""
        return {"advice": self.advice}
