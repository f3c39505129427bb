"""A clinic day in a real browser: walk-ins, visits, the queue, a sudden absence, a class (SCH-33).

The tests of this file are one day and run in their order; the clock is pushed between them.
"""

import pytest

from app.kernel import clock
from app.kernel.actor import Channel, system_actor
from app.kernel.clock import clinic_day
from app.scheduling import services
from app.scheduling.queries import appointments, sessions
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from app.visits import queries
from app.visits import services as visits
from tests.browser.conftest import PHONE, sign_in
from tests.factories.scheduling import MANILA, at, create_crowd
from tests.factories.sessions import create_session
from tests.people import PEOPLE

CLASS = 40
TODAY = at("09:00").date()
WHOLE_DAY = clinic_day(TODAY, MANILA)


@pytest.fixture(scope="module")
def crowd(live):
    """The students of the day that need no account."""
    with live.app.app_context(), clock.pretend(live.clock.now()):
        return create_crowd(CLASS + 2)


@pytest.fixture(scope="module")
def booked(live, crowd):
    """Two students see Dana later in the morning."""
    with live.app.app_context(), clock.pretend(live.clock.now()):
        return [
            services.book_appointment(
                PEOPLE.rosa.actor,
                wish=Wish(
                    type="consultation",
                    starts_at=at(when),
                    provider=PEOPLE.dana.id,
                    patient=patient,
                ),
            ).id
            for patient, when in zip(crowd[CLASS:], ("10:20", "11:00"), strict=True)
        ]


@pytest.fixture(scope="module")
def vaccination(live):
    """A session of the afternoon with a seat for everybody in the class."""
    with live.app.app_context(), clock.pretend(live.clock.now()):
        return create_session("2026-11-23 13:00", capacity=CLASS)


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


def test_dana_falls_ill_and_her_visits_are_moved(new_page, live, booked):
    live.clock.set(at("10:00"))
    page = new_page()
    sign_in(page, PEOPLE.rosa)
    page.goto("/outages/")

    page.get_by_label("Who is out").select_option(PEOPLE.dana.id)
    page.get_by_label("From").fill("2026-11-23T10:00")
    page.get_by_label("Until").fill("2026-11-23T17:00")
    page.get_by_role("button", name="Show affected visits").click()
    page.get_by_text("Affected visits of").wait_for()
    assert page.get_by_role("checkbox", name="Move to").count() == len(booked)
    page.get_by_role("button", name="Apply").click()
    page.locator("#c-confirm").get_by_role("button", name="Apply").click()

    page.get_by_text("Everybody affected is told").wait_for()
    with live.app.app_context():
        statuses = {appointments.known_appointment(key).status.value for key in booked}
    assert statuses == {"rescheduled"}


def test_a_class_is_seated_by_its_list(new_page, live, crowd, vaccination):
    page = new_page()
    sign_in(page, PEOPLE.rosa)
    page.goto(f"/sessions/{vaccination}/")

    page.get_by_label("A class list").fill("\n".join(crowd[:CLASS]))
    page.get_by_role("button", name="Try the list first").click()
    page.get_by_role("button", name="Book those who get a seat").click()
    page.get_by_text("What became of the list").wait_for()

    assert page.locator(".c-tile").filter(has_text="Seats").inner_text().endswith("40 of 40")
    assert number_on(page, "Expected") == CLASS


def test_attendance_is_marked_and_the_session_ended(new_page, live, vaccination):
    live.clock.set(at("13:30"))
    page = new_page()
    sign_in(page, PEOPLE.neil)
    page.goto(f"/sessions/{vaccination}/")

    page.get_by_role("button", name="Came").first.click()
    page.locator(".c-tile").filter(has_text="Came").get_by_text("1", exact=True).wait_for()
    page.get_by_role("button", name="End the session").click()
    page.locator("#c-confirm").get_by_role("button", name="End the session").click()

    page.get_by_text("The session is done.").wait_for()
    with live.app.app_context():
        marks = [seat.status.value for seat in sessions.seats_of(vaccination)]
    assert sorted(marks) == ["attended"] + ["missed"] * (CLASS - 1)


def test_the_dashboard_agrees_with_the_day(new_page, live, crowd):
    with live.app.app_context(), clock.pretend(live.clock.now()):
        visits.receive_walk_in(PEOPLE.rosa.actor, patient=crowd[0], type_code="consultation")
    page = new_page()
    sign_in(page, PEOPLE.rosa)

    counted = numbers(live)
    with live.app.app_context():
        expected = appointments.counts_by_status(WHOLE_DAY)

    assert number_on(page, "Waiting") == counted["waiting"] == 1
    assert number_on(page, "In progress") == counted["in_progress"] == 0
    assert number_on(page, "Seen") == counted["seen"] == 2
    assert number_on(page, "Walk-ins") == counted["walk_ins"] == 2
    assert number_on(page, "Still to come") == expected.get(AppointmentStatus.CONFIRMED, 0)
    assert expected[AppointmentStatus.COMPLETED] == 1
    assert expected[AppointmentStatus.RESCHEDULED] == 2


def test_the_day_is_closed_and_the_next_one_starts_empty(new_page, live):
    live.clock.set(at("2026-11-24 07:30"))
    with live.app.app_context(), clock.pretend(live.clock.now()):
        assert visits.close_queues(system_actor(Channel.WORKER)) == 1
    page = new_page()
    sign_in(page, PEOPLE.rosa)

    assert [number_on(page, label) for label in ("Waiting", "Seen", "Walk-ins")] == [0, 0, 0]
    assert numbers(live) == {"waiting": 0, "in_progress": 0, "seen": 2, "left": 1, "walk_ins": 2}
