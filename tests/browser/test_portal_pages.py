"""The portal's pages of the clinic day, the kiosk and the wall: for everybody, in four looks."""

import pytest

from tests.browser.conftest import DESKTOP, PHONE, overflows, sign_in, violations
from tests.factories.student_day import create_student_day
from tests.people import PEOPLE

DENTAL = "/portal/book/dental-cleaning/confirm?at=2026-11-26T00:00:00Z"
OWN = {
    "home": "/portal/",
    "times in classes": "/portal/book/consultation?from=2026-11-23&on=2026-11-24",
    "questions": DENTAL,
    "visit": "/portal/appointments/{visit}",
    "waiting list": "/portal/waitlist",
    "join": "/portal/waitlist/join/consultation",
    "offer": "/portal/waitlist/offers/{offer}",
    "sessions": "/portal/sessions",
    "session": "/portal/sessions/{session}",
    "seat": "/portal/sessions/{seat}",
    "missed": "/portal/missed",
    "reminders": "/portal/reminders",
    "timetable": "/portal/timetable",
    "feed": "/portal/calendar-feed",
    "turn": "/portal/turn",
    "profile": "/portal/profile",
    "your data": "/portal/your-data",
}
PUBLIC = {
    "answer": "{answer}",
    "answer no": "{answer}?say=no",
    "answer over": "/answer/nonsense/",
    "kiosk": "{kiosk}",
    "kiosk gone": "/kiosk/nonsense/",
    "wall": "{display}",
}
LOOKS = [
    pytest.param(PHONE, False, id="phone-light"),
    pytest.param(PHONE, True, id="phone-dark"),
    pytest.param(DESKTOP, False, id="desktop-light"),
    pytest.param(DESKTOP, True, id="desktop-dark"),
]


@pytest.fixture(scope="module")
def day(live):
    """Something to see on every page."""
    with live.app.app_context():
        return create_student_day()


def faults(page, name: str) -> dict[str, list[str]]:
    """What is wrong with the page that is open."""
    found = violations(page) + (["overflow"] if overflows(page) else [])
    return {name: found} if found else {}


def visit_all(page, addresses: dict[str, str], day) -> dict[str, list[str]]:
    """What is wrong with these pages."""
    found = {}
    for name, address in addresses.items():
        page.goto(address.format(**vars(day)))
        found |= faults(page, name)
    return found


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_the_pages_of_a_students_day_are_for_everybody(new_page, day, size, dark):
    page = new_page(size, dark=dark)
    sign_in(page, PEOPLE.sam)

    assert visit_all(page, OWN, day) == {}


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_the_pages_without_signing_in_are_for_everybody(new_page, day, size, dark):
    page = new_page(size, dark=dark)

    found = visit_all(page, PUBLIC, day)
    page.goto(day.kiosk)
    page.get_by_label("Type your university ID").fill(PEOPLE.eve.id)
    page.get_by_role("button", name="I have an appointment").click()
    page.get_by_role("alert").wait_for()
    found |= faults(page, "kiosk refused")
    page.get_by_label("Type your university ID").fill(PEOPLE.eve.id)
    page.get_by_role("button", name="I have no appointment").click()
    page.get_by_role("heading", name="What do you come for?").wait_for()
    found |= faults(page, "kiosk services")
    page.goto(day.kiosk)
    page.get_by_label("Type your university ID").fill(PEOPLE.sam.id)
    page.get_by_role("button", name="I have no appointment").click()
    page.get_by_role("heading", name="Your number").wait_for()
    found |= faults(page, "kiosk ticket")

    assert found == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_pages_after_a_button_are_for_everybody(new_page, day, dark):
    page = new_page(PHONE, dark=dark)
    sign_in(page, PEOPLE.sam)

    page.goto(DENTAL)
    page.get_by_role("radio", name="Yes").check()
    page.get_by_label("Which tooth hurts?").fill("All of them")
    page.get_by_label("I have read this and agree.").check()
    page.get_by_role("button", name="Send the request").click()
    page.get_by_role("heading", name="Call or come now").wait_for()
    found = faults(page, "call now")
    page.goto("/portal/calendar-feed")
    page.get_by_role("button", name="Make").click()
    if page.get_by_role("dialog").is_visible():
        page.locator("#c-confirm [value=yes]").click()
    page.get_by_label("Address", exact=True).wait_for()
    found |= faults(page, "feed address")

    assert found == {}
