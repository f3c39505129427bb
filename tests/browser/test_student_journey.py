"""A student books on a phone: in four taps, against others, without JavaScript."""

import email
import email.policy

import icalendar
import pytest

from app.kernel import clock
from app.scheduling import services
from app.scheduling.services import Wish
from app.scheduling.services.form_holds import let_go
from tests.browser.conftest import PHONE, overflows, sign_in, sign_in_here, violations
from tests.factories.scheduling import at, create_crowd
from tests.people import PEOPLE


def book_for(live, patient, starts_at, provider=None):
    """Somebody else books at the front desk."""
    with live.app.app_context(), clock.pretend(live.clock.now()):
        wish = Wish(
            type="consultation", starts_at=at(starts_at), provider=provider, patient=patient
        )
        return services.book_appointment(PEOPLE.rosa.actor, wish=wish)


def open_times(page, day="Tuesday"):
    """From the portal's first page to the free times of consultations."""
    page.goto("/portal/")
    page.get_by_role("link", name="Consultation").click()
    page.get_by_role("link", name="Tue 24").click()
    page.get_by_role("heading", name=day).wait_for()


def test_a_student_books_in_four_taps_and_gets_an_invitation(new_page, live):
    page = new_page(PHONE)
    sign_in(page, PEOPLE.sam)

    page.get_by_role("link", name="Consultation").click()  # 1
    page.get_by_role("link", name="Tue 24").click()  # 2
    page.get_by_role("heading", name="Tuesday").wait_for()
    page.get_by_role("link", name="9:00 AM", exact=True).click()  # 3
    page.get_by_role("button", name="Book").click()  # 4

    page.get_by_text("Your appointment is booked.").wait_for()
    assert violations(page) == []
    assert not overflows(page)
    live.run_jobs()
    message = email.message_from_bytes(live.mails()[-1].read_bytes(), policy=email.policy.default)
    part = next(p for p in message.walk() if p.get_content_type() == "text/calendar")
    entry = icalendar.Calendar.from_ical(part.get_payload(decode=True)).walk("VEVENT")[0]
    assert message["To"] == PEOPLE.sam.email
    assert part.get_param("method") == "REQUEST"
    assert entry["DTSTART"].dt == at("2026-11-24 09:00")


def test_the_front_desk_sees_the_visit_on_the_calendar(new_page, live):
    page = new_page()
    sign_in(page, PEOPLE.rosa)

    page.goto("/calendar/?view=day&day=2026-11-24")

    page.get_by_text("Dela Cruz, Sam").first.wait_for()


def test_who_comes_second_gets_other_times_at_once(new_page, live):
    page = new_page(PHONE)
    sign_in(page, PEOPLE.eve)
    open_times(page)
    page.get_by_role("link", name="10:00 AM", exact=True).click()
    page.get_by_text("Held for you until").wait_for()
    page.get_by_label("What is it about?").fill("my knee")
    with live.app.app_context():
        let_go(PEOPLE.eve.actor)  # as if her five minutes were over
        first, second = create_crowd(2)
    for patient, provider in ((first, PEOPLE.dana.id), (second, PEOPLE.dino.id)):
        book_for(live, patient, "2026-11-24 10:00", provider)

    page.get_by_role("button", name="Book").click()

    page.get_by_text("just been taken").first.wait_for()
    assert violations(page) == []
    page.locator("main form button").first.click()
    page.get_by_text("Your appointment is booked.").wait_for()
    page.get_by_text("my knee").wait_for()


def test_a_student_moves_and_cancels(new_page, live):
    page = new_page(PHONE)
    sign_in(page, PEOPLE.sam)
    page.goto("/portal/appointments")
    page.get_by_role("link", name="Consultation").first.click()

    page.get_by_role("link", name="Choose another time").click()
    page.get_by_role("link", name="Wed 25").click()
    page.get_by_role("heading", name="Wednesday").wait_for()
    page.get_by_role("link", name="2:00 PM", exact=True).click()
    page.get_by_role("button", name="Move the appointment").click()
    page.get_by_text("Wednesday, 25 November").first.wait_for()
    page.get_by_role("link", name="Cancel the appointment").click()
    page.get_by_role("button", name="Cancel it").click()

    page.get_by_text("Cancelled").first.wait_for()
    live.run_jobs()
    subjects = [
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)["Subject"]
        for path in live.mails()
    ]
    assert "Your appointment is cancelled" in subjects


def test_booking_works_without_javascript(new_page, live):
    page = new_page(PHONE, javascript=False)
    sign_in(page, PEOPLE.sam)

    page.goto("/portal/book/consultation")
    page.get_by_role("link", name="Thu 26").click()
    page.get_by_role("link", name="3:00 PM", exact=True).click()
    page.get_by_role("button", name="Book").click()

    assert page.get_by_text("Your appointment is booked.").is_visible()


def confirm_page(page, day, time):
    """Eve looks at a time once more, before she presses Book."""
    page.goto("/portal/book/consultation")
    page.get_by_role("link", name=day).click()
    page.get_by_role("link", name=time, exact=True).click()
    page.get_by_role("button", name="Book").wait_for()


def test_a_page_left_open_too_long_is_checked_again(new_page, live):
    page = new_page(PHONE)
    sign_in(page, PEOPLE.eve)
    confirm_page(page, "Mon 23", "8:40 AM")
    before = live.clock.now()
    live.clock.set(at("07:50"))  # less than an hour's notice is left

    try:
        page.get_by_role("button", name="Book").click()

        page.get_by_role("alert").first.wait_for()
        assert not page.get_by_text("Your appointment is booked.").is_visible()
    finally:
        live.clock.set(before)


def test_a_page_left_open_overnight_asks_to_sign_in_again(new_page, live):
    page = new_page(PHONE)
    sign_in(page, PEOPLE.eve)
    confirm_page(page, "Fri 27", "8:00 AM")
    page.get_by_text("Held for you until").wait_for()
    before = live.clock.now()
    live.clock.set(at("2026-11-24 07:50"))

    try:
        page.get_by_role("button", name="Book").click()

        page.get_by_label("E-mail or university ID").wait_for()
        sign_in_here(page, PEOPLE.eve)
        page.get_by_role("button", name="Book").wait_for()
    finally:
        live.clock.set(before)


def test_the_bell_counts_what_is_new_and_reading_empties_it(new_page, live):
    page = new_page(PHONE)
    sign_in(page, PEOPLE.sam)
    page.goto("/portal/messages")

    page.get_by_role("button", name="Mark all as read").click()

    page.goto("/portal/")
    assert page.get_by_text("unread message").count() == 0


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_portal_page_is_for_everybody(new_page, live, dark):
    page = new_page(PHONE, dark=dark)
    sign_in(page, PEOPLE.sam)
    found = {}

    for path in (
        "/portal/",
        "/portal/book",
        "/portal/book/consultation",
        "/portal/book/consultation/confirm?at=2026-11-27T01:00:00Z",
        "/portal/appointments",
        "/portal/appointments?when=past",
        "/portal/messages",
        "/portal/profile",
        "/portal/nothing-here",
    ):
        page.goto(path)
        found[path] = violations(page) + (["overflow"] if overflows(page) else [])

    assert {path: what for path, what in found.items() if what} == {}


def test_a_student_who_asks_for_staff_pages_is_refused_kindly(new_page, live):
    page = new_page(PHONE)
    sign_in(page, PEOPLE.eve)

    answer = page.goto("/appointments/list/")

    assert answer.status == 403
    assert violations(page) == []
