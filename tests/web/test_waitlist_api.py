"""The waiting list over JSON (SCH-31)."""

import pytest
from sqlalchemy import select

from app.infra.db import session
from app.kernel import clock
from app.scheduling import services
from app.scheduling.models import Hold
from app.scheduling.queries import schedules
from app.scheduling.services import seats
from tests.factories.scheduling import SYSTEM, at
from tests.factories.sessions import create_session
from tests.web.scheduling import book

pytestmark = pytest.mark.usefixtures("open_day")

LIST = "/api/waitlist/"
WISH = {"type": "consultation", "first_day": "2026-11-24", "last_day": "2026-11-27"}


def offer_nine(app, people):
    """Nine o'clock on Tuesday with Dana is offered to whoever waits first."""
    with app.app_context():
        services.offer_freed_time(
            SYSTEM,
            practitioner_id=schedules.practitioner_by_university_id(people.dana.id).id,
            starts_at=at("2026-11-24 09:00"),
            ends_at=at("2026-11-24 09:20"),
        )
        return session().scalars(select(Hold.id).order_by(Hold.id.desc())).first()


def test_an_entry_has_the_fixed_shape(sam):
    joined = sam.post(LIST, json=WISH | {"earliest": "08:00", "reason": "Knee"})

    assert joined.status_code == 201
    assert joined.json == {
        "id": joined.json["id"],
        "status": "waiting",
        "type": "consultation",
        "provider": None,
        "patient": "20259001",
        "first_day": "2026-11-24",
        "last_day": "2026-11-27",
        "earliest": "08:00",
        "latest": "23:59",
        "reason": "Knee",
        "appointment": None,
        "offer": None,
    }
    assert sam.get(LIST).json["results"] == [joined.json]


def test_an_offer_is_listed_and_taken_twice_to_one_visit(app, sam, people):
    sam.post(LIST, json=WISH)
    number = offer_nine(app, people)

    listed = sam.get(LIST).json["results"][0]
    first = sam.post(f"{LIST}offers/{number}/accept/")
    again = sam.post(f"{LIST}offers/{number}/accept/")

    assert listed["offer"] == {
        "id": number,
        "starts_at": "2026-11-24T09:00:00+08:00",
        "expires_at": "2026-11-23T07:30:00+08:00",
    }
    assert (first.status_code, first.json["status"]) == (200, "confirmed")
    assert again.json == first.json


def test_a_declined_offer_is_over(app, sam, people):
    sam.post(LIST, json=WISH)
    number = offer_nine(app, people)

    declined = sam.post(f"{LIST}offers/{number}/decline/")
    refused = sam.post(f"{LIST}offers/{number}/accept/")

    assert declined.json["status"] == "declined"
    assert (refused.status_code, refused.json["code"]) == (409, "scheduling.offer_over")


def test_nothing_of_sams_is_eves(app, sam, eve, people):
    sam.post(LIST, json=WISH)
    number = offer_nine(app, people)

    assert eve.get(LIST).json["results"] == []
    assert eve.get(f"{LIST}?patient={people.sam.id}").status_code == 403
    assert eve.post(LIST, json=WISH | {"patient": people.sam.id}).status_code == 403
    for answer in ("accept", "decline"):
        assert eve.post(f"{LIST}offers/{number}/{answer}/").status_code == 404


@pytest.mark.parametrize(("who", "status"), [("neil", 201), ("dana", 403), ("cass", 403)])
def test_who_may_name_a_patient(app, people, who, status):
    browser = app.test_client().sign_in(getattr(people, who))

    assert browser.post(LIST, json=WISH | {"patient": people.sam.id}).status_code == status


def test_staff_see_everybody_or_one_patient(rosa, people):
    rosa.post(LIST, json=WISH | {"patient": people.sam.id})
    rosa.post(LIST, json=WISH | {"patient": people.eve.id})

    assert rosa.get(LIST).json["count"] == 2
    one = rosa.get(f"{LIST}?patient={people.eve.id}").json["results"]
    assert [entry["patient"] for entry in one] == [people.eve.id]
    assert rosa.get(f"{LIST}?patient=20259999").status_code == 404


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"type": ""}, 422),
        ({"type": "nothing"}, 404),
        ({"first_day": "soon"}, 400),
        ({"earliest": "early"}, 400),
        ({"earliest": "08:00+08:00"}, 400),
        ({"last_day": "2026-11-20"}, 422),
        ({"last_day": "9999-12-31"}, 422),
        ({"reason": 5}, 400),
        ({"colour": "red"}, 422),
    ],
)
def test_nonsense_is_refused(sam, change, status):
    answer = sam.post(LIST, json=WISH | change)

    assert answer.status_code == status
    assert answer.json["message"]


def test_waiting_twice_is_a_conflict(sam):
    sam.post(LIST, json=WISH)

    answer = sam.post(LIST, json=WISH)

    assert (answer.status_code, answer.json["code"]) == (409, "scheduling.already_waiting")


@pytest.mark.parametrize("number", ["4711", str(2**63), "9" * 30])
def test_offers_that_do_not_exist_are_not_found(sam, number):
    assert sam.post(f"{LIST}offers/{number}/accept/").status_code == 404


def test_a_taken_time_is_no_offer_any_more(app, sam, people):
    book(app, people.eve, "2026-11-24 09:00", provider=people.dana.id)
    sam.post(LIST, json=WISH)

    assert offer_nine(app, people) is None


def test_staff_offer_a_named_time(rosa, sam, eve):
    key = sam.post(LIST, json=WISH).json["id"]
    body = {"provider": "DOC901", "starts_at": "2026-11-24T09:00:00+08:00"}

    offered = rosa.post(f"{LIST}{key}/offer/", json=body)
    again = rosa.post(f"{LIST}{key}/offer/", json=body)
    odd = rosa.post(f"{LIST}{key}/offer/", json=body | {"starts_at": "soon"})

    assert offered.status_code == 200
    assert offered.json["offer"]["starts_at"] == body["starts_at"]
    assert again.json == offered.json
    assert odd.status_code == 400
    assert eve.post(f"{LIST}{key}/offer/", json=body).status_code == 403
    assert rosa.post(f"{LIST}999999/offer/", json=body).status_code == 404


def test_a_lost_offer_is_answered_with_free_times(app, people, sam):
    sam.post(LIST, json=WISH)
    offer_id = offer_nine(app, people)

    with clock.pretend(at("07:20")):
        sam.get(LIST)  # stays signed in
    with clock.pretend(at("07:31")):
        lost = sam.post(f"{LIST}offers/{offer_id}/accept/", json={})

    assert lost.status_code == 409
    assert lost.json["code"] == "scheduling.offer_over"
    assert "2026-11-24T09:00:00+08:00" in [one["starts_at"] for one in lost.json["alternatives"]]


def test_a_taken_seat_says_which_session(sam, app, people):
    """SCH-31: the offer of a seat is answered like one of a time."""
    with app.app_context():
        key = create_session(capacity=1)
        seats.take_seat(people.eve.actor, session_id=key)
    joined = sam.post(LIST, json=WISH | {"type": "vaccination"})
    with app.app_context():
        seats.cancel_seat(people.eve.actor, session_id=key)
        services.offer_freed_seats(SYSTEM, session_id=key)
    [entry] = sam.get(LIST).json["results"]

    taken = sam.post(f"{LIST}offers/{entry['offer']['id']}/accept/")
    [after] = sam.get(LIST).json["results"]

    assert joined.status_code == 201
    assert taken.json == {"id": taken.json["id"], "session": key, "status": "booked"}
    assert (after["status"], after["session"], after["appointment"]) == ("fulfilled", key, None)
