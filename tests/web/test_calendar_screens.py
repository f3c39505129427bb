"""The calendar of providers, its feed, and the day list (SCH-36)."""

import pytest

from app.scheduling.services import sessions
from tests.factories.scheduling import SYSTEM, at
from tests.factories.sessions import create_session
from tests.web.scheduling import book, counted_statements, set_status

pytestmark = pytest.mark.usefixtures("open_day")

FEED = "/api/calendar/feed/"
MONDAY = "from=2026-11-23&to=2026-11-23"


def test_the_calendar_names_every_provider(rosa):
    page = rosa.get("/calendar/").text

    assert "Dana Villamor" in page
    assert "DENT901" in page


def test_the_feed_holds_visits_open_hours_and_closures(app, people, rosa):
    booked = book(app, people.sam, "09:00", provider="DOC901")

    found = rosa.get(f"{FEED}?{MONDAY}").json

    (event,) = found["events"]
    assert event["id"] == booked.id
    assert event["patient"] == "Dela Cruz, Sam"
    assert event["starts_at"] == "2026-11-23T09:00:00+08:00"
    assert event["url"] == f"/appointments/show/{booked.id}"
    assert len(found["open"]) == 8
    assert found["closures"] == []
    assert found["is_cut"] is False


def test_a_closure_is_shown_and_takes_the_open_hours(app, rosa):
    from app.scheduling import services
    from tests.factories.scheduling import SYSTEM

    with app.app_context():
        services.close_clinic(SYSTEM, name="Typhoon", starts_at=at("08:00"), ends_at=at("17:00"))

    found = rosa.get(f"{FEED}?{MONDAY}").json

    assert [one["name"] for one in found["closures"]] == ["Typhoon"]
    assert found["open"] == []


def test_only_visits_that_can_move_are_editable_and_only_for_those_who_may(app, people, rosa):
    movable = book(app, people.sam, "09:00", provider="DOC901")
    seen = book(app, people.eve, "09:20", provider="DOC901")
    set_status(app, people.rosa, seen, "checked-in")
    ada, dino = (app.test_client().sign_in(one) for one in (people.ada, people.dino))

    def editable(client):
        found = client.get(f"{FEED}?{MONDAY}").json["events"]
        return {event["id"] for event in found if event["editable"]}

    assert editable(rosa) == {movable.id}
    assert editable(ada) == set()
    assert editable(dino) == set()


def test_cancelled_visits_are_shown_only_when_asked_for(app, people, rosa):
    booked = book(app, people.sam, "09:00")
    set_status(app, people.rosa, booked, "cancelled", reason="Ill")

    assert rosa.get(f"{FEED}?{MONDAY}").json["events"] == []
    assert len(rosa.get(f"{FEED}?{MONDAY}&given_up=yes").json["events"]) == 1


@pytest.mark.parametrize(
    ("query", "count"), [("provider=DOC901", 1), ("provider=DOC902", 0), ("type=vaccination", 0)]
)
def test_the_feed_can_be_narrowed(app, people, rosa, query, count):
    book(app, people.sam, "09:00", provider="DOC901")

    assert len(rosa.get(f"{FEED}?{MONDAY}&{query}").json["events"]) == count


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("from=2026-01-01&to=2026-12-31", 400),
        ("from=2026-11-24&to=2026-11-23", 400),
        ("from=x", 400),
        (f"{MONDAY}&provider=NOBODY", 404),
        (f"{MONDAY}&zone=UTC", 422),
    ],
)
def test_an_odd_feed_is_refused_with_a_sentence(rosa, query, status):
    answer = rosa.get(f"{FEED}?{query}")

    assert answer.status_code == status
    assert answer.json["message"]


def test_the_feed_takes_the_same_statements_for_one_visit_and_for_many(app, people, rosa):
    book(app, people.sam, "09:00")
    with counted_statements(app) as few:
        rosa.get(f"{FEED}?{MONDAY}")
    for minute in ("09:20", "09:40", "10:00"):
        book(app, people.rosa, minute, patient=people.eve.id, override_reason="test")

    with counted_statements(app) as many:
        rosa.get(f"{FEED}?{MONDAY}")

    assert len(many) == len(few) <= 9


def test_group_sessions_stand_in_the_feed_and_on_the_day_list(app, people, rosa):
    with app.app_context():
        key = create_session("2026-11-23 09:00")
        gone = create_session("2026-11-23 13:00")
        sessions.cancel_session(SYSTEM, session_id=gone, reason="No vaccine")

    (one,) = rosa.get(f"{FEED}?{MONDAY}").json["sessions"]
    both = rosa.get(f"{FEED}?{MONDAY}&given_up=yes").json["sessions"]
    others = rosa.get(f"{FEED}?{MONDAY}&provider=DOC901").json["sessions"]
    admin = app.test_client().sign_in(people.ada).get(f"{FEED}?{MONDAY}").json["sessions"]
    page = rosa.get("/day-list/?day=2026-11-23").text

    assert (one["id"], one["title"], one["taken"], one["capacity"]) == (
        key,
        "Flu vaccination",
        0,
        2,
    )
    assert (one["url"], one["starts_at"]) == (f"/sessions/{key}/", "2026-11-23T09:00:00+08:00")
    assert [each["id"] for each in both] == [key, gone]
    assert others == []
    assert admin[0]["url"] == ""  # sees the time, not the attendance list
    assert f'href="/sessions/{key}/"' in page
    assert "0 of 2 seats taken" in page
    assert f"/sessions/{gone}/" not in page


@pytest.mark.parametrize("address", ["/calendar/", "/day-list/"])
def test_the_cashier_and_eve_see_no_calendar(app, people, address):
    for person in (people.cass, people.eve):
        assert app.test_client().sign_in(person).get(address).status_code == 403


def test_the_day_list_names_who_is_expected_with_whom(app, people, rosa):
    book(app, people.sam, "09:00", provider="DOC901")
    gone = book(app, people.eve, "10:00", provider="DOC901")
    set_status(app, people.rosa, gone, "cancelled", reason="Ill")

    page = rosa.get("/day-list/?day=2026-11-23").text

    assert "Dela Cruz, Sam" in page
    assert "Ñuñez, Eve" not in page
    assert "day=2026-11-22" in page
    assert "day=2026-11-24" in page


def test_the_day_list_of_one_provider_leaves_the_others_out(app, people, rosa):
    book(app, people.sam, "09:00", provider="DOC901")

    page = rosa.get("/day-list/?day=2026-11-23&provider=DOC902").text

    assert "Dela Cruz, Sam" not in page


@pytest.mark.parametrize("query", ["day=x", "day=0001-01-01", "day=9999-12-31"])
def test_an_odd_day_is_today(rosa, query):
    page = rosa.get(f"/day-list/?{query}")

    assert page.status_code == 200
    assert "Mon 23 Nov 2026" in page.text


def test_the_day_list_takes_a_fixed_number_of_statements(app, rosa):
    with counted_statements(app) as seen:
        rosa.get("/day-list/")

    assert len(seen) <= 9, "\n\n".join(seen)
