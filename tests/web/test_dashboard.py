"""The first page: true numbers for those who may see them, the right door for everybody else."""

import re

import pytest

from app.visits import services as visits
from tests.factories.scheduling import create_crowd
from tests.web.scheduling import book, counted_statements, set_status

pytestmark = pytest.mark.usefixtures("open_day")


def numbers(page):
    """Label and value of every tile."""
    labels = re.findall(r'c-tile__label">(?:<svg.*?</svg>)?([^<]+)<', page)
    values = re.findall(r'c-tile__value">(\d+)<', page)
    return dict(zip(labels, map(int, values), strict=True))


def test_nobody_is_sent_to_the_sign_in(client):
    answer = client.get("/")

    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/login/")


def test_students_are_sent_to_the_portal(client, people):
    answer = client.sign_in(people.eve).get("/")

    assert answer.headers["Location"] == "/portal/"


def test_the_numbers_of_today_are_true(app, people, rosa):
    book(app, people.sam, "09:00", provider="DOC901")
    waiting = book(app, people.eve, "09:20", provider="DOC901")
    set_status(app, people.rosa, waiting, "checked-in")
    book(app, people.sam, "2026-11-24 09:00")
    book(app, people.eve, "2026-11-24 10:00", type="dental-cleaning")

    found = numbers(rosa.get("/").text)

    assert found["Still to come"] == 1
    assert found["Waiting"] == 1
    assert found["In progress"] == found["Seen"] == found["No-shows"] == found["Walk-ins"] == 0
    assert found["To approve"] == 1
    assert found["To rebook"] == found["Undelivered"] == 0


def test_a_patient_is_checked_in_from_the_first_page(app, people, rosa):
    booked = book(app, people.sam, "09:00")
    page = rosa.get("/").text
    assert f'action="/appointments/{booked.id}/status/"' in page

    rosa.post(
        f"/appointments/{booked.id}/status/",
        data={"to": "checked-in", "version": "1", "back": "/"},
    )

    assert numbers(rosa.get("/").text)["Waiting"] == 1


def test_a_walk_in_counts_on_the_first_page(app, people, rosa):
    """SCH-33: who came without an appointment waits too."""
    with app.app_context():
        visits.receive_walk_in(people.rosa.actor, patient=people.sam.id, type_code="consultation")

    found = numbers(rosa.get("/").text)

    assert (found["Waiting"], found["Walk-ins"]) == (1, 1)


def test_a_provider_sees_their_own_day(app, people):
    book(app, people.sam, "09:00", provider="DOC901")
    dana, dino = (app.test_client().sign_in(one) for one in (people.dana, people.dino))

    assert "No visits are left for you" not in dana.get("/").text
    assert "No visits are left for you" in dino.get("/").text


def test_roles_without_visits_get_their_pages_and_no_names(app, people):
    book(app, people.sam, "09:00")

    for person in (people.cass, people.pia):
        answer = app.test_client().sign_in(person).get("/")

        assert answer.status_code == 200
        assert f"Welcome, {person.first_name}" in answer.text
        assert "Dela Cruz" not in answer.text


def test_the_first_page_takes_a_fixed_number_of_statements(app, people, rosa):
    for minute in ("09:00", "09:20", "09:40"):
        book(app, people.rosa, minute, patient=people.sam.id, override_reason="test")

    with counted_statements(app) as seen:
        rosa.get("/")

    assert len(seen) <= 15, "\n\n".join(seen)


def test_walk_ins_are_in_the_clinic_too(app, rosa, people):
    """The tile counts them, so the card names them (SCH-33)."""
    with app.app_context():
        [patient] = create_crowd(1)
        visit = visits.receive_walk_in(people.rosa.actor, patient=patient, type_code="consultation")

    html = rosa.get("/").get_data(as_text=True)

    assert "Nobody is waiting" not in html
    assert f'href="/queue/{visit.id}/"' in html
    assert visit.token in html

    with app.app_context():
        visits.leave(people.rosa.actor, visit_id=visit.id, reason="Went home")
    assert "Nobody is waiting" in rosa.get("/").get_data(as_text=True)


def test_who_may_not_see_the_queue_is_not_told_that_it_is_empty(app, people):
    with app.app_context():
        [patient] = create_crowd(1)
        visits.receive_walk_in(people.rosa.actor, patient=patient, type_code="consultation")

    html = app.test_client().sign_in(people.ada).get("/").text

    assert numbers(html)["Waiting"] == 1
    assert "Nobody is waiting" not in html
    assert "shown to those who work with the queue" in html
