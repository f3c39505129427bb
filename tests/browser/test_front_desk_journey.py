"""The front desk in a real browser: two clicks to check in, booking for a patient, the calendar."""

import pytest

from app.kernel import clock
from app.scheduling import services
from app.scheduling.queries import appointments
from app.scheduling.queries.sessions import group_session
from app.scheduling.services import Wish
from tests.browser.conftest import DESKTOP, PHONE, overflows, sign_in, violations
from tests.factories.scheduling import at
from tests.factories.sessions import create_session
from tests.people import PEOPLE


@pytest.fixture(scope="module")
def visits(live):
    """Sam sees Dana at 10:00, Eve sees Dino at 11:00; it is half past seven."""
    with live.app.app_context(), clock.pretend(live.clock.now()):
        return [
            services.book_appointment(
                patient.actor,
                wish=Wish(type="consultation", starts_at=at(when), provider=provider.id),
            ).id
            for patient, provider, when in (
                (PEOPLE.sam, PEOPLE.dana, "10:00"),
                (PEOPLE.eve, PEOPLE.dino, "11:00"),
            )
        ]


def status_of(live, number):
    with live.app.app_context():
        return appointments.known_appointment(number).status.value


def starts_at(live, number):
    with live.app.app_context():
        return appointments.known_appointment(number).starts_at


def test_a_patient_is_checked_in_with_two_clicks(new_page, live, visits):
    page = new_page()
    sign_in(page, PEOPLE.rosa)

    page.get_by_role("listitem").filter(has_text="Dela Cruz, Sam").get_by_role(
        "button", name="Check in"
    ).click()

    page.get_by_role("listitem").filter(has_text="Dela Cruz, Sam").get_by_role(
        "button", name="Start"
    ).wait_for()
    assert status_of(live, visits[0]) == "checked-in"


def test_the_physician_starts_and_completes_the_visit(new_page, live, visits):
    page = new_page()
    sign_in(page, PEOPLE.dana)

    row = page.get_by_role("listitem").filter(has_text="Dela Cruz, Sam")
    row.get_by_role("button", name="Start").first.click()
    complete = page.get_by_role("button", name="Complete").first
    complete.click()
    complete.wait_for(state="hidden")

    assert status_of(live, visits[0]) == "completed"


def test_the_desk_books_for_a_patient_found_as_one_types(new_page, live):
    page = new_page()
    sign_in(page, PEOPLE.rosa)
    page.goto("/appointments/book/")

    page.get_by_role("combobox", name="Patient").press_sequentially("nunez", delay=30)
    page.get_by_role("option", name="Ñuñez").click()
    form = page.locator("form").filter(has=page.get_by_role("combobox", name="Patient")).first
    form.get_by_label("What for").select_option(label="Vaccination (10 min)")
    form.get_by_label("Day").fill("2026-11-25")
    page.get_by_text("9:00 AM", exact=True).first.click()
    page.get_by_text("Kept for this patient until").wait_for()
    page.get_by_role("button", name="Book the visit").click()

    page.wait_for_url(lambda url: "/appointments/book" not in url)
    page.get_by_role("main").get_by_text("Ñuñez").first.wait_for()


def test_why_not_ten_is_answered_in_a_sentence(new_page, live):
    page = new_page()
    sign_in(page, PEOPLE.rosa)
    page.goto("/appointments/book/")

    page.get_by_role("button", name="Explain").click()
    page.wait_for_url(lambda url: "at=" in url)

    answer = page.locator("#why [role=status]").inner_text()
    assert "free" in answer or "visit" in answer, answer


def calendar_event(page, name):
    return page.locator(".ec-event").filter(has_text=name).first


def drag(page, event, *, down):
    """Take the middle of an event and let it go so many pixels further down."""
    box = event.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 11):
        page.mouse.move(x, y + down * step / 10)
    page.mouse.up()


def test_a_visit_is_dragged_to_another_time(new_page, live, visits):
    page = new_page()
    sign_in(page, PEOPLE.rosa)
    page.goto("/calendar/?view=day&day=2026-11-23")
    event = calendar_event(page, "Ñuñez, Eve")
    event.scroll_into_view_if_needed()

    drag(page, event, down=-144)  # an hour is 144 pixels high

    page.get_by_role("button", name="Undo").wait_for()
    with live.app.app_context():
        statuses = [line.to_status for line in appointments.history(visits[1])]
    assert "rescheduled" in statuses


def test_a_refused_move_snaps_back_and_says_why(new_page, live):
    with live.app.app_context(), clock.pretend(live.clock.now()):
        booked = services.book_appointment(
            PEOPLE.sam.actor,
            wish=Wish(
                type="consultation", starts_at=at("2026-11-24 11:40"), provider=PEOPLE.dana.id
            ),
        )
    page = new_page()
    sign_in(page, PEOPLE.rosa)
    page.goto("/calendar/?view=day&day=2026-11-24")
    event = calendar_event(page, "Dela Cruz, Sam")
    event.scroll_into_view_if_needed()

    drag(page, event, down=48)  # into the lunch break

    page.get_by_role("alert").filter(has_text="outside").or_(
        page.get_by_role("alert").filter(has_text="not")
    ).first.wait_for()
    assert starts_at(live, booked.id) == at("2026-11-24 11:40")


def test_a_group_session_stands_in_the_calendar_and_stays_where_it_is(new_page, live):
    with live.app.app_context(), clock.pretend(live.clock.now()):
        key = create_session("2026-11-26 09:00")
    page = new_page()
    sign_in(page, PEOPLE.rosa)
    page.goto("/calendar/?view=day&day=2026-11-26")
    event = calendar_event(page, "Flu vaccination (0/2)")
    event.scroll_into_view_if_needed()

    drag(page, event, down=72)
    for view in ("week", "month"):
        page.goto(f"/calendar/?view={view}&day=2026-11-26")
        calendar_event(page, "Flu vaccination").wait_for()
    page.goto("/calendar/?view=day&day=2026-11-26")
    calendar_event(page, "Flu vaccination").get_by_role("link").click()

    page.wait_for_url(f"**/sessions/{key}/")
    with live.app.app_context():
        assert group_session(key).starts_at == at("2026-11-26 09:00")  # SCH-36


PAGES = {
    PEOPLE.rosa: [
        "/",
        "/calendar/",
        "/calendar/?view=week&day=2026-11-23",
        "/calendar/?view=month&day=2026-11-23",
        "/appointments/list/",
        "/appointments/list/?filter=pending",
        "/appointments/list/?filter=needs-rebooking",
        "/appointments/show/1",
        "/appointments/1/status/?to=cancelled",
        "/appointments/2/move/",
        "/appointments/book/",
        "/day-list/",
        "/queue/",
        "/closing/",
        "/paper/",
        "/paper/enter/",
        "/sessions/",
        "/sessions/add",
        "/waitlist/",
        "/series/",
        "/series/of/?patient=20259001",
        "/outages/",
        "/missed-visits/",
        "/diversions/",
        "/rooms/",
        "/rooms/use/",
        "/resources/list/",
        "/reports/scheduling/",
        "/calendar-feed/",
        "/patients/list/",
        "/patients/add",
        "/patients/show/1",
        "/patients/edit/1",
        "/enrolments/list/",
        "/imports/list/",
        "/imports/new",
        "/schedules/",
        "/schedules/DOC901/",
        "/closures/list/",
        "/closures/add",
        "/messages/",
        "/mail/",
        "/dead-letters/list/",
        "/resetmypassword/form",
        "/nothing-here",
    ],
    PEOPLE.ada: [
        "/",
        "/users/list/",
        "/users/add",
        "/users/show/1",
        "/users/edit/1",
        "/users/userinfo/",
        "/roles/list/",
        "/roles/add",
        "/roles/show/1",
        "/roles/edit/1",
        "/integrity/",
        "/backups/",
        "/backups/restore/",
        "/appointment-types/list/",
        "/appointment-types/add",
        "/appointment-types/edit/1",
        "/providers/list/",
        "/providers/add",
        "/providers/edit/1",
        "/jobs/list/",
        "/screens/",
        "/operations/",
        "/operations/alerts/",
        "/needs/",
        "/questions/",
        "/resetpassword/form?pk=1",
        "/swagger/v1",
    ],
    PEOPLE.pia: [
        "/",
        "/audit/list/",
        "/audit/show/1",
        "/retention/",
        "/retention/holds/",
        "/retention/holds/of/?patient=20259001",
        "/privacy/requests/",
        "/privacy/requests/new/",
        "/privacy/breaches/",
        "/privacy/breaches/new/",
        "/privacy/breaches/year/",
        "/operations/alerts/",
    ],
    PEOPLE.cass: ["/"],
}
LOOKS = [
    pytest.param(DESKTOP, False, id="desktop-light"),
    pytest.param(DESKTOP, True, id="desktop-dark"),
    pytest.param(PHONE, False, id="phone-light"),
]


@pytest.mark.parametrize(("size", "dark"), LOOKS)
@pytest.mark.parametrize("person", PAGES, ids=lambda person: person.first_name)
def test_every_staff_page_is_for_everybody(new_page, live, visits, person, size, dark):
    page = new_page(size, dark=dark)
    sign_in(page, person)
    found = {}

    for path in PAGES[person]:
        answer = page.goto(path)
        what = violations(page) + (["overflow"] if overflows(page) else [])
        if answer.status >= 500 or (answer.status >= 400 and path != "/nothing-here"):
            what.append(f"status {answer.status}")
        found[path] = what

    assert {path: what for path, what in found.items() if what} == {}
