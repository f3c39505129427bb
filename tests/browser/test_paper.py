"""Entering a paper form in a real browser, on a phone, with axe looking at each step (SCH-33)."""

import re

import pytest

from app.infra.db import transaction
from app.kernel import clock
from app.visits.services.paper import draw_numbers, void_number
from tests.browser.conftest import PHONE, follow, overflows, sign_in, violations
from tests.factories.scheduling import SYSTEM
from tests.people import PEOPLE


@pytest.fixture
def forms(live):
    """Three forms were printed, and one of them was not used; gives the first number."""
    with live.app.app_context(), clock.pretend(live.clock.now()):
        with transaction() as tx:
            today = clock.now().date()
            first = draw_numbers(tx, SYSTEM, kind="desk", count=3, for_date=today)
        void_number(SYSTEM, number=str(first + 2))
    return str(first)


def check(page):
    """Everybody can use the page, at any width; the bar at its top covers half a field else."""
    page.evaluate("window.scrollTo(0, 0)")
    assert violations(page) == []
    assert not overflows(page)


def test_a_form_is_typed_in_and_found_in_the_list(new_page, forms):
    page = new_page(PHONE)
    sign_in(page, PEOPLE.rosa)
    page.goto("/paper/")
    check(page)
    page.get_by_text("0 of 3 entered, 1 void").wait_for()

    follow(page, page.get_by_role("link", name="Enter a form"))
    page.get_by_label("Number on the form").fill(forms)
    page.get_by_role("combobox", name="Patient").press_sequentially("nunez", delay=30)
    page.get_by_role("option", name=re.compile("Ñuñez")).click()
    check(page)
    follow(page, page.get_by_role("button", name="Next"))
    page.get_by_label("Service of a walk-in").select_option(label="Consultation")
    page.get_by_label("Provider").select_option(PEOPLE.dana.id)
    for field, time in (("Arrived at", "06:40"), ("Started at", "06:50"), ("Ended", "06:45")):
        page.get_by_label(field).fill(time)
    page.get_by_label("Filled in by").fill("Nurse Neil")
    follow(page, page.get_by_role("button", name="Enter the form"))

    page.get_by_text("The visit cannot end before it began.").wait_for()
    check(page)
    page.get_by_label("Ended").fill("07:00")
    follow(page, page.get_by_role("button", name="Enter the form"))
    page.get_by_text(re.compile("This form was printed|was entered")).first.wait_for()
    page.goto("/paper/")
    check(page)
    page.get_by_text("1 of 3 entered, 1 void").wait_for()
