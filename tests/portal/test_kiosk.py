"""The kiosk, the wall and the phone as pages, without scripts (SCH-33)."""

import pytest

from app.kernel import clock
from app.visits import services
from app.visits.services.devices import add_device, revoke_device
from tests.factories.scheduling import at
from tests.portal.pages import Visitor

NO_NAMES = ("Sam", "Dela Cruz", "Eve", "Ñuñez")


@pytest.fixture
def address(clinic, app, people):
    """Adds a screen and gives its address."""

    def add(kind: str, name: str = "Door") -> str:
        with app.app_context():
            return add_device(people.ada.actor, kind=kind, name=name).path

    return add


@pytest.fixture
def guest(clinic, app) -> Visitor:
    """Somebody at a screen, not signed in."""
    return Visitor(app.test_client())


def shows_nobody(page) -> bool:
    """Whether the page is free of names."""
    return not any(name in page.html for name in NO_NAMES)


def test_a_patient_checks_in_with_two_taps(guest, address, booked, people, tokens):
    booked(people.sam, "2026-11-23 09:00")
    home = address("kiosk")
    with clock.pretend(at("08:45")):
        guest.open(home)
        page = guest.send("I have an appointment", who=people.sam.id, do="check-in")
        guest.open(home)
        again = guest.send("I have an appointment", who=people.sam.id, do="check-in")

    assert page.status == 200
    assert page.says("Your number")
    assert page.says("You are next")
    assert f"20; url={home}" in page.html
    assert again.text == page.text
    assert shows_nobody(page)


def test_a_walk_in_chooses_a_service_and_gets_a_number(guest, address, people, tokens):
    guest.open(address("kiosk"))
    choice = guest.send("I have no appointment", who=people.eve.id, do="walk-in")
    assert choice.says("What do you come for?")
    form = choice.form("Consultation")

    one = guest.post(form, service="consultation", reason="Headache")
    two = guest.post(form, service="consultation", reason="Headache")

    assert one.status == 200
    assert one.says("C-001")
    assert two.text == one.text
    assert shows_nobody(one)


def test_no_service_chosen_is_asked_again(guest, address, people):
    guest.open(address("kiosk"))
    choice = guest.send("I have no appointment", who=people.eve.id, do="walk-in")

    page = guest.post(choice.form("Consultation"))

    assert page.status == 422
    assert page.says("Please choose what you come for")


def test_a_kiosk_does_not_say_whom_it_knows(guest, address, people):
    home = address("kiosk")
    guest.open(home)
    unknown = guest.send("I have an appointment", who="20990000", do="check-in")
    guest.open(home)
    known = guest.send("I have an appointment", who=people.eve.id, do="check-in")

    assert unknown.status == known.status == 409
    assert unknown.text == known.text
    assert "20990000" not in unknown.html


def test_guessing_ends_with_a_minute_of_rest(guest, address, people):
    home = address("kiosk")
    for number in range(9):
        guest.open(home)
        guest.send("I have an appointment", who=f"2099000{number}", do="check-in")
    guest.open(home)

    page = guest.send("I have an appointment", who=people.sam.id, do="check-in")

    assert page.status == 429
    assert f"60; url={home}" in page.html


def test_a_kiosk_left_open_overnight_begins_again(guest, address, people, tokens):
    home = address("kiosk")

    page = guest.client.post(home, data={"who": people.sam.id}, follow_redirects=True)

    assert page.status_code == 200
    assert page.request.path == home


@pytest.mark.parametrize("kind", ["kiosk", "display"])
def test_an_unknown_address_is_a_kind_page(guest, kind):
    page = guest.open(f"/{kind}/nonsense/")

    assert page.status == 404
    assert page.says("Not connected")


def test_a_revoked_screen_is_not_there_any_more(guest, app, address, people):
    home = address("kiosk")
    with app.app_context():
        revoke_device(people.ada.actor, device_id=_only_device())

    assert guest.open(home).status == 404
    assert guest.client.post(home, data={"who": "1"}).status_code == 404


def _only_device() -> int:
    from app.visits.queries.devices import devices

    return devices()[0].id


def test_the_wall_shows_who_is_called_and_who_is_next(guest, app, address, people):
    home = address("display")
    with app.app_context():
        for person in (people.sam, people.eve):
            services.receive_walk_in(people.rosa.actor, patient=person.id, type_code="consultation")
        services.call_next(people.dana.actor, type_code="consultation", place="Room 2")

    page = guest.open(home)
    part = guest.open(f"{home}board")

    for shown in (page, part):
        assert shown.says("C-001 Room 2")
        assert shown.says("Next C-002")
        assert shown.says("7:00 AM")
        assert shows_nobody(shown)
    assert 'http-equiv="refresh" content="5"' in page.html


def test_an_empty_wall_says_so(guest, address):
    page = guest.open(address("display"))

    assert page.says("Nobody is called at the moment")
    assert page.says("Nobody is waiting")


def test_a_student_sees_place_and_wait_and_is_called(sam, app, people):
    with app.app_context():
        for person in (people.eve, people.sam):
            visit = services.receive_walk_in(
                people.rosa.actor, patient=person.id, type_code="consultation"
            )
    sam.open("/portal/")
    page = sam.tap("Your number is")
    assert page.says(visit.token)
    assert page.says("1 person is before you")
    assert page.says("about 20 minutes")

    with app.app_context():
        services.call(people.dana.actor, visit_id=visit.id, place="Room 2")

    assert sam.open("/portal/turn").says("Please come to Room 2")
    assert sam.open("/portal/messages").says("your turn")


def test_a_stranger_is_in_no_queue(eve, app, people):
    with app.app_context():
        services.receive_walk_in(people.rosa.actor, patient=people.sam.id, type_code="consultation")

    assert eve.open("/portal/turn").says("You are not in the queue")
    assert not eve.open("/portal/").says("Your number is")


def test_the_code_is_on_the_page_of_todays_visit(sam, booked, people):
    visit = booked(people.sam, "2026-11-23 09:00")
    page = sam.open(f"/portal/appointments/{visit.id}")
    picture = sam.client.get(f"/portal/appointments/{visit.id}/check-in.svg")

    assert page.says("Check in at the clinic")
    assert picture.status_code == 200
    assert picture.mimetype == "image/svg+xml"
    assert b"<svg" in picture.data


def test_there_is_no_code_on_another_day(sam, booked, people):
    visit = booked(people.sam, "2026-11-24 09:00")

    assert not sam.open(f"/portal/appointments/{visit.id}").says("Check in at the clinic")
    assert sam.client.get(f"/portal/appointments/{visit.id}/check-in.svg").status_code == 404


def test_the_code_of_somebody_else_is_not_there(eve, booked, people):
    visit = booked(people.sam, "2026-11-23 09:00")

    assert eve.client.get(f"/portal/appointments/{visit.id}/check-in.svg").status_code == 404
