"""Provider is out, over JSON (SCH-34)."""

from datetime import timedelta

import pytest

from app.kernel import clock
from tests.factories.scheduling import monday_seven, open_clinic
from tests.web.scheduling import book

OUTAGES = "/api/outages/"
ABSENCE = {
    "provider": "DOC901",
    "starts_at": "2026-11-23T08:00:00+08:00",
    "ends_at": "2026-11-23T12:00:00+08:00",
}


@pytest.fixture(autouse=True)
def _clinic(app, people):
    with monday_seven():
        with app.app_context():
            open_clinic()
        book(app, people.sam, "09:00", provider=people.dana.id)
        book(app, people.eve, "09:20", provider=people.dana.id)
        yield


@pytest.fixture
def rosa(client, people):
    return client.sign_in(people.rosa)


@pytest.fixture
def eve(app, people):
    return app.test_client().sign_in(people.eve)


def applied(rosa, take=1):
    """Apply the absence with the first proposals; the answer."""
    proposals = rosa.post(f"{OUTAGES}preview/", json=ABSENCE).json["proposals"]
    accepted = [
        {
            "appointment": one["visit"]["id"],
            "starts_at": one["proposal"]["starts_at"],
            "provider": one["proposal"]["provider"],
        }
        for one in proposals[:take]
    ]
    answer = rosa.post(OUTAGES, json=ABSENCE | {"accepted": accepted, "reason": "Ill"})
    assert answer.status_code == 201
    return answer.json


def test_the_preview_proposes_and_changes_nothing(rosa):
    found = rosa.post(f"{OUTAGES}preview/", json=ABSENCE).json

    assert [one["proposal"]["provider"] for one in found["proposals"]] == ["DOC902", "DOC902"]
    assert found["present"] == []
    assert rosa.get(OUTAGES).json["results"] == []


def test_what_is_accepted_is_moved_and_the_others_are_called(rosa):
    outage = applied(rosa)

    assert [one["outcome"] for one in outage["visits"]] == ["moved", "to-call"]
    assert outage["visits"][0]["successor"]["provider"] == "DOC902"
    assert (outage["status"], outage["reason"], outage["may_undo"]) == ("applied", "Ill", True)
    assert rosa.get(f"{OUTAGES}{outage['id']}/").json == outage
    [listed] = rosa.get(OUTAGES).json["results"]
    assert listed["id"] == outage["id"]


def test_the_same_absence_sent_twice_is_one(rosa):
    assert applied(rosa)["id"] == applied(rosa, take=0)["id"]


def test_a_call_is_noted_and_an_undo_takes_everything_back(rosa):
    outage = applied(rosa)
    address = f"{OUTAGES}{outage['id']}/"

    line = outage["visits"][1]["id"]
    noted = rosa.put(f"{address}calls/{line}/", json={"note": "Comes on Friday"})
    assert noted.json["visits"][1]["note"] == "Comes on Friday"
    assert noted.json["visits"][1]["called_at"] == "2026-11-23T07:00:00+08:00"

    undone = rosa.post(f"{address}undo/", json={})
    assert (undone.status_code, undone.json["status"]) == (200, "undone")
    again = rosa.post(f"{address}undo/", json={})
    assert (again.status_code, again.json["code"]) == (409, "scheduling.undone_already")


def test_an_undo_after_ten_minutes_is_too_late(rosa):
    outage = applied(rosa)

    with clock.pretend(clock.now() + timedelta(minutes=11)):
        answer = rosa.post(f"{OUTAGES}{outage['id']}/undo/", json={})

    assert (answer.status_code, answer.json["code"]) == (409, "scheduling.undo_too_late")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"provider": "nobody"}, 404),
        ({"provider": ""}, 422),
        ({"starts_at": "soon"}, 400),
        ({"ends_at": "2026-11-23T07:30:00+08:00"}, 422),
        ({"ends_at": "2027-11-23T07:30:00+08:00"}, 422),
        ({"colour": "red"}, 422),
        ({"accepted": "all"}, 400),
        ({"accepted": [1]}, 400),
        ({"accepted": [{"appointment": "1", "starts_at": "x", "provider": "y"}]}, 400),
        ({"accepted": [{"appointment": 1, "starts_at": "x", "provider": "y"}]}, 400),
        ({"accepted": [{"appointment": 0, "starts_at": "x", "provider": "y"}]}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(rosa, wrong, status):
    answer = rosa.post(OUTAGES, json=ABSENCE | wrong)

    assert answer.status_code == status
    assert set(answer.json) >= {"code", "message"}
    assert rosa.get(OUTAGES).json["results"] == []


def test_what_is_not_there_is_not_found(rosa):
    for address in ("987/", f"{2**31}/"):
        assert rosa.get(OUTAGES + address).status_code == 404
        assert rosa.post(f"{OUTAGES}{address}undo/", json={}).status_code == 404
    outage = applied(rosa)
    assert rosa.put(f"{OUTAGES}{outage['id']}/calls/987/", json={}).status_code == 404


def test_a_stranger_learns_nothing_and_changes_nothing(rosa, eve):
    outage = applied(rosa)
    address = f"{OUTAGES}{outage['id']}/"

    assert eve.get(OUTAGES).status_code == 403
    assert eve.get(address).status_code == 403
    assert eve.post(f"{OUTAGES}preview/", json=ABSENCE).status_code == 403
    assert eve.post(OUTAGES, json=ABSENCE).status_code == 403
    assert eve.post(f"{address}undo/", json={}).status_code == 403
    assert rosa.get(address).json["status"] == "applied"
