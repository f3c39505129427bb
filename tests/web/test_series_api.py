"""Recurring series over JSON (SCH-32)."""

import pytest

from tests.web.scheduling import book

pytestmark = pytest.mark.usefixtures("open_day")

SERIES = "/api/series/"
RULE = {
    "type": "consultation",
    "patient": "20259001",
    "provider": "DOC901",
    "frequency": "weekly",
    "first_on": "2026-11-24",
    "local_time": "09:00",
    "count": 3,
}
MOVED = {"first_on": "2026-12-01", "local_time": "10:00"}


def booked(rosa):
    """The address of a series and the keys of its visits."""
    answer = rosa.post(SERIES, json=RULE)
    assert answer.status_code == 201
    return f"{SERIES}{answer.json['id']}/", [one["id"] for one in answer.json["visits"]]


def test_a_series_has_the_fixed_shape(rosa):
    address, visits = booked(rosa)

    answer = rosa.get(address)

    assert answer.json == {
        "id": answer.json["id"],
        "status": "running",
        "type": "consultation",
        "provider": "DOC901",
        "patient": "20259001",
        "frequency": "weekly",
        "every": 1,
        "first_on": "2026-11-24",
        "local_time": "09:00",
        "count": 3,
        "predecessor": None,
        "successor": None,
        "visits": answer.json["visits"],
    }
    assert [one["number"] for one in answer.json["visits"]] == [1, 2, 3]
    assert [one["id"] for one in answer.json["visits"]] == visits
    listed = rosa.get(SERIES, query_string={"patient": "20259001"}).json["results"]
    assert [one["id"] for one in listed] == [answer.json["id"]]


def test_the_preview_names_a_clash_and_a_choice_books_around_it(app, rosa, people):
    book(app, people.eve, "2026-12-01 09:00", provider=people.dana.id)

    found = rosa.post(f"{SERIES}preview/", json=RULE).json["results"]
    assert [one["is_free"] for one in found] == [True, False, True]
    assert found[1]["why_not"] == "DOC901 has another visit from 09:00 to 09:20."
    near = found[1]["alternatives"][0]

    refused = rosa.post(SERIES, json=RULE)
    assert (refused.status_code, refused.json["code"]) == (409, "scheduling.series_clash")
    choice = {"starts_at": near["starts_at"], "provider": near["provider"]}
    done = rosa.post(SERIES, json=RULE | {"choices": {"2": choice, "3": "skip"}})
    assert done.status_code == 201
    assert [one["number"] for one in done.json["visits"]] == [1, 2]


def test_a_series_sent_twice_with_one_key_is_booked_once(rosa):
    head = {"Idempotency-Key": "one"}

    first, second = (rosa.post(SERIES, json=RULE, headers=head) for _ in range(2))

    assert first.json["id"] == second.json["id"]


def test_the_rest_is_looked_at_changed_and_cancelled(rosa):
    address, visits = booked(rosa)
    wanted = MOVED | {"appointment": visits[1]}

    looked = rosa.post(f"{address}rest/preview/", json=wanted).json["results"]
    assert [(one["appointment"], one["is_free"]) for one in looked] == [
        (visits[1], True),
        (visits[2], True),
    ]
    changed = rosa.put(f"{address}rest/", json=wanted)
    assert changed.status_code == 200
    assert changed.json["visits"][0]["starts_at"] == "2026-12-01T10:00:00+08:00"
    assert rosa.get(address).json["successor"] == changed.json["id"]

    reason = {"appointment": changed.json["visits"][0]["id"], "reason": "Better"}
    new = f"{SERIES}{changed.json['id']}/"
    assert rosa.post(f"{new}rest/cancel/", json=reason).json == {"cancelled": 2}
    again = rosa.post(f"{new}rest/cancel/", json=reason)
    assert (again.status_code, again.json["code"]) == (409, "scheduling.series_over")


def test_a_visit_of_another_series_is_not_changed_by_mistake(rosa):
    _, visits = booked(rosa)

    for method, address in (("PUT", "rest/"), ("POST", "rest/preview/")):
        answer = rosa.open(
            f"{SERIES}987/{address}", method=method, json=MOVED | {"appointment": visits[1]}
        )
        assert (answer.status_code, answer.json["code"]) == (404, "scheduling.unknown_series")


@pytest.mark.parametrize(
    ("wrong", "status"),
    [
        ({"count": 61}, 422),
        ({"count": "three"}, 400),
        ({"frequency": "yearly"}, 422),
        ({"every": 0}, 422),
        ({"first_on": "soon"}, 400),
        ({"local_time": "noon"}, 400),
        ({"local_time": "09:00+08:00"}, 400),
        ({"patient": ""}, 422),
        ({"patient": "nobody"}, 404),
        ({"provider": "nobody"}, 404),
        ({"type": "nothing"}, 404),
        ({"colour": "red"}, 422),
        ({"choices": {"0": "skip"}}, 422),
        ({"choices": {"x": "skip"}}, 422),
        ({"choices": {"1": "later"}}, 400),
        ({"choices": {"1": {"starts_at": "soon", "provider": "DOC901"}}}, 400),
        ({"choices": {"1": {"starts_at": "2026-11-24T10:00:00+08:00", "provider": 7}}}, 400),
        ({"choices": {str(number): "skip" for number in (1, 2, 3)}}, 422),
        ({"override": {"reason": 7}}, 400),
    ],
)
def test_what_makes_no_sense_is_refused(rosa, wrong, status):
    answer = rosa.post(SERIES, json=RULE | wrong)

    assert answer.status_code == status
    assert set(answer.json) >= {"code", "message"}


def test_what_is_not_there_is_not_found(rosa):
    for address in ("987/", f"{2**31}/", "99999999999999999999/"):
        assert rosa.get(SERIES + address).status_code == 404
    assert rosa.get(SERIES, query_string={"patient": "nobody"}).status_code == 404


def test_a_stranger_learns_nothing_and_changes_nothing(rosa, eve):
    address, visits = booked(rosa)

    assert eve.get(address).status_code == 403
    assert eve.post(SERIES, json=RULE).status_code == 403
    assert eve.post(f"{SERIES}preview/", json=RULE).status_code == 403
    wanted = MOVED | {"appointment": visits[1]}
    assert eve.post(f"{address}rest/preview/", json=wanted).status_code == 403
    assert eve.put(f"{address}rest/", json=wanted).status_code == 403
    reason = {"appointment": visits[1], "reason": "x"}
    assert eve.post(f"{address}rest/cancel/", json=reason).status_code == 403
    assert len(rosa.get(address).json["visits"]) == 3
