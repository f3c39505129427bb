"""Answers to the questions of a type, as the pages of staff send them (SCH-13)."""

from collections.abc import Mapping

from app.scheduling.queries.questionnaires import QuestionnaireView, current_questionnaire
from app.scheduling.services.questionnaires import as_wish_answers
from app.scheduling.services.wish import Answers

PREFIX = "answer-"
AGREED = "yes"


def asked_of(type_id: int | None) -> QuestionnaireView | None:
    """What is asked for a kind of visit, None for nothing."""
    found = current_questionnaire(type_id) if type_id is not None else None
    return None if found is None or found.asks_nothing else found


def answers_of(form: Mapping[str, str]) -> Answers:
    """What was typed; nothing at all where the desk leaves the questions out."""
    typed = as_wish_answers(
        {
            name.removeprefix(PREFIX): value.strip()
            for name, value in form.items()
            if name.startswith(PREFIX)
        }
    )
    version = form.get("questions", "")
    return Answers(
        answers=typed or None,
        consent=form.get("consent") == AGREED,
        version=int(version)
        if version.isascii() and version.isdigit() and len(version) < 9
        else None,
        despite_flag=form.get("despite_flag", "").strip() or None,
    )
