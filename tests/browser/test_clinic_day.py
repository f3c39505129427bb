"""A clinic day in a real browser: walk-ins, visits, the queue, a sudden absence, a class (SCH-33).

The tests of this file are one day and run in their order; the clock is pushed between them.
A receptionist, a nurse, two physicians and students walk it.
"""

import pytest

from app.kernel import clock
from app.kernel.actor import Channel, system_actor
from app.kernel.clock import clinic_day
from app.scheduling import services
from app.scheduling.queries import appointments, sessions
from app.scheduling.rules import AppointmentStatus
from app.scheduling.services import Wish
from app.visits import services as visits
from tests.browser.conftest import DESKTOP, PHONE, confirm, follow, overflows, sign_in, violations
from tests.browser.day import TODAY, line_of, mails, number_on, numbers, open_queue, row_of, step
from tests.factories.scheduling import MANILA, at, create_crowd
from tests.factories.sessions import create_session
from tests.people import PEOPLE

CLASS = 40
WHOLE_DAY = clinic_day(TODAY, MANILA)
A = AppointmentStatus


@pytest.fixture(scope="module")
def crowd(live):
    """The students of the day that need no account: a class, and six who come alone."""
    with live.app.app_context(), clock.pretend(live.clock.now()):
        return create_crowd(CLASS + 6)


@pytest.fixture(scope="module")
def booked(live, crowd):
    """Three students see Dana from ten on, and Sam has a time with Dino that he will miss."""
    dana, dino = PEOPLE.dana.id, PEOPLE.dino.id
    wanted = {
        "eve": (PEOPLE.eve.id, "10:20", dana),
        "absent": (crowd[CLASS], "11:00", dana),
        "to call": (crowd[CLASS + 1], "14:00", dana),
        "sam": (PEOPLE.sam.id, "11:20", dino),
    }
    with live.app.app_context(), clock.pretend(live.clock.now()):
        return {
            name: services.book_appointment(
                PEOPLE.rosa.actor,
                wish=Wish(
                    type="consultation", starts_at=at(when), provider=provider, patient=patient
                ),
            ).id
            for name, (patient, when, provider) in wanted.items()
        }


@pytest.fixture(scope="module")
def vaccination(live):
    """A session of the afternoon: a seat for everybody in the class, and two stations."""
    stations = ("Registration", "Injection")
    with live.app.app_context(), clock.pretend(live.clock.now()):
        return create_session("2026-11-23 13:00", capacity=CLASS, stations=stations)


def statuses(live, booked):
    """What became of the visits of the morning."""
    with live.app.app_context():
        return {key: appointments.known_appointment(booked[key]).status for key in booked}


def test_the_desk_opens_the_day(new_page, live, booked, vaccination):
    page = new_page()
    sign_in(page, PEOPLE.rosa)

    assert number_on(page, "Still to come") == len(booked)
    labels = ("Waiting", "In progress", "Seen", "Walk-ins", "No-shows", "To rebook")
    assert [number_on(page, label) for label in labels] == [0] * 6


def test_a_student_books_today_in_the_portal_and_gets_a_mail(new_page, live):
    page = new_page(PHONE)
    sign_in(page, PEOPLE.sam)

    page.goto("/portal/book/consultation")
    page.get_by_role("link", name="Mon 23").click()
    page.get_by_role("heading", name="Monday").wait_for()
    slot = {"name": "8:40 AM", "exact": True}
    page.get_by_role("link", **slot).or_(page.get_by_role("button", **slot)).first.click()
    page.get_by_role("button", name="Book").click()

    page.get_by_text("Your appointment is booked.").wait_for()
    assert (PEOPLE.sam.email, "Your appointment is confirmed") in mails(live)


def test_the_desk_gives_a_walk_in_a_number(new_page, live, crowd):
    live.clock.set(at("08:05"))
    page = open_queue(new_page, PEOPLE.rosa)

    page.get_by_role("combobox", name="Patient").press_sequentially("nunez", delay=30)
    page.get_by_role("option", name="Ñuñez").click()
    page.get_by_label("Service").select_option(label="Consultation")
    follow(page, page.get_by_role("button", name="Give a number"))

    page.get_by_text("has the number C-001").wait_for()
    row_of(page, "C-001").wait_for()
    assert number_on(page, "Walk-ins") == 1


def test_the_desk_checks_the_student_in_with_two_clicks(new_page, live):
    live.clock.set(at("08:35"))
    page = new_page()
    sign_in(page, PEOPLE.rosa)

    follow(page, page.locator("a.c-tile").filter(has_text="Waiting"))  # 1
    row = page.get_by_role("listitem").filter(has_text="Dela Cruz, Sam").filter(has_text="8:40")
    follow(page, row.get_by_role("button", name="Check in"))  # 2

    row_of(page, "C-002").wait_for()
    assert numbers(live)["waiting"] == 2


def test_more_walk_ins_come(live, crowd):
    with live.app.app_context(), clock.pretend(live.clock.now()):
        tokens = [
            visits.receive_walk_in(
                PEOPLE.rosa.actor, patient=patient, type_code="consultation"
            ).token
            for patient in crowd[CLASS + 2 :]
        ]

    assert tokens == ["C-003", "C-004", "C-005", "C-006"]
    assert line_of(live) == ["C-001", "C-003", "C-004", "C-005", "C-006", "C-002"]


def test_the_nurse_calls_the_next_and_the_student_sees_where_to_go(new_page, live):
    page = open_queue(new_page, PEOPLE.neil)

    page.get_by_label("Call to").fill("Room 1")
    follow(page, page.get_by_role("button", name="Call next"))

    page.get_by_text("called to Room 1").wait_for()
    phone = new_page(PHONE)
    sign_in(phone, PEOPLE.eve)
    phone.goto("/portal/turn/")
    phone.get_by_text("C-001").first.wait_for()
    phone.get_by_text("Please come to Room 1").wait_for()


def test_who_does_not_come_is_skipped_and_goes_behind_the_next_three(new_page, live):
    page = open_queue(new_page, PEOPLE.neil)

    with page.expect_navigation():
        step(page, "C-001", "Skip")

    assert line_of(live) == ["C-003", "C-004", "C-005", "C-001", "C-006", "C-002"]


def test_who_is_at_the_laboratory_is_on_hold_and_comes_back(new_page, live):
    page = open_queue(new_page, PEOPLE.neil)

    with page.expect_navigation():
        step(page, "C-003", "Hold")
    assert "C-003" not in line_of(live)
    follow(page, row_of(page, "C-003").get_by_role("button", name="Back from hold").first)

    assert line_of(live)[0] == "C-003"


def test_the_nurse_transfers_a_patient_to_herself_and_lets_another_go_first(new_page, live):
    page = open_queue(new_page, PEOPLE.neil)

    follow(page, page.get_by_role("link", name="Visit C-004"))
    assert violations(page) == []
    page.get_by_label("Service and provider").select_option(
        label="Vaccination: Neil Abellana",
    )
    follow(page, page.get_by_role("button", name="Transfer"))
    follow(page, page.get_by_role("link", name="Visit C-006"))
    page.get_by_label("Priority").select_option(label="Urgent")
    page.get_by_label("Why this patient goes first").fill("high fever")
    follow(page, page.get_by_role("button", name="Save the priority"))

    assert line_of(live, "vaccination") == ["C-004"]
    assert line_of(live)[0] == "C-006"


def test_somebody_left_without_being_seen_and_is_brought_back(new_page, live):
    page = open_queue(new_page, PEOPLE.rosa)

    step(page, "C-005", "Left")
    confirm(page, "Left")
    assert number_on(page, "Left") == 1
    with page.expect_navigation():
        step(page, "C-005", "Bring back")

    assert number_on(page, "Left") == 0
    assert "C-005" in line_of(live)


@pytest.mark.parametrize(
    ("who", "token"),
    [("dana", "C-006"), ("dana", "C-003"), ("dana", "C-005"), ("neil", "C-004")],
)
def test_whose_turn_it_is_is_called_started_and_completed(new_page, live, who, token):
    """C-006 is urgent; C-001 was skipped and waits; the nurse vaccinates C-004."""
    before = numbers(live)["seen"]
    page = open_queue(new_page, getattr(PEOPLE, who))
    form = page.locator("section").filter(
        has=page.get_by_role("heading", name="Vaccination" if who == "neil" else "Consultation")
    )

    form.get_by_label("Call to").fill("Room 2")
    follow(page, form.get_by_role("button", name="Call next"))
    follow(page, row_of(page, token).get_by_role("button", name="Start").first)
    follow(page, row_of(page, token).get_by_role("button", name="Complete").first)

    assert numbers(live)["seen"] == before + 1


def plan_absence(page):
    """Rosa takes Dana out from ten on; the visit at two has to be called about."""
    page.goto("/outages/")
    page.get_by_label("Who is out").select_option(PEOPLE.dana.id)
    page.get_by_label("From").fill("2026-11-23T10:00")
    page.get_by_label("Until").fill("2026-11-23T17:00")
    follow(page, page.get_by_role("button", name="Show affected visits"))
    moves = page.get_by_role("checkbox", name="Move to")
    assert moves.count() == 3
    moves.nth(2).uncheck()
    page.get_by_role("button", name="Apply").click()
    confirm(page, "Apply")
    page.get_by_text("Everybody affected is told").wait_for()


def test_dana_falls_ill_and_her_visits_are_moved(new_page, live, booked):
    live.clock.set(at("10:00"))
    page = new_page()
    sign_in(page, PEOPLE.rosa)

    plan_absence(page)

    became = statuses(live, booked)
    assert (became["eve"], became["absent"]) == (A.RESCHEDULED, A.RESCHEDULED)
    assert became["to call"] is A.CONFIRMED
    assert (PEOPLE.eve.email, "Your appointment has changed") in mails(live)


def test_the_call_list_is_shown_and_printed(new_page, live, crowd):
    page = new_page()
    sign_in(page, PEOPLE.rosa)
    page.goto("/outages/")
    follow(page, page.get_by_role("link", name="Dana Villamor"))
    name = f"Number {crowd[CLASS + 1]}"

    assert page.get_by_role("heading", name="Call list").is_visible()
    assert row_of(page, name).is_visible()
    page.emulate_media(media="print")
    assert row_of(page, name).is_visible()
    assert page.get_by_text("shred after use").is_visible()
    assert not page.get_by_role("button", name="Called").is_visible()
    assert not page.get_by_role("button", name="Undo").is_visible()


def test_the_absence_is_undone_and_applied_once_more(new_page, live, booked, crowd):
    page = new_page()
    sign_in(page, PEOPLE.rosa)
    page.goto("/outages/")
    follow(page, page.get_by_role("link", name="Dana Villamor"))

    page.get_by_role("button", name="Undo").click()
    confirm(page, "Undo")
    page.get_by_text("Undone: the provider is here.").wait_for()
    assert visits_at(live, "10:20") == {PEOPLE.dana.id}
    plan_absence(page)
    assert visits_at(live, "10:20") == {PEOPLE.dino.id}
    item = row_of(page, f"Number {crowd[CLASS + 1]}")
    item.get_by_label("What came of the call").fill("Comes tomorrow")
    follow(page, item.get_by_role("button", name="Called"))

    page.get_by_text("Comes tomorrow").wait_for()


def visits_at(live, when):
    """Whom the confirmed visits of a time are with."""
    with live.app.app_context():
        found = appointments.appointments_between(WHOLE_DAY, statuses=(A.CONFIRMED,))
    return {one.provider for one in found if one.starts_at == at(when)}


def test_a_moved_student_is_seen_by_the_other_physician(new_page, live):
    """Eve has waited with C-001 in vain; the desk ends that and checks her visit in."""
    live.clock.set(at("10:15"))
    page = open_queue(new_page, PEOPLE.rosa)
    step(page, "C-001", "Left")
    confirm(page, "Left")
    expected = page.get_by_role("listitem").filter(has_text="Ñuñez, Eve").filter(has_text="10:20")
    follow(page, expected.get_by_role("button", name="Check in"))

    page = open_queue(new_page, PEOPLE.dino)
    row = page.get_by_role("listitem").filter(has_text="C-007")
    follow(page, row.get_by_role("button", name="Call").first)
    follow(page, row.get_by_role("button", name="Start").first)
    follow(page, row.get_by_role("button", name="Complete").first)

    assert numbers(live)["seen"] == 5


def test_a_class_is_seated_by_its_list(new_page, live, crowd, vaccination):
    page = new_page()
    sign_in(page, PEOPLE.rosa)
    page.goto(f"/sessions/{vaccination}/")

    page.get_by_label("A class list").fill("\n".join(crowd[:CLASS]))
    follow(page, page.get_by_role("button", name="Try the list first"))
    follow(page, page.get_by_role("button", name="Book those who get a seat"))
    page.get_by_text("What became of the list").wait_for()

    assert page.locator(".c-tile").filter(has_text="Seats").inner_text().endswith("40 of 40")
    assert number_on(page, "Expected") == CLASS


def test_the_nurse_marks_stations_and_ends_one_student_after_the_other(new_page, live, vaccination):
    live.clock.set(at("13:30"))
    page = new_page()
    sign_in(page, PEOPLE.neil)
    page.goto(f"/sessions/{vaccination}/")

    first, second = page.locator("tbody tr").nth(0), page.locator("tbody tr").nth(1)
    follow(page, first.get_by_role("button", name="Passed"))  # registration
    follow(page, first.get_by_role("button", name="Passed"))  # injection
    follow(page, second.get_by_role("button", name="Came"))

    assert number_on(page, "Came") == 2
    with live.app.app_context():
        passed = [seat.passed for seat in sessions.seats_of(vaccination)]
    assert passed[:2] == [(1, 2), ()]


def test_the_day_is_not_closed_while_somebody_is_with_a_provider(new_page, live, crowd):
    live.clock.set(at("17:00"))
    page = open_queue(new_page, PEOPLE.dino)
    follow(page, row_of(page, "C-002").get_by_role("button", name="Call").first)
    follow(page, row_of(page, "C-002").get_by_role("button", name="Start").first)
    with live.app.app_context(), clock.pretend(live.clock.now()):
        visits.receive_walk_in(PEOPLE.rosa.actor, patient=crowd[0], type_code="consultation")

    page = open_queue(new_page, PEOPLE.rosa)
    follow(page, page.get_by_role("link", name="Close the day"))

    assert page.get_by_role("heading", name="With a provider").is_visible()
    assert page.get_by_role("button", name="Close the day").count() == 0
    follow(page, row_of(page, "C-002").get_by_role("button", name="Complete"))
    assert page.get_by_role("heading", name="With a provider").count() == 0


def test_the_queue_renews_itself_and_that_is_no_activity(new_page):
    """SEC-06."""
    page = open_queue(new_page, PEOPLE.neil)

    with page.expect_request("**/queue/") as asked:
        page.clock.run_for(21_000)

    assert asked.value.headers["x-background"] == "1"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_queue_and_closing_fit_every_screen(new_page, size):
    page = open_queue(new_page, PEOPLE.neil, size)
    assert (violations(page), overflows(page)) == ([], False)
    page.get_by_role("button", name="More for C-008").click()
    assert not overflows(page)
    page.goto("/closing/")
    assert (violations(page), overflows(page)) == ([], False)


def test_the_queue_can_be_renewed_without_javascript(new_page):
    page = new_page(PHONE, javascript=False)
    sign_in(page, PEOPLE.neil)
    page.goto("/queue/")

    page.get_by_role("link", name="Refresh").click()
    page.get_by_role("link", name="Visit C-008").click()

    assert page.get_by_role("button", name="Save the priority").is_visible()
    assert not overflows(page)


def test_the_nurse_closes_the_day(new_page, live, booked, vaccination):
    page = new_page()
    sign_in(page, PEOPLE.neil)
    follow(page, page.get_by_role("link", name="Close the day"))
    headings = ("Still waiting", "Did not come", "Sessions that are over", "To rebook")
    assert [page.get_by_role("heading", name=name).count() for name in headings] == [1] * 4

    page.get_by_role("button", name="Close the day").click()
    confirm(page, "Close the day")

    said = "1 patient left without being seen, 2 visits missed, 1 session ended."
    page.get_by_text(f"The day is closed: {said}").wait_for()
    page.get_by_text("Nothing is left to close").wait_for()
    assert statuses(live, booked)["sam"] is A.NO_SHOW
    with live.app.app_context():
        marks = sorted(seat.status.value for seat in sessions.seats_of(vaccination))
    assert marks == ["attended"] * 2 + ["missed"] * (CLASS - 2)
    assert (PEOPLE.sam.email, "We missed you") in mails(live)


def test_the_dashboard_agrees_with_the_day(new_page, live):
    page = new_page()
    sign_in(page, PEOPLE.rosa)

    counted = numbers(live)
    with live.app.app_context():
        became = appointments.counts_by_status(WHOLE_DAY)

    assert counted == {"waiting": 0, "in_progress": 0, "seen": 6, "left": 2, "walk_ins": 6}
    assert number_on(page, "Waiting") == number_on(page, "In progress") == 0
    assert number_on(page, "Seen") == 6
    assert number_on(page, "Walk-ins") == 6
    assert number_on(page, "No-shows") == became[A.NO_SHOW] == 2
    assert number_on(page, "To rebook") == number_on(page, "Still to come") == 1
    assert became[A.COMPLETED] == 2


def test_nothing_is_left_for_the_night_and_the_next_day_starts_empty(new_page, live):
    live.clock.set(at("2026-11-24 07:30"))
    with live.app.app_context(), clock.pretend(live.clock.now()):
        assert visits.close_queues(system_actor(Channel.WORKER)) == 0
    page = new_page()
    sign_in(page, PEOPLE.rosa)

    labels = ("Waiting", "In progress", "Seen", "Walk-ins", "No-shows")
    assert [number_on(page, label) for label in labels] == [0] * 5
