"""Staff screens of questions at booking, diversions, answers, and a provider's feed."""

import re

import pytest

from app.scheduling.queries.types import bookable_type
from app.scheduling.rules.questionnaires import AskedQuestion, Draft
from app.scheduling.services.questionnaires import save_questionnaire
from tests.factories.scheduling import monday_seven, open_clinic
from tests.people import PEOPLE
from tests.web.scheduling import book

ROWS = {
    "rows": "3",
    "text-1": "Since when?",
    "kind-1": "text",
    "place-1": "2",
    "text-2": "Chest pain?",
    "kind-2": "yes-no",
    "place-2": "1",
    "required-2": "y",
    "red_flags-2": "Yes\r\n",
    "advice-2": "Come at once.",
    "text-3": "",
    "kind-3": "yes-no",
    "consent": "I agree.",
}
PAGE, SAVE = "/questions/consultation/", "/questions/consultation/save/"
BOOK = "/api/appointments/book/"
NINE = {"type": "consultation", "starts_at": "2026-11-24T09:00:00+08:00"}


@pytest.fixture
def site(app):
    """An open clinic on a Monday at 7:00 AM; no context stays open around the requests."""
    with monday_seven():
        with app.app_context():
            open_clinic()
        yield app


@pytest.fixture
def asked(site):
    """Consultations ask one question and want consent."""
    draft = Draft(
        (AskedQuestion(text="Chest pain?", red_flags=("Yes",), advice="Come at once."),),
        "I agree.",
    )
    with site.app_context():
        save_questionnaire(PEOPLE.ada.actor, type_code="consultation", draft=draft)


def sign_in(site, person):
    return site.test_client().sign_in(person)


def test_an_administrator_saves_questions_in_their_order(site, people):
    ada = sign_in(site, people.ada)

    page = ada.post(SAVE, data=ROWS, follow_redirects=True).text

    assert "This is version 1 of the questions." in page
    with site.app_context():
        stored = bookable_type("consultation").questionnaire
    assert [(one.text, one.required) for one in stored.questions] == [
        ("Chest pain?", True),
        ("Since when?", False),
    ]
    assert stored.questions[0].red_flags == ("Yes",)
    assert "2 questions, version 1" in ada.get("/questions/").text


def test_a_preview_saves_nothing(site, people):
    answer = sign_in(site, people.ada).post(SAVE, data=ROWS | {"preview": "y"})

    assert "As patients read it" in answer.text
    assert "Yes: call or come now" in answer.text
    with site.app_context():
        assert bookable_type("consultation").questionnaire is None


def test_a_mistake_is_shown_beside_its_field_and_what_was_typed_stays(site, people):
    answer = sign_in(site, people.ada).post(SAVE, data=ROWS | {"advice-2": "", "place-1": "x"})

    assert answer.status_code == 422
    assert "Please say what the patient shall do after a red flag." in answer.text
    assert 'value="Since when?"' in answer.text


@pytest.mark.parametrize("rows", ["999", "many", "-1"])
def test_a_damaged_form_is_refused(site, people, rows):
    assert sign_in(site, people.ada).post(SAVE, data={"rows": rows}).status_code == 400


def test_clinicians_read_the_questions_but_do_not_change_them(asked, site, people):
    dana = sign_in(site, people.dana)

    page = dana.get(PAGE).text

    assert "Chest pain?" in page
    assert "Save as a new version" not in page
    assert dana.post(SAVE, data=ROWS).status_code == 403


def test_questions_of_no_kind_of_visit_are_not_found(site, people):
    assert sign_in(site, people.ada).get("/questions/surgery/").status_code == 404


def test_the_json_interface_takes_answers(asked, site, people):
    sam = sign_in(site, people.sam)

    missing = sam.post(BOOK, json=NINE)
    strange = sam.post(BOOK, json=NINE | {"answers": {"q1": "perhaps"}, "consent": True})
    booked = sam.post(BOOK, json=NINE | {"answers": {"q1": False}, "consent": True})

    assert missing.status_code == 422
    assert set(missing.json["errors"]) == {"answers.q1", "consent"}
    assert list(strange.json["errors"]) == ["answers.q1"]
    assert booked.status_code == 201


def test_the_same_key_with_other_answers_is_another_request(asked, site, people):
    sam = sign_in(site, people.sam)
    body, key = NINE | {"answers": {"q1": False}, "consent": True}, {"Idempotency-Key": "k"}

    first, again = sam.post(BOOK, json=body, headers=key), sam.post(BOOK, json=body, headers=key)
    other = sam.post(BOOK, json=body | {"answers": {"q1": "no"}}, headers=key)

    assert first.json == again.json  # SCH-06
    assert other.status_code == 422
    assert other.json["code"] == "idempotency_key_reused"


def test_a_red_flag_in_json_books_nothing_and_says_what_to_do(asked, site, people):
    answer = sign_in(site, people.sam).post(BOOK, json=NINE | {"answers": {"q1": True}})

    assert answer.status_code == 422
    assert answer.json["code"] == "scheduling.diverted"
    assert answer.json["advice"] == ["Come at once."]


def test_the_desk_sees_who_was_diverted_and_the_nurse_why(asked, site, people):
    sign_in(site, people.sam).post(BOOK, json=NINE | {"answers": {"q1": True}})

    for_desk = sign_in(site, people.rosa).get("/diversions/").text
    for_nurse = sign_in(site, people.neil).get("/diversions/").text

    assert people.sam.id in for_desk
    assert "Chest pain" not in for_desk
    assert "Chest pain" in for_nurse


def test_nobody_was_diverted_today(site, people):
    assert "Nobody today" in sign_in(site, people.rosa).get("/diversions/").text


def test_answers_stand_on_the_visit_for_clinicians_only(asked, site, people):
    booked = book(site, people.sam, "2026-11-24 09:00", answers={"q1": "No"}, consent=True)
    path = f"/appointments/show/{booked.id}"

    assert "Chest pain?" in sign_in(site, people.dana).get(path).text
    assert "Chest pain?" not in sign_in(site, people.rosa).get(path).text


def test_a_provider_makes_replaces_and_stops_a_feed(site, people):
    dana = sign_in(site, people.dana)
    page = dana.post("/calendar-feed/make/").text
    address = re.search(r'value="http://localhost(/feeds/[^"]+\.ics)"', page)[1]
    book(site, people.sam, "2026-11-24 09:00", provider=people.dana.id)

    file = site.test_client().get(address)
    assert b"BEGIN:VEVENT" in file.data
    assert b"Dela Cruz" not in file.data  # SCH-37
    assert address not in dana.get("/calendar-feed/").text
    dana.post("/calendar-feed/revoke/")
    assert site.test_client().get(address).status_code == 404


def test_who_sees_no_patients_has_no_feed(site, people):
    rosa = sign_in(site, people.rosa)

    assert "No feed for you" in rosa.get("/calendar-feed/").text
    assert rosa.post("/calendar-feed/make/").status_code == 404
