"""The screen "Provider is out" (SCH-34)."""

import re
from html import unescape

import pytest

from app.scheduling.services import outages
from tests.factories.scheduling import monday_seven, open_clinic
from tests.web.scheduling import book

ASKED = {"provider": "DOC901", "starts_at": "2026-11-23T08:00", "ends_at": "2026-11-23T12:00"}


@pytest.fixture
def site(app):
    """An open clinic on a Monday at 7:00 AM."""
    with monday_seven():
        with app.app_context():
            open_clinic()
        yield app


@pytest.fixture
def rosa(site, client, people):
    """The receptionist, signed in."""
    return client.sign_in(people.rosa)


def text_of(answer):
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))))


def proposals_of(answer):
    html = answer.get_data(as_text=True)
    return dict(re.findall(r'name="(slot_\d+)" value="([^"]*)"', html))


def test_the_whole_way_from_choosing_to_undoing(site, rosa, people):
    book(site, people.sam, "09:00", provider=people.dana.id)
    book(site, people.eve, "09:20", provider=people.dana.id)

    page = rosa.get("/outages/", query_string=ASKED)
    slots = proposals_of(page)
    first = sorted(slots)[0]
    assert "Move to Dino Cabahug" in text_of(page)

    done = rosa.post(
        "/outages/apply/",
        data={**ASKED, **slots, "take": first.removeprefix("slot_"), "reason": "Ill"},
        follow_redirects=True,
    )
    result = done.get_data(as_text=True)
    assert "Dana Villamor is out" in text_of(done)
    assert "Ñuñez, Eve" in text_of(done)

    call = re.search(r'action="(/outages/\d+/call/\d+/)"', result)[1]
    called = rosa.post(call, data={"note": "Comes on Friday"}, follow_redirects=True)
    assert "Comes on Friday" in text_of(called)

    undo = re.search(r'action="(/outages/\d+/undo/)"', result)[1]
    undone = rosa.post(undo, follow_redirects=True)
    assert "Undone: the provider is here." in text_of(undone)
    assert "Moved back" in text_of(undone)
    again = rosa.post(undo, follow_redirects=True)
    assert "This was undone already." in text_of(again)


def test_the_empty_page_says_what_it_is_for(rosa):
    assert "Nobody was out so far" in text_of(rosa.get("/outages/"))


def test_an_absence_without_visits_can_still_be_entered(rosa):
    assert "No visit is affected" in text_of(rosa.get("/outages/", query_string=ASKED))


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"ends_at": "soon"}, "Please give the day and time"),
        ({"ends_at": "2026-11-23T07:30"}, "must end after it starts"),
        ({"provider": "NOBODY"}, "provider"),
    ],
)
def test_what_makes_no_sense_is_explained(rosa, wrong, sentence):
    looked = rosa.get("/outages/", query_string=ASKED | wrong)
    applied = rosa.post("/outages/apply/", data=ASKED | wrong)

    for answer in (looked, applied):
        assert answer.status_code == 422
        assert sentence in text_of(answer)


def test_what_is_not_there_is_not_found(rosa):
    assert rosa.get("/outages/987/").status_code == 404
    assert rosa.get("/outages/99999999999999999999/").status_code == 404
    assert rosa.post("/outages/987/undo/").status_code == 404
    assert rosa.post("/outages/987/call/1/").status_code == 404


def test_a_physician_reads_and_a_student_does_not(site, client, people):
    dana = client.sign_in(people.dana)
    assert "Who is out" not in text_of(dana.get("/outages/"))
    assert dana.get("/outages/", query_string=ASKED).status_code == 403


def test_visits_that_a_crash_left_on_their_way_are_named(site, rosa, people, monkeypatch):
    """SCH-34: they are moved by the worker and are not on the list of calls."""
    book(site, people.sam, "09:00", provider=people.dana.id)
    slots = proposals_of(rosa.get("/outages/", query_string=ASKED))
    [first] = slots
    monkeypatch.setattr(outages, "continue_outage", lambda *_, **__: 0)

    page = rosa.post(
        "/outages/apply/",
        data={**ASKED, **slots, "take": first.removeprefix("slot_")},
        follow_redirects=True,
    )

    assert "1 visit is still being moved." in text_of(page)
    assert "Nobody has to be called" in text_of(page)
