"""Questions at booking: what may be asked, what is an answer, what is a red flag."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.scheduling.errors.questionnaires import AnswersNeeded, BadQuestionnaire
from app.scheduling.rules.questionnaires import (
    AskedQuestion,
    Draft,
    check_answers,
    check_questionnaire,
)

CHEST = AskedQuestion(
    text="  Do you have chest   pain? ",
    red_flags=("Yes",),
    advice="Come to the clinic at once.",
)
SINCE = AskedQuestion(text="Since when?", kind="choice", options=("Today", "Longer", " "))
HEAT = AskedQuestion(text="Your temperature?", kind="number", required=False)
NOTE = AskedQuestion(text="Which medicines?", kind="text", required=False)
ASKED = check_questionnaire(Draft((CHEST, SINCE, HEAT, NOTE), " I agree. ")).questions
GOOD = {"q1": "No", "q2": "Today"}


def errors_of(*questions, consent=""):
    with pytest.raises(BadQuestionnaire) as caught:
        check_questionnaire(Draft(questions, consent))
    return caught.value.errors


def test_questions_are_numbered_and_cleaned():
    assert [question.id for question in ASKED] == ["q1", "q2", "q3", "q4"]
    assert ASKED[0].text == "Do you have chest pain?"
    assert ASKED[0].choices == ("Yes", "No")
    assert ASKED[1].options == ("Today", "Longer")


def test_a_question_survives_being_stored():
    assert [AskedQuestion.restored(one.stored()) for one in ASKED] == list(ASKED)


@pytest.mark.parametrize(
    ("question", "field"),
    [
        (AskedQuestion(text=" "), "1.text"),
        (AskedQuestion(text="x" * 201), "1.text"),
        (AskedQuestion(text="a\x00b"), "1.text"),
        (AskedQuestion(text="Why?", kind="essay"), "1.kind"),
        (AskedQuestion(text="Why?", kind="choice", options=("One",)), "1.options"),
        (AskedQuestion(text="Why?", kind="choice", options=("One", "One")), "1.options"),
        (AskedQuestion(text="Why?", kind="choice", options=("One", "x" * 81)), "1.options"),
        (AskedQuestion(text="Why?", red_flags=("Perhaps",), advice="Call."), "1.red_flags"),
        (AskedQuestion(text="Why?", red_flags=("Yes",)), "1.advice"),
        (AskedQuestion(text="Why?", advice="x" * 301), "1.advice"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_beside_its_field(question, field):
    assert list(errors_of(question)) == [field]


def test_too_many_questions_and_too_long_a_consent_are_refused():
    assert "questions" in errors_of(*[HEAT] * 21)
    assert "consent" in errors_of(consent="x" * 4001)


def test_good_answers_are_kept_as_text_and_empty_ones_left_out():
    given_now = {"q1": False, "q2": "longer", "q3": 38.5, "q4": "  "}
    checked = check_answers(ASKED, given_now)

    assert checked.answers == {"q1": "No", "q2": "Longer", "q3": "38.5"}
    assert checked.flagged == ()


@pytest.mark.parametrize(
    ("given_now", "field"),
    [
        ({"q2": "Today"}, "answers.q1"),
        ({**GOOD, "q1": "perhaps"}, "answers.q1"),
        ({**GOOD, "q2": "Tomorrow"}, "answers.q2"),
        ({**GOOD, "q2": ["Today"]}, "answers.q2"),
        ({**GOOD, "q3": "warm"}, "answers.q3"),
        ({**GOOD, "q3": "9999999"}, "answers.q3"),
        ({**GOOD, "q3": "1e5"}, "answers.q3"),
        ({**GOOD, "q4": "x" * 301}, "answers.q4"),
        ({**GOOD, "q4": "a\x00"}, "answers.q4"),
        ({**GOOD, "q9": "x"}, "answers.q9"),
    ],
)
def test_an_odd_answer_is_refused_beside_its_question(given_now, field):
    with pytest.raises(AnswersNeeded) as caught:
        check_answers(ASKED, given_now)

    assert list(caught.value.errors) == [field]


def test_without_consent_nothing_is_booked():
    with pytest.raises(AnswersNeeded) as caught:
        check_answers(ASKED, GOOD, consent="I agree.", consented=False)

    assert list(caught.value.errors) == ["consent"]


def test_a_red_flag_counts_though_other_answers_are_missing():
    checked = check_answers(ASKED, {"q1": True}, consent="I agree.")

    assert checked.flags == ["q1"]
    assert checked.advice == ["Come to the clinic at once."]


@given(st.dictionaries(st.text(max_size=3), st.one_of(st.text(), st.floats(), st.none())))
def test_no_answers_are_an_error_of_ours(given_now):
    with suppress(AnswersNeeded):
        check_answers(ASKED, given_now)
