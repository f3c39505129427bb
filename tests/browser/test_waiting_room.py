"""The kiosk and the wall in a real browser: on a phone's width, and without a reload (SCH-33)."""

import pytest

from app.kernel import clock
from app.visits import services
from app.visits.services.devices import add_device
from tests.browser.conftest import DESKTOP, PHONE, overflows, violations
from tests.people import PEOPLE


@pytest.fixture
def address(live):
    """Adds a screen and gives its address."""

    def add(kind: str) -> str:
        with live.app.app_context():
            return add_device(PEOPLE.ada.actor, kind=kind, name="Door").path

    return add


def test_a_walk_in_takes_a_number_and_the_wall_calls_it(live, new_page, address):
    kiosk = new_page(PHONE)
    kiosk.goto(address("kiosk"))
    assert violations(kiosk) == []
    assert not overflows(kiosk)
    kiosk.get_by_label("Type your university ID").fill(PEOPLE.eve.id)
    kiosk.get_by_role("button", name="I have no appointment").click()
    assert not overflows(kiosk)
    kiosk.get_by_role("button", name="Consultation").click()
    kiosk.get_by_text("C-001").wait_for()
    assert not overflows(kiosk)

    wall = new_page(DESKTOP)
    wall.goto(address("display"))
    wall.get_by_role("button", name="Turn the sound on").click()
    with live.app.app_context(), clock.pretend(live.clock.now()):
        services.call_next(PEOPLE.dana.actor, type_code="consultation", place="Room 2")
    wall.clock.run_for(5_100)

    wall.get_by_text("Room 2").wait_for()
    assert not overflows(wall)
    assert violations(wall) == []
