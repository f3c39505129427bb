"""Keeping a time over JSON while a form is filled."""

import pytest

from app.scheduling.rules.form_holds import MOST_IN_A_ROW

pytestmark = pytest.mark.usefixtures("open_day")

HOLD = "/api/appointments/hold/"
NINE = {
    "type": "consultation",
    "starts_at": "2026-11-24T09:00:00+08:00",
    "provider": "DOC901",
}


def test_a_kept_time_has_the_fixed_shape(sam):
    kept = sam.post(HOLD, json=NINE)

    assert kept.status_code == 201
    assert kept.json == {
        "id": kept.json["id"],
        "type": "consultation",
        "provider": "DOC901",
        "starts_at": "2026-11-24T09:00:00+08:00",
        "ends_at": "2026-11-24T09:20:00+08:00",
        "expires_at": "2026-11-23T07:05:00+08:00",
    }
    assert sam.post(HOLD, json=NINE).json == kept.json


def test_others_are_told_of_other_times_until_it_is_let_go(sam, eve):
    sam.post(HOLD, json=NINE)

    refused = eve.post(HOLD, json=NINE)
    assert (refused.status_code, refused.json["code"]) == (409, "scheduling.slot_taken")
    assert refused.json["alternatives"]
    assert eve.post("/api/appointments/book/", json=NINE).status_code == 409

    assert eve.delete(HOLD).json == {"released": 0}
    assert sam.delete(HOLD).json == {"released": 1}
    assert sam.delete(HOLD).json == {"released": 0}
    assert eve.post("/api/appointments/book/", json=NINE).status_code == 201


def test_the_desk_names_the_patient_and_others_may_not(sam, eve, rosa):
    assert eve.post(HOLD, json=NINE | {"patient": "20259001"}).status_code == 403
    assert rosa.post(HOLD, json=NINE).status_code == 403  # no patient of her own
    assert rosa.post(HOLD, json=NINE | {"patient": "20259009"}).status_code == 404
    assert rosa.post(HOLD, json=NINE | {"patient": "20259001"}).status_code == 201
    assert sam.post("/api/appointments/book/", json=NINE).status_code == 201


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"type": "surgery"}, 404),
        ({"provider": "DOC999"}, 404),
        ({"starts_at": "soon"}, 400),
        ({"starts_at": None}, 422),
        ({"starts_at": "2026-11-24T03:00:00+08:00"}, 422),
        ({"reason": "Knee"}, 422),
        ({"type": 5}, 400),
    ],
)
def test_nonsense_is_refused(sam, change, status):
    assert sam.post(HOLD, json=NINE | change).status_code == status


def test_too_many_in_a_row_are_refused(sam):
    for number in range(MOST_IN_A_ROW):
        day, place = divmod(number, 10)
        start = f"2026-11-{24 + day}T{8 + place // 3:02}:{20 * (place % 3):02}:00+08:00"
        assert sam.post(HOLD, json=NINE | {"starts_at": start}).status_code == 201

    refused = sam.post(HOLD, json=NINE | {"starts_at": "2026-11-26T09:00:00+08:00"})

    assert (refused.status_code, refused.json["code"]) == (429, "scheduling.too_many_holds")
