"""The queue on the screen and over JSON (SCH-33), and appointments that keep step (SCH-07)."""

import pytest

from app.scheduling import services as scheduling
from app.scheduling.queries import appointments
from app.scheduling.services import Wish
from app.visits import queries, services
from tests.factories.scheduling import at, create_crowd

pytestmark = pytest.mark.usefixtures("clinic")


@pytest.fixture
def crowd():
    return create_crowd(2)


@pytest.fixture
def booked(people):
    wish = Wish(type="consultation", starts_at=at("09:00"), provider=people.dana.id)
    return scheduling.book_appointment(people.sam.actor, wish=wish).id


def page(client, answer=None):
    return (answer or client.get("/queue/")).get_data(as_text=True)


def walk_in(client, patient, **more):
    data = {"patient": patient, "type": "consultation"} | more
    return client.post("/queue/walk-in/", data=data, follow_redirects=True)


def test_an_empty_queue_says_so_and_states_its_order(client, people):
    client.sign_in(people.rosa)

    html = page(client)

    assert "Nobody is in the queue" in html
    assert "Emergencies first" in html
    assert "Take a walk-in" in html


def test_the_desk_takes_a_walk_in_and_calls_it(client, people, crowd):
    client.sign_in(people.rosa)
    assert "has the number C-001" in page(client, walk_in(client, crowd[0]))

    data = {"type": "consultation", "place": "Room 2"}
    html = page(client, client.post("/queue/next/", data=data, follow_redirects=True))

    assert "called to Room 2" in html
    visit = queries.queue(at("09:00").date())[0].visit
    for step, status in (("start", "in-progress"), ("complete", "completed")):
        client.post(f"/queue/{visit.id}/{step}/")
        assert queries.known_visit(visit.id).status == status


def test_a_refused_walk_in_keeps_what_was_typed(client, people):
    client.sign_in(people.rosa)

    html = page(client, walk_in(client, "nobody", reason="headache"))

    assert "No patient has this university ID." in html
    assert "headache" in html


def test_transfer_priority_and_undo_are_one_click(client, people, crowd):
    client.sign_in(people.rosa)
    walk_in(client, crowd[0])
    visit = queries.queue(at("09:00").date())[0].visit

    client.post(f"/queue/{visit.id}/transfer/", data={"type": "vaccination"})
    client.post(f"/queue/{visit.id}/prioritise/", data={"priority": "2", "reason": "fever"})
    moved = queries.known_visit(visit.id)
    assert (moved.type, moved.priority) == ("vaccination", 2)
    assert "Urgent" in page(client)

    html = page(client, client.post(f"/queue/{visit.id}/undo/", follow_redirects=True))
    assert "arrival undone" in html


def test_two_clicks_check_an_appointment_in_from_the_queue(client, people, booked):
    client.sign_in(people.rosa)
    assert "Expected today" in page(client)

    answer = client.post(
        f"/appointments/{booked}/status/",
        data={"to": "checked-in", "back": "/queue/"},
        follow_redirects=True,
    )

    assert "C-001" in page(client, answer)
    assert queries.visit_of_appointment(booked).status == "waiting"


def test_a_step_that_is_none_and_a_visit_that_is_none_are_not_found(client, people, crowd):
    client.sign_in(people.rosa)
    walk_in(client, crowd[0])
    visit = queries.queue(at("09:00").date())[0].visit

    assert client.post(f"/queue/{visit.id}/fly/").status_code == 404
    assert client.post("/queue/99999/call/").status_code == 404
    assert client.post(f"/queue/{2**63}/call/").status_code == 404


def test_a_late_click_is_refused_in_words(client, people, crowd):
    client.sign_in(people.rosa)
    walk_in(client, crowd[0])
    visit = queries.queue(at("09:00").date())[0].visit
    stale = {"version": visit.version}
    client.post(f"/queue/{visit.id}/call/", data=stale)

    answer = client.post(f"/queue/{visit.id}/start/", data=stale, follow_redirects=True)

    assert "Somebody else has just changed this" in page(client, answer)


def test_the_stranger_finds_no_queue(client, people, crowd):
    visit = services.receive_walk_in(people.rosa.actor, patient=crowd[0], type_code="consultation")
    client.sign_in(people.eve)

    assert client.get("/queue/").status_code in (302, 403, 404)
    assert client.get("/api/visits/queue/").status_code == 403
    assert client.put(f"/api/visits/{visit.id}/", json={"step": "call"}).status_code == 403
    body = {"patient": people.eve.id, "type": "consultation"}
    assert client.post("/api/visits/walk-in/", json=body).status_code == 403


def test_the_queue_over_json(client, people, crowd):
    client.sign_in(people.neil)
    made = client.post("/api/visits/walk-in/", json={"patient": crowd[0], "type": "vaccination"})
    assert (made.status_code, made.json["token"]) == (201, "V-001")

    found = client.get("/api/visits/queue/?type=vaccination").json["results"]
    assert [(one["token"], one["position"], one["wait_minutes"]) for one in found] == [
        ("V-001", 1, 0)
    ]
    assert client.get("/api/visits/queue/?type=magic").json["results"] == []

    address = f"/api/visits/{made.json['id']}/"
    called = client.put(address, json={"step": "call", "place": "Room 1", "version": 1})
    assert (called.json["status"], called.json["place"]) == ("called", "Room 1")
    assert client.put(address, json={"step": "resume"}).status_code == 409
    assert client.put(address, json={"step": "fly"}).status_code == 422
    assert client.put(address, json={}).status_code == 422


def test_an_appointments_status_over_json_moves_its_visit(client, people, booked):
    client.sign_in(people.rosa)
    answer = client.put(f"/api/appointments/{booked}/status/", json={"status": "checked-in"})

    assert answer.json["status"] == "checked-in"
    assert queries.visit_of_appointment(booked).token == "C-001"
    client.put(f"/api/appointments/{booked}/status/", json={"status": "in-progress"})
    assert queries.visit_of_appointment(booked).status == "in-progress"
    assert appointments.known_appointment(booked).status == "in-progress"
