"""Booking without scripts: the journey, and everything that can come in between."""

from dataclasses import replace

import pytest

from app.kernel import clock
from app.scheduling import services
from app.scheduling.services.catalogue import TypeDraft
from tests.factories.scheduling import SYSTEM, VACCINATION, at
from tests.people import PASSWORD
from tests.portal.pages import Visitor

CONFIRM = "/portal/book/consultation/confirm"
NINE = f"{CONFIRM}?at=2026-11-24T01:00:00Z"
NINE_WITH_DANA = f"{NINE}&provider=DOC901"


@pytest.mark.usefixtures("tokens")
def test_a_visit_is_booked_in_three_taps_after_signing_in(clinic, client):
    visitor = Visitor(client)
    visitor.open("/portal/")
    visitor.send("Sign in", username="20259001", password=PASSWORD)

    visitor.tap("Consultation")
    visitor.tap("8:20 AM")
    page = visitor.send("Book", reason="Fever since Friday, señor")

    assert page.status == 200
    assert page.says("Your appointment is booked.")
    assert page.says("Monday, 23 November 8:20 AM to 8:40 AM")
    assert page.says("Fever since Friday, señor")
    assert visitor.open("/portal/").says("Today 8:20 AM")


def test_without_its_token_a_form_changes_nothing(sam, tokens):
    sam.open(NINE)
    form = sam.page.form("Book")

    form.fields["csrf_token"] = "forged"
    page = sam.post(form)

    assert page.status == 400
    assert page.says("Nothing was changed")
    assert sam.open("/portal/appointments").says("No appointments")


def test_a_double_tap_books_once(sam):
    form = sam.open(NINE).form("Book")

    first = sam.post(form)
    second = sam.post(form)

    assert first.path == second.path  # SCH-06: the stored answer
    assert sam.open("/portal/appointments").html.count('class="c-visit"') == 1


def test_a_page_used_for_something_else_says_so(sam):
    form = sam.open(NINE).form("Book")
    sam.post(form)

    page = sam.post(form, starts_at="2026-11-24T02:00:00Z")

    assert page.status == 422
    assert page.says("You have booked with this page already.")


def test_a_time_taken_meanwhile_leads_to_others_that_keep_the_note(sam, booked, people):
    sam.open(NINE_WITH_DANA)
    booked(people.eve, "2026-11-24 09:00", provider=people.dana.id)

    refused = sam.send("Book", reason="Knee")
    page = sam.post(refused.form("Tomorrow, 8:40 AM"))

    assert refused.status == 409
    assert refused.says("This time has just been taken.")
    assert refused.says("Knee")
    assert page.says("Your appointment is booked.")
    assert page.says("Knee")
    assert page.says("Dana Villamor")


def test_a_page_left_open_offers_later_times(sam):
    form = sam.open(f"{CONFIRM}?at=2026-11-23T00:00:00Z").form("Book")

    with clock.pretend(at("07:25")):
        sam.open("/portal/")  # still there, so still signed in
    with clock.pretend(at("07:50")):
        sam.open("/portal/")
    with clock.pretend(at("08:05")):
        refused = sam.post(form, reason="Cough")
        page = sam.post(refused.forms[0])

    assert refused.status == 422
    assert refused.says("This time has already passed.")
    assert page.says("Your appointment is booked.")
    assert page.says("Cough")


def test_a_page_left_open_overnight_asks_to_sign_in_and_comes_back(sam, tokens):
    form = sam.open(NINE).form("Book")

    with clock.pretend(at("2026-11-24 06:00")):
        page = sam.post(form)
        back = sam.send("Sign in", username="20259001", password=PASSWORD)

    assert page.path.startswith("/login/")
    assert back.path == NINE
    assert back.form("Book")


def test_a_link_to_a_time_that_has_gone_shows_the_free_ones(sam, booked, people):
    booked(people.eve, "2026-11-24 09:00", provider=people.dana.id)

    page = sam.open(NINE_WITH_DANA)

    assert page.status == 409
    assert page.says("This time is not free any more.")
    assert page.link("8:00 AM").startswith(CONFIRM)


def test_the_first_free_day_is_chosen_and_days_count_their_times(sam):
    page = sam.open("/portal/book/consultation")

    assert page.says("Monday, 23 November Morning 8:00 AM")
    assert page.says("Mon 23 Nov 24 free")  # two physicians, one list of times
    assert page.says("Sat 28 Nov none")


def test_a_script_gets_only_the_part_that_changes(sam):
    address = "/portal/book/consultation?on=2026-11-25"

    part = sam.client.get(address, headers={"HX-Request": "true"}).text
    back = {"HX-Request": "true", "HX-History-Restore-Request": "true"}
    whole = sam.client.get(address, headers=back).text

    assert '<div id="picker"' in part
    assert "<title>Consultation: choose a time · Health Services Office</title>" in part
    assert "<style" not in part
    assert "<head>" in whole


def test_weeks_go_forward_to_the_horizon_and_back_to_today(sam):
    sam.open("/portal/book/consultation")

    second = sam.tap("Later")
    first = sam.tap("Earlier")
    last = sam.open("/portal/book/consultation?from=2199-01-01")

    assert second.says("Monday, 30 November")
    assert first.says("Monday, 23 November")
    assert not any("Later" in label for _, label in last.links)
    assert last.status == 200


def test_a_full_week_names_the_next_free_time(app, sam):
    with app.app_context():
        services.close_clinic(
            SYSTEM, name="Typhoon", starts_at=at("00:00"), ends_at=at("2026-12-02 00:00")
        )

    jumped = sam.open("/portal/book/consultation")
    week = sam.open("/portal/book/consultation?from=2026-11-23")
    there = sam.tap("Go to that day")

    assert jumped.says("Wednesday, 2 December")
    assert week.says("The next free time is Wednesday, 2 December, 8:00 AM")
    assert there.says("Wednesday, 2 December Morning 8:00 AM")


def test_nothing_free_at_all_gives_the_clinics_number(app, sam):
    with app.app_context():
        services.close_clinic(
            SYSTEM, name="Moving", starts_at=at("00:00"), ends_at=at("2027-12-31 00:00")
        )

    page = sam.open("/portal/book/consultation")

    assert page.says("There are no free times at the moment.")
    assert page.says("+63 32 253 1000")


def test_a_patient_at_the_limit_reads_why_nothing_is_free(sam, booked, people):
    for day in ("24", "25", "26"):
        booked(people.sam, f"2026-11-{day} 09:00")

    page = sam.open("/portal/book/consultation")

    assert page.says("You have 3 visits to come, and more are not possible at a time.")


def test_a_limit_of_the_kind_itself_is_told_too(app, sam, booked, people):
    with app.app_context():
        only_one = replace(VACCINATION, code="flu", name="Flu shot", max_open=1)
        services.save_appointment_type(SYSTEM, draft=only_one)
    booked(people.sam, "2026-11-24 09:00", type="flu")

    page = sam.open("/portal/book/flu")

    assert page.says("You have 1 visit of this kind to come, and more are not possible.")


def test_a_limit_reached_on_another_page_is_explained_when_booking(sam, booked, people):
    form = sam.open(NINE).form("Book")
    for day in ("25", "26", "27"):
        booked(people.sam, f"2026-11-{day} 09:00")

    page = sam.post(form)

    assert page.status == 422
    assert page.link("See your appointments") == "/portal/appointments"


def test_one_can_ask_for_a_provider(sam):
    sam.open("/portal/book/consultation")

    sam.tap("Dino Cabahug")
    sam.tap("8:00 AM")
    page = sam.send("Book")

    assert page.says("Dino Cabahug")


def test_with_anybody_the_confirm_page_names_who_is_free(sam):
    assert sam.open(NINE).says("Anyone who is free: Dana Villamor, Dino Cabahug")


def test_a_visit_that_needs_approval_says_so_and_becomes_a_request(sam):
    sam.open("/portal/book")

    times = sam.tap("Dental cleaning")
    sam.tap("8:00 AM")
    page = sam.send("Send the request")

    assert times.says("The clinic approves these visits first.")
    assert page.says("Your request was sent.")
    assert page.says("Waiting for approval")


def test_kinds_for_others_are_neither_shown_nor_found(app, sam):
    with app.app_context():
        services.save_appointment_type(
            SYSTEM,
            draft=TypeDraft(
                code="audit",
                name="Record audit",
                duration_minutes=30,
                provider_kinds=("physician",),
                bookable_by=("Receptionist",),
            ),
        )

    assert not sam.open("/portal/book").says("Record audit")
    assert sam.open("/portal/book/audit").status == 404


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x" * 501, "Please use at most 500 characters."),
        ("no\x07pe", "This text contains characters that cannot be stored."),
    ],
)
def test_a_note_that_cannot_be_stored_is_answered_beside_the_field(sam, text, sentence):
    sam.open(NINE)

    page = sam.send("Book", reason=text)
    again = sam.send("Book", reason="Better")

    assert page.status == 422
    assert page.says(sentence)
    assert again.says("Your appointment is booked.")


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/portal/book/nothing", 404),
        ("/portal/book/%00", 404),
        ("/portal/book/consultation?provider=DENT901", 404),
        ("/portal/book/consultation?provider=%00", 400),
        ("/portal/book/consultation?from=tomorrow", 400),
        ("/portal/book/consultation?on=2026-13-01", 400),
        ("/portal/book/consultation?from=0001-01-01&on=9999-12-31", 200),
        ("/portal/book/consultation?on=9999-12-31", 200),
        (CONFIRM, 400),
        (f"{CONFIRM}?at=2026-11-24T09:00", 400),
        (f"{CONFIRM}?at=9999-12-31T23:59:59Z", 400),
        (f"{CONFIRM}?at=%00", 400),
        (f"{CONFIRM}?at=2026-11-24T01:07:00Z", 409),
        (f"{CONFIRM}?at=2026-11-22T01:00:00Z", 409),
        (f"{CONFIRM}?at=2150-11-22T01:00:00Z", 409),
    ],
)
def test_nonsense_in_the_address_is_answered_calmly(sam, address, status):
    assert sam.open(address).status == status


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 400),
        ({"starts_at": "nine"}, 400),
        ({"starts_at": "2026-11-24T01:00:00Z", "reason": "no\x00pe"}, 400),  # INP-01
        ({"starts_at": "2026-11-24T01:07:00Z"}, 422),
        ({"starts_at": "2026-11-22T01:00:00Z"}, 422),
        ({"starts_at": "2150-11-22T01:00:00Z"}, 422),
        ({"starts_at": "2026-11-24T01:00:00Z", "provider": "NURSE901"}, 404),
        ({"starts_at": "2026-11-24T01:00:00Z", "key": "k" * 300}, 422),
    ],
)
def test_nonsense_in_the_form_books_nothing(sam, fields, status):
    answer = sam.client.post(CONFIRM, data=fields)

    assert answer.status_code == status
    assert sam.open("/portal/appointments").says("No appointments")
