"""The pages of the register of breaches, and of copies (DPA-02, DPA-03)."""

import io
import zipfile
from datetime import timedelta

import pytest

from app.kernel import clock
from app.privacy import services
from tests.factories.privacy import BECAUSE, GRAVE, HARMLESS, NATURE, in_work, leaked
from tests.factories.retention import visited
from tests.factories.scheduling import SYSTEM, monday_seven, open_clinic
from tests.people import PEOPLE

FORM = {"title": "A list in the library", "kind": "confidentiality", "nature": NATURE}
YES = {"is_sensitive": "yes", "was_acquired": "yes", "has_real_risk": "yes"}


@pytest.fixture
def monday(app):
    """An open clinic; no context stays open: it would share who is signed in."""
    with monday_seven():
        with app.app_context():
            open_clinic()
        yield app


@pytest.fixture
def pia(monday):
    """The Privacy Officer's browser."""
    return monday.test_client().sign_in(PEOPLE.pia)


def test_a_breach_goes_from_its_entry_to_its_end(pia):
    """DPA-01, DPA-03."""
    assert "No breach here" in pia.get("/privacy/breaches/").text
    assert "Enter a breach" in pia.get("/privacy/breaches/new/").text

    place = pia.post("/privacy/breaches/new/", data=FORM | {"persons": "4"}).headers["Location"]
    page = pia.get(place).text
    assert "72 h 00 min left" in page
    assert "Answer the three questions" in page
    for step, form, said in (
        ("facts", {"nature": NATURE, "persons": "5"} | YES, "What is known was kept."),
        ("note", {"words": "Called the library."}, "The note is in the log."),
        ("tell", {"to": "commission"}, "The notice is in the register."),
        ("tell", {"to": "persons", "told": "2026-11-23T07:00"}, "The notice is in the register."),
        ("close", {"lessons": BECAUSE}, "The breach is closed."),
    ):
        page = pia.post(f"{place}{step}/", data=form, follow_redirects=True).text
        assert said in page, step
    assert "Called the library." in page
    assert "Keep what is known" not in page
    assert "Closed" in pia.get("/privacy/breaches/?filter=all").text


def test_what_must_be_notified_is_said_and_cannot_be_kept_quiet(monday, pia):
    """DPA-01."""
    with monday.app_context():
        grave, harmless = leaked(GRAVE), leaked(HARMLESS)
    place = f"/privacy/breaches/{grave}/"

    page = pia.get(place).text
    assert "must be notified" in page
    assert "Need not be notified" not in page
    form = {"reason": BECAUSE}
    assert (
        "must be notified" in pia.post(f"{place}keep-quiet/", data=form, follow_redirects=True).text
    )
    page = pia.post(
        f"/privacy/breaches/{harmless}/keep-quiet/", data=form, follow_redirects=True
    ).text
    assert "The decision is in the register" in page


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"title": "x"}, "at least 5 characters"),
        ({"kind": "other"}, "choose one of these"),
        ({"persons": "many"}, "a number of people"),
        ({"detected": "2027-01-01T09:00"}, "in the future"),
        ({"detected": "never"}, "not a date and time"),
    ],
)
def test_what_makes_no_sense_is_said_beside_the_field(pia, change, sentence):
    answer = pia.post("/privacy/breaches/new/", data=FORM | {"contact": "Box 7"} | change)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Box 7" in answer.text


def test_the_page_of_a_breach_keeps_what_was_typed_when_it_is_refused(monday, pia):
    with monday.app_context():
        breach_id = leaked()
    place = f"/privacy/breaches/{breach_id}/"

    answer = pia.post(f"{place}facts/", data={"nature": "no", "measures": "Locked the door."})
    assert answer.status_code == 422
    assert "Locked the door." in answer.text
    answer = pia.post(f"{place}scope/", data={"account": "nobody@usc.edu.ph"})
    assert "There is no account" in answer.text
    assert "nobody@usc.edu.ph" in answer.text


def test_the_people_concerned_are_shown_and_taken_along(monday, pia):
    """DPA-03."""
    with monday.app_context():
        visited(PEOPLE.sam)
        breach_id = leaked()
    place = f"/privacy/breaches/{breach_id}/"

    assert pia.get(f"/privacy/affected/{breach_id}/").status_code == 422
    page = pia.post(f"{place}scope/", data={"account": "STAFF901"}, follow_redirects=True).text
    assert "See the people" in page
    page = pia.get(f"/privacy/affected/{breach_id}/").text
    assert "Dela Cruz, Sam (20259001)" in page
    answer = pia.get(f"/privacy/affected/{breach_id}.csv")
    assert "20259001" in answer.text
    assert "attachment" in answer.headers["Content-Disposition"]
    ada = monday.test_client().sign_in(PEOPLE.ada)
    assert "See the people" not in ada.get(place).text


def test_the_drafts_are_printed_or_taken_as_text(monday, pia):
    """DPA-01, INP-02."""
    with monday.app_context():
        breach_id = leaked(GRAVE)
        facts = services.Facts(nature="<b>bold</b> happened here", judgement=GRAVE)
        services.change_facts(PEOPLE.pia.actor, breach_id=breach_id, facts=facts)
    place = f"/privacy/breaches/{breach_id}/notice/"

    assert "&lt;b&gt;bold" in pia.get(f"{place}persons/").text
    answer = pia.get(f"{place}commission/?as=text")
    assert answer.mimetype == "text/plain"
    assert "<b>bold</b> happened" in answer.text
    assert pia.get(f"{place}nobody/").status_code == 404


def test_the_year_can_be_printed(monday, pia):
    with monday.app_context():
        leaked()

    page = pia.get("/privacy/breaches/year/").text

    assert "Breaches of 2026" in page
    assert "Still open: 1" in page
    assert "Breaches of 2026" in pia.get("/privacy/breaches/year/?year=abc").text


def test_a_banner_is_on_every_page_of_those_who_must_act(monday, pia):
    """DPA-03."""
    with monday.app_context():
        leaked(detected_at=clock.now() - timedelta(hours=60))

    assert "12 hours are left to notify it" in pia.get("/privacy/requests/").text
    rosa = monday.test_client().sign_in(PEOPLE.rosa)
    assert "hours are left" not in rosa.get("/").text


def test_a_copy_is_asked_for_and_loaded(monday, pia):
    """DPA-02: by the Privacy Officer only."""
    with monday.app_context():
        request_id = in_work()
    place = f"/privacy/requests/{request_id}/"

    assert "Make the copy" in pia.get(place).text
    page = pia.post(f"/privacy/copies/of/{request_id}/", follow_redirects=True).text
    assert "A copy is being made" in page
    assert "Make the copy" not in page
    with monday.app_context():
        found = services.request_page(PEOPLE.pia.actor, request_id=request_id)
        services.make_copy(SYSTEM, copy_id=found.copies[0].id)
    link = f"/privacy/copies/{found.copies[0].id}.zip"
    assert link in pia.get(place).text
    answer = pia.get(link)
    assert answer.mimetype == "application/zip"
    assert zipfile.is_zipfile(io.BytesIO(answer.data))
    ada = monday.test_client().sign_in(PEOPLE.ada)
    assert "Only the Privacy Officer" in ada.get(place).text
    assert ada.get(link).status_code in (302, 403)
    assert pia.get("/privacy/copies/999999.zip").status_code == 404
