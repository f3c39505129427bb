"""The pages of retention in a real browser, for everybody, and a list that is approved."""

import pytest

from app.kernel import clock
from app.retention import queries, services
from tests.browser.conftest import DESKTOP, PHONE, overflows, sign_in, violations
from tests.factories.patients import create_patient
from tests.factories.retention import LONG_AFTER, drawn_up, open_second_officer, person
from tests.people import PEOPLE

LOOKS = [
    pytest.param(DESKTOP, False, id="desktop-light"),
    pytest.param(PHONE, True, id="phone-dark"),
]


@pytest.fixture(scope="module")
def a_list(live):
    """Three people are due, one of them will be held; the key of the list."""
    with live.app.app_context(), clock.pretend(LONG_AFTER):
        open_second_officer()
    with live.app.app_context():
        with clock.pretend(live.clock.now().replace(year=2010)):
            for number in ("20100001", "20100002", "20100003"):
                create_patient(number, "Somebody", "Of Long Ago", born_on=None)
        with clock.pretend(LONG_AFTER.replace(year=2040)):
            held = person("20100003")
            services.place_hold(
                PEOPLE.pia.actor, patient_id=held, reason="Case 12 of the city court"
            )
            return drawn_up(PEOPLE.ada.actor).id


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_the_pages_of_retention_are_for_everybody(new_page, live, a_list, size, dark):
    page = new_page(size, dark=dark)
    sign_in(page, PEOPLE.pia)

    for path in (
        "/retention/",
        f"/retention/{a_list}/",
        "/retention/holds/",
        "/retention/holds/of/?patient=20100003",
    ):
        page.goto(path)
        assert violations(page) == [], path
        assert not overflows(page), path


def test_the_privacy_officer_approves_after_a_second_look(new_page, live, a_list):
    """RET-02."""
    page = new_page(PHONE)
    sign_in(page, PEOPLE.pia)
    page.goto(f"/retention/{a_list}/")

    page.get_by_role("button", name="Approve the disposal").click()
    page.locator("#c-confirm").get_by_role("button", name="Approve the disposal").click()

    page.get_by_text("You approved the list").wait_for()
    page.get_by_text("One more person must approve").wait_for()
    with live.app.app_context():
        assert queries.known_disposal(a_list).first_approver == "Pia Go"
