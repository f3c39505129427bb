"""One visit's page, and closing the day, on the screen and over JSON (SCH-33)."""

import re

import pytest

from app.kernel import clock
from app.scheduling import services as scheduling
from app.scheduling.services import Wish
from app.visits import queries, services
from tests.factories.scheduling import at, create_crowd
from tests.web.scheduling import counted_statements

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture
def crowd():
    return create_crowd(6)


@pytest.fixture
def visit(people, crowd):
    return arrive(people.rosa, crowd[0])


def arrive(person, patient):
    return services.receive_walk_in(person.actor, patient=patient, type_code="consultation")


def text(answer):
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))


def test_a_waiting_persons_priority_is_changed_with_a_reason(client, people, visit):
    client.sign_in(people.neil)
    address = f"/queue/{visit.id}/"
    wanted = {"step": "prioritise", "priority": "2", "version": visit.version}

    refused = client.post(address, data=wanted | {"reason": " "})
    assert refused.status_code == 422
    assert "Please say why this patient goes first." in text(refused)
    assert '<option value="2" selected>' in text(refused)
    html = text(client.post(address, data=wanted | {"reason": "fever"}, follow_redirects=True))

    assert "Urgent" in html
    page = text(client.get(address))
    assert "Priority changed: fever" in page
    assert queries.known_visit(visit.id).priority_reason == "fever"


def test_a_patient_is_transferred_to_a_service_and_a_provider(client, people, visit):
    client.sign_in(people.rosa)
    address = f"/queue/{visit.id}/"
    assert f"consultation/{people.dino.id}" in text(client.get(address))

    moved = {"step": "transfer", "to": f"consultation/{people.dino.id}"}
    assert client.post(address, data=moved).status_code == 303
    assert queries.known_visit(visit.id).provider == people.dino.id
    client.post(address, data={"step": "transfer", "to": "vaccination"})
    after = queries.known_visit(visit.id)

    assert (after.type, after.provider, after.token) == ("vaccination", "", "C-001")


def test_a_wrong_provider_or_step_changes_nothing(client, people, visit):
    client.sign_in(people.rosa)
    address = f"/queue/{visit.id}/"

    assert client.post(address, data={"step": "fly"}).status_code == 404
    assert client.post(address, data={"step": "resume"}).status_code == 409
    wrong = client.post(address, data={"step": "transfer", "to": "consultation/NURSE901"})
    assert wrong.status_code in (404, 422)
    assert client.get("/queue/99999/").status_code == 404
    assert client.get(f"/queue/{2**63}/").status_code == 404
    assert queries.known_visit(visit.id).version == visit.version


def test_who_has_left_is_brought_back_with_one_click(client, people, visit):
    client.sign_in(people.rosa)
    client.post(f"/queue/{visit.id}/leave/")
    assert "Bring back" in text(client.get("/queue/"))

    html = text(client.post(f"/queue/{visit.id}/bring-back/", follow_redirects=True))

    assert "waiting" in html
    assert queries.known_visit(visit.id).status == "waiting"
    assert "Bring back" not in html


def test_the_queue_has_a_link_to_refresh_and_to_close_the_day(client, people):
    html = text(client.sign_in(people.rosa).get("/queue/"))

    assert re.search(r'href="/queue/"><svg[^>]*>.*?</svg> Refresh', html)
    assert 'href="/closing/"' in html
    assert 'href="/closing/"' in text(client.get("/"))


def test_a_queue_that_renews_itself_takes_no_message_and_is_no_activity(client, people, visit):
    """SEC-06; and the sentence about the last click stays for the page that shows it."""
    client.sign_in(people.rosa)
    client.get("/queue/")
    client.post(f"/queue/{visit.id}/hold/")

    renewed = client.get("/queue/", headers={"X-Background": "1"})
    assert "Set-Cookie" not in renewed.headers
    assert "C-001" in text(renewed)
    assert "on hold." not in text(renewed)

    assert "C-001, Number 20240000, Patient: on hold." in text(client.get("/queue/"))


def test_the_day_is_closed_on_a_page(client, people, visit):
    client.sign_in(people.neil)
    assert "Still waiting" in text(client.get("/closing/"))

    html = text(client.post("/closing/", follow_redirects=True))
    assert "The day is closed: 1 patient left without being seen." in html
    assert "Nothing is left to close" in html

    again = text(client.post("/closing/", follow_redirects=True))
    assert "There was nothing to close." in again


def test_a_day_that_is_not_over_says_who_is_inside(client, people, visit):
    services.start(people.dana.actor, visit_id=visit.id)
    client.sign_in(people.rosa)

    answer = client.post("/closing/")

    assert answer.status_code == 409
    assert "C-001 is with a provider." in text(answer)
    back = {"back": "closing"}
    done = client.post(f"/queue/{visit.id}/complete/", data=back)
    assert done.headers["Location"].endswith("/closing/")


def test_a_stranger_closes_nothing(client, people, visit):
    client.sign_in(people.eve)
    assert client.get("/closing/").status_code in (302, 403, 404)
    assert client.post("/closing/").status_code in (302, 403, 404)
    assert client.get(f"/queue/{visit.id}/").status_code in (302, 403, 404)
    assert client.get("/api/visits/closing/").status_code == 403
    assert client.post("/api/visits/closing/", json={}).status_code == 403
    assert queries.known_visit(visit.id).status == "waiting"


def test_a_day_is_closed_over_json(client, people, visit):
    wish = Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id)
    booked = scheduling.book_appointment(people.sam.actor, wish=wish).id
    services.start(people.dana.actor, visit_id=visit.id)
    client.sign_in(people.rosa)

    found = client.get("/api/visits/closing/").json
    assert (found["date"], found["in_progress"]) == ("2026-11-23", ["C-001"])
    assert (found["coming"], found["is_over"]) == ([booked], False)
    refused = client.post("/api/visits/closing/", json={})
    assert (refused.status_code, refused.json["code"]) == (409, "visits.day_not_over")
    assert client.post("/api/visits/closing/", json={"sure": True}).status_code == 422

    services.complete(people.dana.actor, visit_id=visit.id)
    with clock.pretend(at("17:00")):
        closed = client.post("/api/visits/closing/", json={})
    assert closed.json == {"left": 0, "missed": 1, "sessions": 0}


def test_the_end_of_the_day_takes_a_fixed_number_of_statements(app, client, people, crowd):
    client.sign_in(people.rosa)
    for patient in crowd[1:]:
        arrive(people.rosa, patient)

    with counted_statements(app) as seen:
        client.get("/closing/")

    assert len(seen) <= 8, "\n\n".join(seen)
