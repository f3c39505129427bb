"""Questions at booking: what may be asked, what is an answer, and which answer is a red flag."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, Self

from app.scheduling.errors.questionnaires import AnswersNeeded, BadQuestionnaire

MOST_QUESTIONS = 20
LONGEST_QUESTION = 200
LONGEST_OPTION = 80
LONGEST_ADVICE = 300
LONGEST_CONSENT = 4000
LONGEST_ANSWER = 300
MOST_OPTIONS = 10
HIGHEST_NUMBER = Decimal(1_000_000)
YES_NO = ("Yes", "No")


class QuestionKind(StrEnum):
    """How a question is answered (FHIR: boolean, choice, string, decimal)."""

    YES_NO = "yes-no"
    CHOICE = "choice"
    TEXT = "text"
    NUMBER = "number"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedQuestion:
    """One question. An answer among `red_flags` means: do not book, call or come now."""

    text: str
    kind: str = QuestionKind.YES_NO
    required: bool = True
    options: tuple[str, ...] = ()
    red_flags: tuple[str, ...] = ()
    advice: str = ""
    id: str = ""

    @property
    def choices(self) -> tuple[str, ...]:
        """What can be chosen; nothing where one types."""
        return YES_NO if self.kind == QuestionKind.YES_NO else self.options

    def stored(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "id": self.id,
            "text": self.text,
            "kind": str(self.kind),
            "required": self.required,
            "options": list(self.options),
            "red_flags": list(self.red_flags),
            "advice": self.advice,
        }

    @classmethod
    def restored(cls, values: Mapping[str, Any]) -> Self:
        """From what `stored` made."""
        lists = {name: tuple(values[name]) for name in ("options", "red_flags")}
        return cls(**{**values, **lists})


@dataclass(frozen=True, slots=True)
class Draft:
    """Questions and consent text as an administrator typed them."""

    questions: tuple[AskedQuestion, ...] = ()
    consent: str = ""


@dataclass(frozen=True, slots=True)
class CheckedAnswers:
    """Answers by question, as they are stored, and the questions that raised a red flag."""

    answers: dict[str, str]
    flagged: tuple[AskedQuestion, ...]

    @property
    def flags(self) -> list[str]:
        """The keys of the questions."""
        return [question.id for question in self.flagged]

    @property
    def advice(self) -> list[str]:
        """What the patient shall do, each sentence once."""
        return list(dict.fromkeys(one.advice for one in self.flagged if one.advice))


def check_questionnaire(draft: Draft) -> Draft:
    """The draft without blanks at the ends, its questions numbered q1, q2, and so on.

    Raises BadQuestionnaire naming each field by the number of its question, as in 2.options.
    """
    errors: dict[str, list[str]] = {}
    cleaned = [_cleaned(question) for question in draft.questions]
    if len(cleaned) > MOST_QUESTIONS:
        errors["questions"] = [f"Please ask at most {MOST_QUESTIONS} questions."]
    for number, question in enumerate(cleaned, 1):
        for name, sentence in _mistakes(question):
            errors.setdefault(f"{number}.{name}", []).append(sentence)
    consent = draft.consent.replace("\r\n", "\n").strip()
    if len(consent) > LONGEST_CONSENT or not _is_plain(consent):
        errors["consent"] = [f"Please use at most {LONGEST_CONSENT} plain characters."]
    if errors:
        raise BadQuestionnaire(errors)
    return Draft(tuple(_numbered(cleaned)), consent)


def _cleaned(question: AskedQuestion) -> AskedQuestion:
    is_choice = question.kind == QuestionKind.CHOICE
    has_choices = is_choice or question.kind == QuestionKind.YES_NO
    return AskedQuestion(
        text=" ".join(question.text.split()),
        kind=question.kind,
        required=question.required,
        options=_lines(question.options) if is_choice else (),
        red_flags=_lines(question.red_flags) if has_choices else (),
        advice=" ".join(question.advice.split()),
    )


def _lines(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(text.split()) for text in texts if text.strip())


def _numbered(questions: Sequence[AskedQuestion]) -> list[AskedQuestion]:
    stored = [question.stored() for question in questions]
    return [
        AskedQuestion.restored(values | {"id": f"q{number}"})
        for number, values in enumerate(stored, 1)
    ]


def _mistakes(question: AskedQuestion) -> list[tuple[str, str]]:
    """(field, sentence) of everything that is wrong with one question."""
    found = []
    if not question.text or len(question.text) > LONGEST_QUESTION or not _is_plain(question.text):
        found.append(("text", f"Please ask in at most {LONGEST_QUESTION} plain characters."))
    if question.kind not in set(QuestionKind):
        found.append(("kind", "Please choose how the question is answered."))
    if question.kind == QuestionKind.CHOICE:
        found += _wrong_options(question.options)
    strange = [flag for flag in question.red_flags if flag not in question.choices]
    if strange:
        found.append(("red_flags", f"“{strange[0]}” is none of the answers that can be chosen."))
    if len(question.advice) > LONGEST_ADVICE or not _is_plain(question.advice):
        found.append(("advice", f"Please use at most {LONGEST_ADVICE} plain characters."))
    elif question.red_flags and not question.advice:
        found.append(("advice", "Please say what the patient shall do after a red flag."))
    return found


def _wrong_options(options: Sequence[str]) -> list[tuple[str, str]]:
    if not 2 <= len(options) <= MOST_OPTIONS:
        return [("options", f"Please give 2 to {MOST_OPTIONS} answers, one on each line.")]
    if len(set(options)) < len(options):
        return [("options", "Please give each answer once.")]
    if any(len(option) > LONGEST_OPTION or not _is_plain(option) for option in options):
        return [("options", f"Please use at most {LONGEST_OPTION} plain characters for an answer.")]
    return []


def _is_plain(text: str) -> bool:
    return not any(unicodedata.category(char) in ("Cc", "Cs") and char != "\n" for char in text)


def check_answers(
    questions: Sequence[AskedQuestion],
    given: Mapping[str, object],
    *,
    consent: str = "",
    consented: bool = False,
) -> CheckedAnswers:
    """The answers as they are stored; empty ones are left out.

    A red flag counts even when other answers are missing: nobody in danger fills in a form
    twice. Otherwise raises AnswersNeeded naming every open question and odd answer.
    """
    answers: dict[str, str] = {}
    errors: dict[str, list[str]] = {}
    for question in questions:
        try:
            answer = _answer(question, given.get(question.id))
        except ValueError as error:
            errors[f"answers.{question.id}"] = [str(error)]
            continue
        if answer:
            answers[question.id] = answer
    flagged = tuple(one for one in questions if answers.get(one.id) in one.red_flags)
    if flagged:
        return CheckedAnswers(answers, flagged)
    known = {question.id for question in questions}
    errors |= {f"answers.{key}": ["This is not asked."] for key in given if key not in known}
    if consent and not consented:
        errors["consent"] = ["Please read this and agree before you book."]
    if errors:
        raise AnswersNeeded(errors)
    return CheckedAnswers(answers, ())


def _answer(question: AskedQuestion, given: object) -> str:
    """The answer as text, "" for none. Raises ValueError with a sentence."""
    if isinstance(given, bool):
        given = YES_NO[not given] if question.kind == QuestionKind.YES_NO else None
    if given is not None and not isinstance(given, str | int | float):
        raise ValueError("Please answer with one value.")
    text = "" if given is None else str(given).replace("\r\n", "\n").strip()
    if not text:
        if question.required:
            raise ValueError("Please answer this question.")
        return ""
    if question.kind == QuestionKind.NUMBER:
        return _number(text)
    if question.kind == QuestionKind.TEXT:
        return _short_text(text)
    chosen = [choice for choice in question.choices if choice.lower() == text.lower()]
    if not chosen:
        raise ValueError("Please choose one of the answers.")
    return text if text in question.choices else chosen[0]


def _short_text(text: str) -> str:
    if len(text) > LONGEST_ANSWER:
        raise ValueError(f"Please use at most {LONGEST_ANSWER} characters.")
    if not _is_plain(text):
        raise ValueError("This text contains characters that cannot be stored.")
    return text


def _number(text: str) -> str:
    plain = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    if not re.fullmatch(r"-?[0-9]{1,9}(\.[0-9]{1,6})?", plain):
        raise ValueError("Please type a number.")
    if abs(Decimal(plain)) > HIGHEST_NUMBER:
        raise ValueError("This number is too large.")
    return plain
