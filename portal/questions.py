"""The questions of a kind of visit, as the confirm page asks them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import request

from app.scheduling.errors.questionnaires import AnswersNeeded, QuestionsChanged
from app.scheduling.queries.questionnaires import QuestionnaireView, current_questionnaire
from app.scheduling.services.questionnaires import as_wish_answers
from app.scheduling.services.wish import Answers
from portal import asking

PREFIX = "answer-"
AGREED = "yes"


@dataclass(frozen=True, slots=True)
class Given:
    """What was typed so far, to fill the page again, and what is wrong with it."""

    answers: Mapping[str, object] = field(default_factory=dict)
    consent: bool = False
    version: int | None = None
    errors: Mapping[str, list[str]] = field(default_factory=dict)

    def as_answers(self) -> Answers:
        """As a use case takes them."""
        return Answers(answers=self.answers or None, consent=self.consent, version=self.version)

    def fields(self) -> dict[str, str]:
        """As hidden fields, for other times that keep the answers."""
        kept = {f"{PREFIX}{key}": str(value) for key, value in self.answers.items()}
        if self.version is not None:
            kept["questions"] = str(self.version)
        return kept | ({"consent": AGREED} if self.consent else {})


def questions_of(type_id: int) -> QuestionnaireView | None:
    """What is asked for a kind of visit, None for nothing."""
    found = current_questionnaire(type_id)
    return None if found is None or found.asks_nothing else found


def given(refusal: AnswersNeeded | None = None) -> Given:
    """What the form says; answers to other questions than those asked now are dropped.

    Raises Malformed for a version that is no number.
    """
    if isinstance(refusal, QuestionsChanged):
        return Given(errors=refusal.errors)
    typed = {
        name.removeprefix(PREFIX): value.strip()
        for name, value in request.form.items()
        if name.startswith(PREFIX)
    }
    return Given(
        as_wish_answers(typed),
        request.form.get("consent") == AGREED,
        asking.version(request.form.get("questions")),
        refusal.errors if refusal else {},
    )
