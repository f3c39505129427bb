"""Screens and JSON of group sessions (SCH-04)."""

from dataclasses import replace

import pytest

from app.kernel import clock
from app.scheduling import services
from app.scheduling.queries import sessions as queries
from app.scheduling.queries import types
from app.scheduling.rules.sessions import Cohort
from tests.factories.scheduling import (
    MONDAY_SEVEN,
    SYSTEM,
    VACCINATION,
    at,
)
from tests.factories.sessions import create_session

pytestmark = pytest.mark.usefixtures("open_day")


def plan(app, **more):
    with app.app_context():
        return create_session(**more)


def seen(app, session_id):
    with app.app_context():
        return queries.group_session(session_id)


FORM = {
    "title": "Flu day",
    "type": "vaccination",
    "provider": "NURSE901",
    "resource_id": "0",
    "campus": "",
    "starts_at": "2026-11-24T09:00",
    "ends_at": "2026-11-24T11:00",
    "capacity": "30",
    "opens_at": "2026-11-23T08:00",
    "cohorts": "BSN, 1, 2026-11-23 09:00",
    "stations": "Weight\nVaccine",
    "note": "",
}


def test_a_session_is_planned_shown_and_changed(app, rosa):
    empty = rosa.get("/sessions/").text
    page = rosa.post("/sessions/add/", data=FORM, follow_redirects=True).text
    listed = rosa.get("/sessions/").text
    key = int(listed.split('href="/sessions/')[-1].split("/")[0])
    form = rosa.get(f"/sessions/{key}/edit/").text
    rosa.post(f"/sessions/{key}/edit/", data=FORM | {"capacity": "40", "version": "1"})

    assert "Nothing is planned." in empty
    assert "0 of 30" in page
    assert "BSN, 1, 2026-11-23 09:00" in form
    assert seen(app, key).capacity == 40


def test_a_refused_session_keeps_what_was_typed(app, rosa):
    plan(app)

    clash = rosa.post("/sessions/add/", data=FORM).text
    odd = rosa.post("/sessions/add/", data=FORM | {"cohorts": "BSN, 1, soon"}).text

    assert "something else at this time" in clash
    assert "Flu day" in clash
    assert "Line 1 should read like" in odd


def test_the_attendance_list_is_marked_and_searched(app, rosa, people):
    session_id = plan(app, stations=("Weight",))
    rosa.post(f"/sessions/{session_id}/seat/", data={"patient": people.sam.id})
    with app.app_context():
        seat = queries.seats_of(session_id)[0]

    with clock.pretend(at("2026-11-24 09:05")):
        nurse = app.test_client().sign_in(people.neil)
        nurse.post(f"/sessions/{session_id}/station/{seat.id}/", data={"position": "1"})
        page = nurse.get(f"/sessions/{session_id}/?q=dela").text
        other = nurse.get(f"/sessions/{session_id}/?q=nobody").text
        nurse.post(f"/sessions/{session_id}/close/")

    assert "Came" in page
    assert "Dela Cruz" in page
    assert "Nobody found" in other
    assert seen(app, session_id).status == "done"


def test_a_class_list_is_tried_then_booked(app, rosa, people):
    session_id = plan(app)
    address = f"/sessions/{session_id}/class/"
    ids = f"{people.sam.id}\nNOBODY1"

    tried = rosa.post(address, data={"ids": ids}).text
    booked = rosa.post(address, data={"ids": ids, "book": "yes"}).text

    assert "No patient has this ID." in tried
    assert "Has a seat now." in booked
    assert seen(app, session_id).taken == 1


def test_a_session_is_called_off_only_with_a_reason(app, rosa):
    session_id = plan(app)
    address = f"/sessions/{session_id}/call-off/"

    assert "give a reason" in rosa.post(address, follow_redirects=True).text
    rosa.post(address, data={"reason": "No vaccine"})

    assert seen(app, session_id).status == "cancelled"


def test_a_program_takes_a_seat_and_gives_it_back(app, sam, people):
    session_id = plan(app, capacity=1)
    address = f"/api/sessions/{session_id}/seats/"

    listed = sam.get("/api/sessions/?from=2026-11-24&to=2026-11-24").json["results"]
    taken = sam.post(address, json={})
    eve = app.test_client().sign_in(people.eve)
    full = eve.post(address, json={})
    not_hers = eve.delete(address)
    given = sam.delete(address)

    assert [one["free"] for one in listed] == [1]
    assert (taken.status_code, taken.json["status"]) == (201, "booked")
    assert (full.status_code, full.json["code"]) == (409, "scheduling.session_full")
    assert full.json["alternatives"] == []
    assert not_hers.status_code == 404
    assert given.json["free"] == 1


def test_eve_opens_no_staff_screen(app, people):
    session_id = plan(app)
    eve = app.test_client().sign_in(people.eve)

    assert eve.get("/sessions/").status_code == 403
    assert eve.post(f"/sessions/{session_id}/call-off/").status_code == 403


def test_the_form_proposes_the_seats_of_the_kind(app, rosa):
    with app.app_context():
        services.save_appointment_type(
            SYSTEM,
            draft=replace(VACCINATION, session_capacity=25),
            type_id=types.bookable_type("vaccination").id,
        )

    page = rosa.get("/sessions/add/?type=vaccination").text
    other = rosa.get("/sessions/add/?type=consultation").text

    assert 'name="capacity" type="number" value="25"' in page
    assert 'name="capacity" type="number" value=""' in other
    assert "&#34;vaccination&#34;: 25" in page  # sessions.js follows another choice


def test_hours_are_set_aside_on_the_form_with_a_reason(app, rosa):
    saturday = {"starts_at": "2026-11-28T09:00", "ends_at": "2026-11-28T11:00"}

    refused = rosa.post("/sessions/add/", data=FORM | saturday).text
    planned = rosa.post(
        "/sessions/add/", data=FORM | saturday | {"override": "Campaign"}, follow_redirects=True
    ).text

    assert "NURSE901 has no hours that day." in refused
    assert "The session was saved." in planned


def test_a_session_of_another_cohort_does_not_exist_for_eve(app, people):
    session_id = plan(app, cohorts=(Cohort(MONDAY_SEVEN, "LAW"),))
    eve = app.test_client().sign_in(people.eve)

    seen = eve.get(f"/portal/sessions/{session_id}")
    taken = eve.post(f"/portal/sessions/{session_id}/seat")
    by_json = eve.post(f"/api/sessions/{session_id}/seats/", json={})
    given = eve.delete(f"/api/sessions/{session_id}/seats/")

    assert [one.status_code for one in (seen, taken, by_json, given)] == [404] * 4  # ACC-02
    assert by_json.json["code"] == "scheduling.unknown_session"
    assert eve.get("/api/sessions/").json["results"] == []
