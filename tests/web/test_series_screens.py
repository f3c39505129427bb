"""Pages of recurring series (SCH-32)."""

import re
from html import unescape

import pytest

from tests.factories.scheduling import monday_seven, open_clinic
from tests.web.scheduling import book

RULE = {
    "patient": "20259001",
    "type": "consultation",
    "provider": "DOC901",
    "frequency": "weekly",
    "every": "1",
    "first_on": "2026-11-24",
    "local_time": "09:00",
    "count": "3",
}


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


def booked(rosa, **more):
    """Book a series through the page; returns its address and its first visit's key."""
    answer = rosa.post("/series/", data={**RULE, "key": "one", **more})
    assert answer.status_code == 302
    page = rosa.get(answer.location).get_data(as_text=True)
    return answer.location, re.findall(r'<option value="(\d+)">', page)


def test_a_clash_is_shown_with_a_choice_and_skipped(site, rosa, people):
    book(site, people.eve, "2026-12-01 09:00", provider=people.dana.id)

    page = rosa.get("/series/", query_string=RULE)
    assert "DOC901 has another visit from 09:00 to 09:20." in text_of(page)
    assert 'name="choice_2"' in page.get_data(as_text=True)

    done = rosa.post(
        "/series/", data={**RULE, "key": "one", "choice_2": "skip"}, follow_redirects=True
    )
    assert "Series of Sam Dela Cruz" in text_of(done)
    assert "Tue 1 Dec 2026" not in text_of(done)


def test_a_clash_is_moved_to_the_chosen_time(site, rosa, people):
    book(site, people.eve, "2026-12-01 09:00", provider=people.dana.id)

    location, _ = booked(rosa, choice_2="2026-12-01T10:00:00+08:00|DOC902")

    assert "Tue 1 Dec 2026, 10:00 AM" in text_of(rosa.get(location))


def test_a_clash_that_appeared_meanwhile_is_named(site, rosa, people):
    book(site, people.eve, "2026-12-01 09:00", provider=people.dana.id)

    answer = rosa.post("/series/", data={**RULE, "key": "one"})

    assert answer.status_code == 422
    assert "Visit 2 on Tue 1 Dec 2026, 9:00 AM" in text_of(answer)


def test_the_rest_is_changed_and_then_cancelled(rosa):
    location, visits = booked(rosa)

    changed = rosa.post(
        f"{location}change/",
        data={
            "visit": visits[1],
            "first_on": "2026-12-02",
            "local_time": "14:00",
            "provider": "DOC902",
        },
        follow_redirects=True,
    )
    assert "Wed 9 Dec 2026, 2:00 PM" in text_of(changed)
    assert "go on in a new series" in text_of(rosa.get(location))

    new = changed.request.path
    first = re.search(r'<option value="(\d+)">', changed.get_data(as_text=True))[1]
    cancelled = rosa.post(
        f"{new}cancel/", data={"visit": first, "reason": "Better"}, follow_redirects=True
    )
    assert "Cancelled: 2." in text_of(cancelled)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"count": "61"}, "1 to 60 visits"),
        ({"count": "many"}, "Please give a number"),
        ({"local_time": "noon"}, "Please give a time"),
        ({"first_on": "soon"}, "Please choose the first day"),
        ({"frequency": "yearly"}, "weekly or monthly"),
    ],
)
def test_what_makes_no_sense_is_explained_and_stays(rosa, wrong, sentence):
    answer = rosa.get("/series/", query_string=RULE | wrong)

    assert answer.status_code == 422
    assert sentence in text_of(answer)


def test_a_refused_change_says_why(rosa):
    location, visits = booked(rosa)
    wrong = {"visit": visits[0], "first_on": "2026-12-05", "local_time": "09:00"}

    answer = rosa.post(f"{location}change/", data=wrong, follow_redirects=True)

    assert "on Sat 19 Dec 2026" in text_of(answer)


def test_what_is_not_there_is_not_found(rosa):
    assert rosa.get("/series/987/").status_code == 404
    assert rosa.get("/series/99999999999999999999/").status_code == 404
    assert rosa.post("/series/1/cancel/", data={"visit": "x"}).status_code == 404


def test_the_rest_is_looked_at_first_and_a_clash_has_choices(site, rosa, people):
    location, visits = booked(rosa)
    book(site, people.eve, "2026-12-08 10:00", provider=people.dana.id)
    asked = {"visit": visits[1], "first_on": "2026-12-01", "local_time": "10:00"}

    page = rosa.get(f"{location}change/", query_string=asked)
    assert "Leave it at its old time" in text_of(page)
    assert "Now Tue 8 Dec 2026, 9:00 AM with Dana Villamor" in text_of(page)
    assert 'name="choice_3"' in page.get_data(as_text=True)

    done = rosa.post(f"{location}change/", data={**asked, "choice_3": "skip"})
    assert "Tue 1 Dec 2026, 10:00 AM" in text_of(rosa.get(done.location))
    assert "Tue 8 Dec 2026, 9:00 AM" in text_of(rosa.get(location))


def test_looking_at_the_rest_without_a_day_is_explained(rosa):
    location, visits = booked(rosa)

    answer = rosa.get(f"{location}change/", query_string={"visit": visits[0]})

    assert answer.status_code == 422
    assert "Please choose the first day" in text_of(answer)
    assert rosa.get("/series/987/change/").status_code == 404


def test_the_patients_page_leads_to_their_series(rosa, people):
    booked(rosa)

    page = rosa.get("/series/of/", query_string={"patient": people.sam.id})
    assert "Consultation with Dana Villamor" in text_of(page)
    assert "/series/?patient=20259001" in page.get_data(as_text=True)
    assert "No series yet" in text_of(rosa.get("/series/of/?patient=20259002"))
    assert rosa.get("/series/of/?patient=nobody").status_code == 404
    [found] = re.findall(r'href="(/patients/show/[^"]+)"', page.get_data(as_text=True))[:1]
    assert "/series/of/?patient=20259001" in rosa.get(found).get_data(as_text=True)


def test_the_patient_of_a_series_is_searched_by_name(rosa):
    page = rosa.get("/series/", query_string=RULE).get_data(as_text=True)

    assert 'data-endpoint="/api/patients/search/"' in page
    assert 'value="20259001" selected' in page
