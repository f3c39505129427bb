"""Questions in the portal's confirm step, and the page for a red flag."""

import pytest

from app.scheduling.rules.questionnaires import AskedQuestion, Draft
from app.scheduling.services.questionnaires import diversions_of_day, save_questionnaire
from tests.people import PEOPLE

NINE = "/portal/book/consultation/confirm?at=2026-11-24T01:00:00Z"
ASKED = Draft(
    (
        AskedQuestion(text="Chest pain?", red_flags=("Yes",), advice="Come to the clinic now."),
        AskedQuestion(text="Your temperature?", kind="number", required=False),
    ),
    "The clinic may read my answers.",
)
GOOD = {"answer-q1": "No", "answer-q2": "38.5", "consent": "yes"}


@pytest.fixture
def asked(clinic, app):
    """Consultations ask two questions and want consent."""
    with app.app_context():
        save_questionnaire(PEOPLE.ada.actor, type_code="consultation", draft=ASKED)


def test_the_questions_are_asked_and_answered(asked, sam):
    page = sam.open(NINE)

    assert page.says("Chest pain?")
    assert page.says("Your temperature? (optional)")
    assert page.says("The clinic may read my answers.")
    assert sam.send("Book", **GOOD).says("Your appointment is booked.")


def test_an_open_question_is_marked_and_what_was_typed_is_kept(asked, sam):
    form = sam.open(NINE).form("Book")
    del form.fields["answer-q1"], form.fields["consent"]

    page = sam.post(form, **{"answer-q2": "warm", "reason": "Cough"})

    assert page.status == 422
    assert page.says("Please answer this question.")
    assert page.says("Please type a number.")
    assert page.says("Please read this and agree before you book.")
    assert page.form("Book").fields["answer-q2"] == "warm"
    assert page.form("Book").fields["reason"].strip() == "Cough"


def test_a_red_flag_leads_to_call_or_come_now(asked, sam, app, people):
    sam.open(NINE)

    page = sam.send("Book", **GOOD | {"answer-q1": "Yes"})

    assert page.status == 422
    assert page.says("Call or come now")
    assert page.says("Come to the clinic now.")
    assert 'href="tel:' in page.html
    assert sam.open("/portal/appointments").says("No appointments")
    with app.app_context():
        assert len(diversions_of_day(people.rosa.actor)) == 1


def test_questions_changed_meanwhile_are_asked_again(asked, sam, app, people):
    form = sam.open(NINE).form("Book")
    with app.app_context():
        other = Draft((AskedQuestion(text="Fever?"),))
        save_questionnaire(people.ada.actor, type_code="consultation", draft=other)

    page = sam.post(form, **GOOD)

    assert page.status == 422
    assert page.says("The questions have just changed.")
    assert page.says("Fever?")


def test_other_times_keep_the_answers(asked, sam, booked, people):
    sam.open(f"{NINE}&provider=DOC901")
    booked(
        people.eve,
        "2026-11-24 09:00",
        provider=people.dana.id,
        answers={"q1": "No"},
        consent=True,
    )

    refused = sam.send("Book", **GOOD)
    page = sam.post(refused.form("Tomorrow, 8:40 AM"))

    assert refused.status == 409
    assert page.says("Your appointment is booked.")


def test_a_kind_without_questions_asks_nothing(asked, sam):
    page = sam.open("/portal/book/vaccination/confirm?at=2026-11-24T01:00:00Z")

    assert not page.says("Chest pain?")
    assert sam.send("Book").says("Your appointment is booked.")
