"""Screens of rooms, equipment, maintenance, needs and preferences (SCH-01, SCH-13)."""

import pytest
from sqlalchemy import select

from app.infra.db import session
from app.scheduling.models import Resource, ResourceBlock
from app.scheduling.queries import resources, schedules, types
from tests.factories.resources import create_room, need, type_id
from tests.factories.scheduling import monday_seven, open_clinic
from tests.web.scheduling import book

ROOM = {
    "name": "Treatment room 1",
    "code": "room-1",
    "kind": "3",
    "category": "Treatment room",
    "campus": "",
    "is_active": "y",
}
REPAIR = {"starts_at": "2026-11-23T13:00", "ends_at": "2026-11-23T15:00", "note": "New lamp"}


@pytest.fixture
def site(app):
    """An open clinic on a Monday at 7:00 AM; no context stays open around the requests."""
    with monday_seven():
        with app.app_context():
            open_clinic()
        yield app


@pytest.fixture
def room(site):
    """One room that every consultation takes."""
    with site.app_context():
        key = create_room()
        need(("treatment room", 1))
    return key


@pytest.fixture
def ada(site, client, people):
    """The administrator, signed in."""
    return client.sign_in(people.ada)


@pytest.fixture
def rosa(site, client, people):
    """The receptionist, signed in."""
    return client.sign_in(people.rosa)


def kept(app, statement):
    with app.app_context():
        return session().scalars(statement).all()


def page(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_an_administrator_adds_and_changes_a_room(site, ada):
    answer = ada.post("/resources/add", data=ROOM, follow_redirects=True)
    assert "It was added." in answer.get_data(as_text=True)
    [key] = kept(site, select(Resource.id))

    ada.post(f"/resources/edit/{key}", data=ROOM | {"name": "Room One"})

    assert kept(site, select(Resource.name)) == ["Room One"]
    assert "treatment room" in page(ada, "/resources/list/")
    assert "Room One" in page(ada, f"/resources/show/{key}")


def test_a_taken_code_is_said_beside_its_field(site, ada):
    ada.post("/resources/add", data=ROOM)

    html = ada.post("/resources/add", data=ROOM).get_data(as_text=True)

    assert "Another room or piece of equipment has this code." in html


def test_the_day_shows_who_holds_a_room_without_the_patients_name(site, rosa, people, room):
    booked = book(site, people.sam, "09:00", provider=people.dana.id)

    html = page(rosa, "/rooms/?day=2026-11-23")

    assert "Consultation, Dana Villamor" in html
    assert f"/appointments/show/{booked.id}" in html
    assert "Dela Cruz" not in html
    assert "Free all day" in page(rosa, "/rooms/?day=2026-11-24")


def test_without_rooms_the_pages_say_what_to_do(rosa):
    assert "No rooms or equipment yet" in page(rosa, "/rooms/")
    assert "No rooms or equipment yet" in page(rosa, "/needs/")


def test_the_front_desk_takes_a_room_out_of_use_and_puts_it_back(site, rosa, room):
    rosa.post("/rooms/blocks/", data=REPAIR | {"resource_id": str(room)})
    assert "New lamp" in page(rosa, "/rooms/?day=2026-11-23")
    [key] = kept(site, select(ResourceBlock.id))

    answer = rosa.post(f"/rooms/blocks/{key}/lift/", follow_redirects=True)

    assert "It can be used again." in answer.get_data(as_text=True)
    assert "Everything can be used." in answer.get_data(as_text=True)


def test_visits_in_the_way_are_named_with_the_way_to_them(site, rosa, people, room):
    booked = book(site, people.sam, "13:00", provider=people.dana.id)

    answer = rosa.post("/rooms/blocks/", data=REPAIR | {"resource_id": str(room)})

    html = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert "Consultation, Dana Villamor on Mon 23 Nov 13:00" in html
    assert f"/appointments/show/{booked.id}" in html
    assert 'value="New lamp"' in html
    assert kept(site, select(ResourceBlock.id)) == []


def test_odd_times_of_a_repair_stay_on_the_form(rosa, room):
    for typed in ({"starts_at": ""}, {"ends_at": "2026-11-23T13:00"}, {"resource_id": "7"}):
        data = REPAIR | {"resource_id": str(room)} | typed

        assert rosa.post("/rooms/blocks/", data=data).status_code == 422


def test_a_nurse_looks_but_takes_nothing_out_of_use(site, client, people, room):
    neil = client.sign_in(people.neil)

    assert "Take something out of use" not in page(neil, "/rooms/")
    answer = neil.post("/rooms/blocks/", data=REPAIR | {"resource_id": str(room)})
    assert answer.status_code in {302, 403}
    assert kept(site, select(ResourceBlock.id)) == []


def test_the_use_of_time_is_shown_for_the_chosen_days(site, rosa, people, room):
    book(site, people.sam, "09:00", provider=people.dana.id)

    html = page(rosa, "/rooms/use/?from=2026-11-23&to=2026-11-23")

    assert "8.0 h" in html
    assert "0.3 h" in html
    assert "4 %" in html
    assert rosa.get("/rooms/use/?from=2026-11-23&to=2026-11-01").status_code == 422
    assert rosa.get("/rooms/use/?from=tomorrow").status_code == 200


def test_an_administrator_says_what_a_kind_of_visit_takes(site, ada, room):
    with site.app_context():
        key = type_id()

    answer = ada.post(
        f"/needs/{key}/", data={"need-treatment room": "0"}, follow_redirects=True
    ).get_data(as_text=True)
    assert "Saved." in answer
    with site.app_context():
        assert types.bookable_type("consultation").needs == ()

    ada.post(f"/needs/{key}/", data={"need-treatment room": "1"})
    with site.app_context():
        assert [one.quantity for one in types.bookable_type("consultation").needs] == [1]


def test_more_than_the_clinic_has_is_refused_in_a_sentence(site, ada, room):
    with site.app_context():
        key = type_id()

    html = ada.post(
        f"/needs/{key}/", data={"need-treatment room": "3"}, follow_redirects=True
    ).get_data(as_text=True)

    assert "The clinic has 1 treatment room in use, so no visit can take 3." in html


def test_a_provider_chooses_a_room_and_the_visits_they_do_not_take(site, client, people, room):
    dana = client.sign_in(people.dana)
    with site.app_context():
        key = type_id()
    assert "/preferences/DOC901/" in page(dana, "/schedules/DOC901/")

    answer = dana.post(
        "/preferences/DOC901/",
        data={"preferred_room_id": str(room), "not_offered": [str(key)]},
        follow_redirects=True,
    )

    assert "The preferences were saved." in answer.get_data(as_text=True)
    with site.app_context():
        kept_now = resources.preferences(schedules.practitioner_by_university_id("DOC901").id)
    assert (kept_now.preferred_room_id, kept_now.not_offered) == (room, {key})


def test_a_colleagues_preferences_can_be_read_but_not_changed(client, people, site, room):
    dino = client.sign_in(people.dino)

    assert "You can look at these preferences." in page(dino, "/preferences/DOC901/")
    answer = dino.post("/preferences/DOC901/", data={"preferred_room_id": "0"})
    assert answer.status_code == 403
    assert dino.get("/preferences/NOBODY/").status_code == 404


def test_the_visit_says_which_room_it_has(site, rosa, people, room):
    booked = book(site, people.sam, "09:00", provider=people.dana.id)

    assert "Room R1" in page(rosa, f"/appointments/show/{booked.id}")
    assert "Room R1" in page(rosa, "/day-list/?day=2026-11-23")


def test_lists_and_the_calendar_name_the_room(site, rosa, people, room):
    book(site, people.sam, "09:00", provider=people.dana.id)

    feed = rosa.get("/api/calendar/feed/?from=2026-11-23&to=2026-11-23").get_json()

    assert [event["place"] for event in feed["events"]] == ["Room R1"]
    assert "Dana Villamor, Room R1" in page(rosa, "/appointments/list/")


def test_the_patient_reads_the_room_in_the_portal(site, client, people, room):
    booked = book(site, people.sam, "09:00", provider=people.dana.id)
    sam = client.sign_in(people.sam)

    assert "Downtown campus, Room R1" in page(sam, f"/portal/appointments/{booked.id}")


def test_a_stranger_sees_no_room(site, client, people, room):
    booked = book(site, people.sam, "09:00", provider=people.dana.id)
    eve = client.sign_in(people.eve)

    assert eve.get(f"/portal/appointments/{booked.id}").status_code == 404
    answer = eve.get("/rooms/")
    assert "Room R1" not in answer.get_data(as_text=True)


def test_who_does_not_take_a_visit_is_not_offered_and_it_can_be_moved_to_others(
    site, rosa, people, room
):
    booked = book(site, people.sam, "09:00", provider=people.dana.id)
    with site.app_context():
        key = type_id()
    rosa.post("/preferences/DOC901/", data={"preferred_room_id": "0", "not_offered": [str(key)]})

    html = page(rosa, f"/appointments/{booked.id}/move/")

    assert "Dino Cabahug" in html
    with site.app_context():
        found = schedules.practitioners(kinds=["physician"], type_id=key)
        assert [card.university_id for card in found] == ["DOC902"]  # SCH-19
