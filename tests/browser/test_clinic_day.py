"""A clinic day in a real browser: walk-ins, visits, the queue, a sudden absence, a class (SCH-33).

The tests of this file are one day and run in their order; the clock is pushed between them.
"""

import pytest

from app.kernel import clock
from app.visits import queries
from tests.browser.conftest import PHONE, sign_in
from tests.factories.scheduling import at, create_crowd
from tests.people import PEOPLE

CLASS = 40
TODAY = at("09:00").date()


@pytest.fixture(scope="module")
def crowd(live):
    """The students of the day that need no account."""
    with live.app.app_context(), clock.pretend(live.clock.now()):
        return create_crowd(CLASS + 3)


def number_on(page, label):
    """What a tile says."""
    tile = page.locator(".c-tile").filter(has_text=label)
    return int(tile.locator(".c-tile__value").inner_text())


def numbers(live):
    """The day as the database counts it."""
    with live.app.app_context():
        return queries.numbers_of(TODAY)


def row_of(page, text):
    """The line of a list that names somebody."""
    return page.get_by_role("listitem").filter(has_text=text)


def test_a_student_books_today_in_the_portal(new_page, live):
    page = new_page(PHONE)
    sign_in(page, PEOPLE.sam)

    page.goto("/portal/book/consultation")
    page.get_by_role("link", name="Mon 23").click()
    page.get_by_role("heading", name="Monday").wait_for()
    page.get_by_role("link", name="8:40 AM", exact=True).click()
    page.get_by_role("button", name="Book").click()

    page.get_by_text("Your appointment is booked.").wait_for()


def test_the_desk_gives_a_walk_in_a_number(new_page, live, crowd):
    live.clock.set(at("08:05"))
    page = new_page()
    sign_in(page, PEOPLE.rosa)
    page.goto("/queue/")

    page.get_by_role("combobox", name="Patient").press_sequentially("nunez", delay=30)
    page.get_by_role("option", name="Ñuñez").click()
    page.get_by_label("Service").select_option(label="Consultation")
    page.get_by_role("button", name="Give a number").click()

    page.get_by_text("has the number C-001").wait_for()
    row_of(page, "C-001").first.wait_for()
    assert number_on(page, "Walk-ins") == 1


def test_the_desk_checks_the_student_in_with_two_clicks(new_page, live):
    live.clock.set(at("08:35"))
    page = new_page()
    sign_in(page, PEOPLE.rosa)

    page.locator("a.c-tile").filter(has_text="Waiting").click()  # 1
    row_of(page, "Dela Cruz, Sam").get_by_role("button", name="Check in").click()  # 2

    row_of(page, "C-002").first.wait_for()
    assert numbers(live)["waiting"] == 2


@pytest.mark.parametrize("token", ["C-001", "C-002"])
def test_the_physician_calls_starts_and_completes(new_page, live, token):
    before = numbers(live)["seen"]
    page = new_page()
    sign_in(page, PEOPLE.dana)
    page.goto("/queue/")

    page.get_by_label("Call to").fill("Room 2")
    page.get_by_role("button", name="Call next").click()
    page.get_by_role("button", name="Start").click()
    page.get_by_role("button", name="Complete").click()

    page.get_by_role("button", name="Complete").wait_for(state="detached")
    assert numbers(live)["seen"] == before + 1


def test_the_dashboard_agrees_with_the_day(new_page, live):
    page = new_page()
    sign_in(page, PEOPLE.rosa)

    counted = numbers(live)

    assert number_on(page, "Waiting") == counted["waiting"] == 0
    assert number_on(page, "Seen") == counted["seen"] == 2
    assert number_on(page, "Walk-ins") == counted["walk_ins"] == 1
