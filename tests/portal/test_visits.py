"""One's own visits: lists, details, giving one up, the entry for a calendar."""

import pytest
from icalendar import Calendar

from app.kernel import clock
from app.scheduling.rules import AppointmentStatus
from tests.factories.scheduling import at
from tests.web.scheduling import set_status

TOMORROW_NINE = "2026-11-24 09:00"


def address(visit) -> str:
    """The page of one visit."""
    return f"/portal/appointments/{visit.id}"


def test_the_next_visit_stands_on_the_first_page(sam, booked, people):
    visit = booked(people.sam, TOMORROW_NINE, provider=people.dana.id)

    page = sam.open("/portal/")

    assert page.says("Tomorrow 9:00 AM Consultation with Dana Villamor")
    assert page.link("Add to calendar") == f"{address(visit)}/calendar.ics"
    assert page.link("Reschedule") == f"{address(visit)}/move"
    assert page.link("Cancel") == f"{address(visit)}/cancel"


def test_upcoming_and_past_visits_are_kept_apart(app, sam, booked, people):
    booked(people.sam, TOMORROW_NINE)
    old = booked(people.sam, "2026-11-25 10:00")
    set_status(app, people.sam, old, "cancelled")

    upcoming = sam.open("/portal/appointments")
    past = sam.tap("Past")

    assert upcoming.says("Tomorrow, 9:00 AM")
    assert not upcoming.says("Wed 25 Nov")
    assert past.says("Wed 25 Nov, 10:00 AM Cancelled")


def test_long_lists_have_pages(app, sam, booked, people):
    for _ in range(11):
        visit = booked(people.sam, TOMORROW_NINE)
        set_status(app, people.sam, visit, "cancelled")

    first = sam.open("/portal/appointments?when=past")
    second = sam.tap("Older")

    assert first.html.count('class="c-visit"') == 10
    assert second.html.count('class="c-visit"') == 1
    assert second.link("Newer") == "/portal/appointments?when=past&page=1"


@pytest.mark.parametrize(
    ("page", "status"), [("0", 404), ("2", 404), ("1001", 404), ("9" * 40, 404), ("one", 400)]
)
def test_pages_that_do_not_exist_are_not_found(sam, page, status):
    assert sam.open(f"/portal/appointments?page={page}").status == status


def test_the_history_is_told_in_plain_words(app, sam, booked, people):
    visit = booked(people.sam, "2026-11-24 09:00", type="dental-cleaning")
    set_status(app, people.rosa, visit, "declined", reason="The dentist is away.")

    page = sam.open(address(visit))

    assert page.says("The clinic could not accept your request The dentist is away.")
    assert page.says("You asked for this visit")
    assert not page.says("Peñaflor")


def test_what_staff_book_on_behalf_is_said_to_be_theirs(app, sam, booked, people):
    visit = booked(people.rosa, TOMORROW_NINE, patient=people.sam.id)

    page = sam.open(address(visit))

    assert page.says("The clinic booked this visit for you")


def test_a_visit_is_given_up_after_a_second_question(sam, booked, people):
    visit = booked(people.sam, TOMORROW_NINE)
    sam.open(address(visit))

    asked = sam.tap("Cancel the appointment")
    page = sam.send("Cancel it", reason="I am well again")

    assert asked.says("Cancel this appointment?")
    assert page.says("Your appointment is cancelled.")
    assert page.says("You cancelled this visit I am well again")
    assert page.link("Book a visit") == "/portal/book"


def test_looking_at_the_question_gives_nothing_up(sam, booked, people):
    visit = booked(people.sam, TOMORROW_NINE)

    sam.open(f"{address(visit)}/cancel")

    assert sam.open(address(visit)).says("Confirmed")


def test_giving_up_twice_is_one_cancellation(sam, booked, people):
    visit = booked(people.sam, TOMORROW_NINE)
    form = sam.open(f"{address(visit)}/cancel").form("Cancel it")

    first = sam.post(form)
    second = sam.post(form)

    assert second.path == first.path == address(visit)
    assert second.html.count("You cancelled this visit") == 1


def test_a_reason_that_cannot_be_stored_is_answered_beside_the_field(sam, booked, people):
    visit = booked(people.sam, TOMORROW_NINE)
    sam.open(f"{address(visit)}/cancel")

    page = sam.send("Cancel it", reason="x" * 501)

    assert page.status == 422
    assert page.says("Please use at most 500 characters.")
    assert sam.open(address(visit)).says("Confirmed")


def test_after_the_cutoff_the_number_of_the_clinic_is_given(sam, booked, people):
    visit = booked(people.sam, "09:00")  # the cutoff is 7:00, two hours before

    with clock.pretend(at("07:01")):
        page = sam.open(address(visit))
        asked = sam.open(f"{address(visit)}/cancel")
        refused = sam.client.post(f"{address(visit)}/cancel", data={"version": "1"})

    assert page.says("Changes online were possible until today at 7:00 AM.")
    assert not any("Cancel" in label for _, label in page.links)
    assert asked.says("Please call the clinic")
    assert ("tel:+63322531000", "+63 32 253 1000") in asked.links
    assert refused.status_code == 409
    assert sam.open(address(visit)).says("Confirmed")


def test_a_visit_changed_since_the_page_was_shown_is_not_given_up(app, sam, booked, people):
    visit = booked(people.sam, "2026-11-24 09:00", type="dental-cleaning")
    sam.open(f"{address(visit)}/cancel")
    set_status(app, people.rosa, visit, "confirmed")

    page = sam.send("Cancel it")
    again = sam.send("Cancel it")

    assert page.status == 409  # SCH-07
    assert page.says("This visit was changed in the meantime.")
    assert again.says("Your appointment is cancelled.")


@pytest.mark.parametrize("version", ["x", "-1", "1.5", "9" * 30])
def test_a_damaged_version_is_refused(sam, booked, people, version):
    visit = booked(people.sam, TOMORROW_NINE)

    answer = sam.client.post(f"{address(visit)}/cancel", data={"version": version})

    assert answer.status_code == 400


def test_the_calendar_file_is_the_entry_of_the_messages(app, sam, booked, people):
    visit = booked(people.sam, TOMORROW_NINE)

    answer = sam.client.get(f"{address(visit)}/calendar.ics")

    event = Calendar.from_ical(answer.data).walk("VEVENT")[0]
    assert answer.mimetype == "text/calendar"
    assert 'filename="appointment.ics"' in answer.headers["Content-Disposition"]
    assert event.start == at(TOMORROW_NINE)
    assert event["SUMMARY"] == "Clinic appointment"  # NOT-02: no word about the service
    assert str(event["UID"]).endswith("@usc.edu.ph")
    assert b"onsultation" not in answer.data


@pytest.mark.parametrize("status", [AppointmentStatus.CANCELLED, AppointmentStatus.DECLINED])
def test_what_does_not_take_place_has_no_calendar_file(app, sam, booked, people, status):
    visit = booked(people.sam, "2026-11-24 09:00", type="dental-cleaning")
    waiting = sam.client.get(f"{address(visit)}/calendar.ics")
    set_status(app, people.rosa, visit, status.value, reason="No time")

    over = sam.client.get(f"{address(visit)}/calendar.ics")

    assert (waiting.status_code, over.status_code) == (404, 404)
