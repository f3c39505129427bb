"""The questions of a kind of visit as rows of fields; the service checks the rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.kernel.errors import Malformed
from app.scheduling.queries.questionnaires import QuestionnaireView
from app.scheduling.rules.questionnaires import (
    MOST_QUESTIONS,
    AskedQuestion,
    Draft,
    QuestionKind,
)

EMPTY_ROWS = 3
KINDS = (
    (QuestionKind.YES_NO.value, "Yes or no"),
    (QuestionKind.CHOICE.value, "One of several answers"),
    (QuestionKind.TEXT.value, "Short text"),
    (QuestionKind.NUMBER.value, "Number"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One question with its number on the page and what is wrong with it."""

    number: int
    question: AskedQuestion
    errors: Mapping[str, Sequence[str]]


def draft_of(form: Mapping[str, str]) -> Draft:
    """What was typed, in the order of "place"; a row without text is a question removed.

    Raises Malformed for more rows than the page has.
    """
    count = form.get("rows", "0")
    if not (count.isascii() and count.isdigit()) or int(count[:4]) > MOST_QUESTIONS + EMPTY_ROWS:
        raise Malformed("This page is damaged. Please reload it.")
    numbers = [n for n in range(1, int(count) + 1) if form.get(f"text-{n}", "").strip()]
    numbers.sort(key=lambda number: _place(form, number))
    return Draft(tuple(_question(form, number) for number in numbers), form.get("consent", ""))


def _place(form: Mapping[str, str], number: int) -> tuple[int, int]:
    text = form.get(f"place-{number}", "")
    return (int(text[:4]) if text.isascii() and text.isdigit() else number, number)


def _question(form: Mapping[str, str], number: int) -> AskedQuestion:
    def lines(name: str) -> tuple[str, ...]:
        return tuple(line.strip() for line in form.get(name, "").splitlines() if line.strip())

    return AskedQuestion(
        text=form.get(f"text-{number}", ""),
        kind=form.get(f"kind-{number}", ""),
        required=f"required-{number}" in form,
        options=lines(f"options-{number}"),
        red_flags=lines(f"red_flags-{number}"),
        advice=form.get(f"advice-{number}", ""),
    )


def draft_from(found: QuestionnaireView | None) -> Draft:
    """The version that is asked now, to be changed."""
    return Draft(found.questions, found.consent) if found else Draft()


def rows_of(draft: Draft, errors: Mapping[str, Sequence[str]]) -> list[Row]:
    """The questions and some empty rows, each with its own sentences."""
    empty = [AskedQuestion(text="")] * min(EMPTY_ROWS, MOST_QUESTIONS - len(draft.questions))
    return [
        Row(number, question, _errors_of(number, errors))
        for number, question in enumerate([*draft.questions, *empty], 1)
    ]


def _errors_of(number: int, errors: Mapping[str, Sequence[str]]) -> dict[str, Sequence[str]]:
    start = f"{number}."
    return {
        name.removeprefix(start): found for name, found in errors.items() if name.startswith(start)
    }
