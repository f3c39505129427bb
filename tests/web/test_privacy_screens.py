"""The pages of requests about somebody's own data (DPA-02)."""

import pytest

from app.privacy.rules import RequestKind
from tests.factories.privacy import BECAUSE, WISH, asked, in_work
from tests.factories.retention import give_birth_dates, visited
from tests.factories.scheduling import monday_seven, open_clinic
from tests.people import PEOPLE

FORM = {"kind": "access", "patient": "20259001", "wish": WISH}


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


def test_a_request_is_entered_taken_noted_and_ended(monday, pia):
    assert "No request here" in pia.get("/privacy/requests/").text
    assert "within 30 days" in pia.get("/privacy/requests/new/").text

    place = pia.post("/privacy/requests/new/", data=FORM).headers["Location"]
    page = pia.get(place).text
    assert "Dela Cruz, Sam (20259001)" in page
    assert "30 days left" in page
    assert WISH in page
    for step, form, said in (
        ("take", {}, "This request is yours now."),
        ("note", {"words": "Asked the registrar."}, "The note is in the log."),
        ("end", {"status": "answered", "outcome": BECAUSE}, "The request is over."),
    ):
        page = pia.post(f"{place}{step}/", data=form, follow_redirects=True).text
        assert said in page, step
    assert "Asked the registrar." in page
    assert BECAUSE in page
    assert "How it ends" not in page
    assert "Answered" in pia.get("/privacy/requests/?filter=done").text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"patient": "20250000"}, "no record with this university ID"),
        ({"stranger": "Ann"}, "not both"),
        ({"wish": "no"}, "at least 10 characters"),
        ({"kind": "other"}, "choose one of these"),
        ({"received": "tomorrow"}, "not a date and time"),
        ({"received": "2027-01-01T09:00"}, "in the future"),
    ],
)
def test_what_makes_no_sense_is_said_beside_the_field_and_nothing_is_lost(pia, change, sentence):
    answer = pia.post("/privacy/requests/new/", data=FORM | {"contact": "Box 7"} | change)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert "Box 7" in answer.text


def test_a_request_on_paper_counts_from_the_day_it_came(pia):
    form = FORM | {"received": "2026-11-20T10:00"}

    place = pia.post("/privacy/requests/new/", data=form).headers["Location"]

    assert "27 days left" in pia.get(place).text


def test_what_is_overdue_is_red_on_the_list_and_on_its_page(monday, pia):
    with monday.app_context():
        request_id = asked()
    form = FORM | {"received": "2026-10-01T10:00"}
    place = pia.post("/privacy/requests/new/", data=form).headers["Location"]

    assert "23 days overdue" in pia.get("/privacy/requests/?filter=overdue").text
    assert "The time for an answer is over" in pia.get(place).text
    assert f"Request {request_id}<" not in pia.get("/privacy/requests/?filter=overdue").text


def test_the_list_is_searched_and_turned_around(monday, pia):
    with monday.app_context():
        asked()
        asked(RequestKind.OBJECTION, PEOPLE.eve)

    page = pia.get("/privacy/requests/?q=Dela&order=-received").text

    assert "Dela Cruz, Sam" in page
    assert "Ñuñez" not in page
    assert 'aria-sort="descending"' in page
    assert "Nothing found" in pia.get("/privacy/requests/?q=zz").text
    assert pia.get("/privacy/requests/?page=99999999&filter=odd&order=odd").status_code == 200


def test_an_erasure_says_until_when_the_records_stay(monday, pia):
    """DPA-02, RET-01."""
    with monday.app_context():
        visited(PEOPLE.sam)
        give_birth_dates()
        request_id = in_work(RequestKind.ERASURE)
    place = f"/privacy/requests/{request_id}/"

    assert "No: these records must stay" in pia.get(place).text
    form = {"status": "answered", "outcome": BECAUSE}
    refused = pia.post(f"{place}end/", data=form, follow_redirects=True).text
    assert "this can only be refused" in refused
    done = pia.post(f"{place}end/", data=form | {"status": "refused"}, follow_redirects=True).text
    assert "Kept until 2033-11-23" in done


def test_a_request_goes_to_a_colleague(monday, pia):
    with monday.app_context():
        request_id, ada = asked(), PEOPLE.ada.user_id
    place = f"/privacy/requests/{request_id}/"

    page = pia.post(f"{place}hand-over/", data={"to": ada}, follow_redirects=True).text
    assert "Ada Reyes works on it" in page
    page = pia.post(f"{place}hand-over/", data={"to": "x"}, follow_redirects=True).text
    assert "may not work on requests" in page
    assert pia.get("/privacy/requests/999999/").status_code == 404
    assert pia.post("/privacy/requests/999999/take/").status_code == 404
