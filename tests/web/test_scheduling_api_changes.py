"""Changing visits over JSON: status and time (rules/scheduling.md, HTTP interface)."""

import pytest

from tests.web.scheduling import book

pytestmark = pytest.mark.usefixtures("open_day")

NINE = "2026-11-23T09:00:00+08:00"


def test_a_student_cancels_and_the_version_grows(app, people, sam):
    booked = book(app, people.sam, "2026-11-24 09:00")

    answer = sam.put(
        f"/api/appointments/{booked.id}/status/", json={"status": "cancelled", "version": 1}
    )

    assert answer.status_code == 200
    assert (answer.json["status"], answer.json["version"]) == ("cancelled", 2)


def test_a_stale_version_is_a_conflict(app, people, rosa):
    booked = book(app, people.sam, "09:00")
    address = f"/api/appointments/{booked.id}/status/"
    rosa.put(address, json={"status": "checked-in", "version": 1})

    answer = rosa.put(address, json={"status": "cancelled", "reason": "x", "version": 1})

    assert (answer.status_code, answer.json["code"]) == (409, "scheduling.stale_version")


def test_a_step_that_the_table_lacks_is_a_conflict(app, people, rosa):
    booked = book(app, people.sam, "09:00")

    answer = rosa.put(f"/api/appointments/{booked.id}/status/", json={"status": "completed"})

    assert (answer.status_code, answer.json["code"]) == (409, "scheduling.transition_refused")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"status": "gone"}, 422),
        ({"status": "rescheduled"}, 422),
        ({"status": "cancelled"}, 422),
        ({"status": 1}, 400),
        ({"status": "cancelled", "version": "1"}, 400),
        ({"status": "cancelled", "version": True}, 400),
        ({"status": "checked-in", "version": 10**30}, 409),
        ({"status": "checked-in", "colour": "red"}, 422),
    ],
)
def test_odd_changes_get_a_sentence(app, people, rosa, body, status):
    booked = book(app, people.sam, "09:00")

    answer = rosa.put(f"/api/appointments/{booked.id}/status/", json=body)

    assert answer.status_code == status, answer.text
    assert answer.json["message"]


@pytest.mark.parametrize("number", ["0", "99999999", "9223372036854775808", "1" * 40, "x"])
def test_a_visit_that_is_not_there_is_not_found(rosa, number):
    answer = rosa.put(f"/api/appointments/{number}/status/", json={"status": "checked-in"})

    assert answer.status_code == 404
    assert answer.json["message"]


def test_eve_learns_nothing_of_sams_visit(app, people, eve):
    booked = book(app, people.sam, "09:00")

    cancelled = eve.put(f"/api/appointments/{booked.id}/status/", json={"status": "cancelled"})
    moved = eve.post(f"/api/appointments/{booked.id}/reschedule/", json={"starts_at": NINE})

    assert cancelled.status_code == moved.status_code == 404  # ACC-02


def test_a_visit_moves_and_keeps_its_reason(app, people, rosa):
    booked = book(app, people.sam, "09:00", provider="DOC901", reason="Cough")

    answer = rosa.post(
        f"/api/appointments/{booked.id}/reschedule/",
        json={
            "starts_at": "2026-11-23T10:00:00+08:00",
            "ends_at": "2026-11-23T10:40:00+08:00",
            "provider": "DOC902",
            "version": 1,
        },
    )

    assert answer.status_code == 200
    assert answer.json["id"] != booked.id
    assert (answer.json["provider"], answer.json["reason"]) == ("DOC902", "Cough")
    assert answer.json["ends_at"] == "2026-11-23T10:40:00+08:00"


def test_a_move_onto_a_taken_time_proposes_others(app, people, rosa):
    book(app, people.eve, "10:00", provider="DOC901")
    booked = book(app, people.sam, "09:00", provider="DOC901")

    answer = rosa.post(
        f"/api/appointments/{booked.id}/reschedule/",
        json={"starts_at": "2026-11-23T10:00:00+08:00"},
    )

    assert (answer.status_code, answer.json["code"]) == (409, "scheduling.slot_taken")
    assert answer.json["alternatives"][0]["type"] == "consultation"


def test_a_student_does_not_change_the_length(app, people, sam):
    booked = book(app, people.sam, "2026-11-24 09:00")

    answer = sam.post(
        f"/api/appointments/{booked.id}/reschedule/",
        json={"starts_at": "2026-11-24T10:00+08:00", "ends_at": "2026-11-24T11:00+08:00"},
    )

    assert answer.status_code == 403
