"""The kiosk and the wall in a real browser: on a phone's width, and without a reload (SCH-33)."""

import pytest

from app.kernel import clock
from app.visits import services
from app.visits.queries.devices import devices
from app.visits.services.devices import add_device, revoke_device
from tests.browser.conftest import DESKTOP, PHONE, overflows, violations
from tests.factories.scheduling import create_crowd
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
    kiosk.get_by_role("button", name="Consultation").wait_for()
    kiosk.wait_for_load_state()  # before its style sheets no page has its width
    assert not overflows(kiosk)
    kiosk.get_by_role("button", name="Consultation").click()
    kiosk.get_by_text("C-001").wait_for()
    kiosk.wait_for_load_state()
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


# Counts tones instead of playing them.
SILENT_AUDIO = """
window.tones = 0;
window.AudioContext = class {
  currentTime = 0;
  destination = {};
  createOscillator() {
    const start = () => { window.tones += 1; };
    return { frequency: {}, connect: (next) => next, start, stop() {} };
  }
  createGain() {
    const gain = { setValueAtTime() {}, linearRampToValueAtTime() {},
      exponentialRampToValueAtTime() {} };
    return { gain, connect: (next) => next };
  }
};
"""
A_CHIME = 2  # tones


@pytest.fixture
def wall(new_page, address):
    """A wall that counts its tones."""
    page = new_page(DESKTOP)
    page.add_init_script(SILENT_AUDIO)
    page.goto(address("display"))
    return page


def call_somebody(live, patient) -> str:
    """A patient comes and is called; returns the number."""
    with live.app.app_context(), clock.pretend(live.clock.now()):
        visit = services.receive_walk_in(
            PEOPLE.rosa.actor, patient=patient, type_code="vaccination"
        )
        services.call(PEOPLE.neil.actor, visit_id=visit.id, place="Room 4")
    return visit.token


def refreshed(wall) -> None:
    """Let five seconds pass and wait for the fresh board."""
    with wall.expect_response("**/board"):
        wall.clock.run_for(5_100)


def test_the_wall_chimes_once_for_each_new_call(live, wall):
    wall.get_by_role("button", name="Turn the sound on").click()
    assert wall.evaluate("tones") == A_CHIME  # so that one hears that it is on

    token = call_somebody(live, PEOPLE.sam.id)
    refreshed(wall)
    wall.get_by_text(token).wait_for()
    assert wall.evaluate("tones") == 2 * A_CHIME

    refreshed(wall)
    wall.wait_for_function("document.querySelector('[data-calls]').dataset.calls.trim()")
    assert wall.evaluate("tones") == 2 * A_CHIME


def test_the_wall_is_silent_until_somebody_turns_the_sound_on(live, wall):
    with live.app.app_context():
        patient = create_crowd(1)[0]

    token = call_somebody(live, patient)
    refreshed(wall)

    wall.get_by_text(token).wait_for()
    assert wall.evaluate("tones") == 0


def test_the_wall_says_when_the_connection_is_lost_and_when_it_is_back(wall):
    lost = wall.get_by_text("Connection lost. These numbers may be old")
    assert not lost.is_visible()

    wall.route("**/board", lambda route: route.abort())
    wall.clock.run_for(5_100)
    lost.wait_for()
    assert not overflows(wall)
    assert violations(wall) == []

    wall.unroute("**/board")
    refreshed(wall)
    lost.wait_for(state="hidden")


def test_a_wall_whose_address_was_revoked_says_so(live, wall):
    with live.app.app_context():
        for device in devices():
            if device.revoked_at is None:
                revoke_device(PEOPLE.ada.actor, device_id=device.id)

    wall.clock.run_for(5_100)

    wall.get_by_role("heading", name="Not connected").wait_for()


def test_the_kiosk_forgets_a_person_but_not_one_who_is_still_typing(new_page, address):
    kiosk = new_page(PHONE)
    kiosk.goto(address("kiosk"))
    kiosk.get_by_label("Type your university ID").fill("20990000")
    kiosk.get_by_role("button", name="I have an appointment").click()
    alert = kiosk.get_by_role("alert")
    alert.wait_for()
    kiosk.wait_for_load_state()  # the timer begins when the page is whole

    kiosk.clock.run_for(15_000)
    kiosk.keyboard.press("2")
    kiosk.clock.run_for(15_000)
    assert alert.is_visible()

    kiosk.clock.run_for(6_000)
    alert.wait_for(state="detached")
    assert kiosk.get_by_label("Type your university ID").input_value() == ""
