"""Another time for a visit, without scripts."""

import pytest

from app.kernel import clock
from app.scheduling import services
from tests.factories.points import create_missed_visits
from tests.factories.scheduling import SYSTEM, at
from tests.portal.pages import Visitor
from tests.web.scheduling import set_status

TOMORROW_NINE = "2026-11-24 09:00"


@pytest.fixture
def visit(booked, people):
    """Sam's visit with Dana, tomorrow at nine."""
    return booked(people.sam, TOMORROW_NINE, provider=people.dana.id, reason="Knee")


def test_a_visit_is_moved_in_three_taps(sam, visit, tokens):
    sam.open(f"/portal/appointments/{visit.id}")

    sam.tap("Choose another time")
    look = sam.tap("8:20 AM")
    page = sam.send("Move the appointment")

    assert look.says("Until now Tuesday, 24 November, 9:00 AM to 9:20 AM")
    assert page.says("Your appointment has its new time.")
    assert page.says("Monday, 23 November 8:20 AM to 8:40 AM")
    assert page.says("Knee")
    assert page.says("New time: Today, 8:20 AM")
    assert page.says("You moved this visit")


def test_a_move_that_waits_for_approval_says_so(sam, visit, people, db):
    create_missed_visits(db, people.sam, 2)
    sam.open(f"/portal/appointments/{visit.id}/move")

    sam.tap("8:20 AM")
    page = sam.send("Move the appointment")

    assert page.says("The new time is held for you. The clinic approves it first and tells you.")
    assert page.says("Waiting for approval")


def test_the_old_time_stays_until_the_new_one_is_confirmed(sam, visit):
    sam.open(f"/portal/appointments/{visit.id}/move")
    sam.tap("8:20 AM")

    assert sam.open(f"/portal/appointments/{visit.id}").says("Confirmed")


def test_moving_twice_with_one_page_moves_once(sam, visit):
    sam.open(f"/portal/appointments/{visit.id}/move")
    form = sam.tap("8:20 AM").form("Move the appointment")

    first = sam.post(form)
    second = sam.post(form)

    assert first.status == second.status == 200
    assert first.path == second.path
    assert sam.open("/portal/appointments").html.count('class="c-visit"') == 1


def test_the_present_provider_is_asked_first(sam, booked, people):
    visit = booked(people.sam, TOMORROW_NINE, provider=people.dino.id)

    page = sam.open(f"/portal/appointments/{visit.id}/move")

    assert page.says("With: Dino Cabahug")


def test_another_provider_can_take_the_visit(sam, visit):
    sam.open(f"/portal/appointments/{visit.id}/move")

    sam.tap("Dino Cabahug")
    sam.tap("8:20 AM")
    page = sam.send("Move the appointment")

    assert page.says("With Dino Cabahug")


def test_a_time_taken_meanwhile_leads_to_others(sam, visit, booked, people):
    sam.open(f"/portal/appointments/{visit.id}/move")
    sam.tap("8:20 AM")
    booked(people.eve, "08:20", provider=people.dana.id)

    refused = sam.send("Move the appointment")
    page = sam.post(refused.form("Today, 8:40 AM"))

    assert refused.status == 409
    assert refused.says("You still have your present time: tomorrow at 9:00 AM")
    assert page.says("Your appointment has its new time.")


def test_a_time_that_has_passed_leads_to_others(sam, visit):
    sam.open(f"/portal/appointments/{visit.id}/move")
    sam.tap("8:20 AM")

    page = sam.send("Move the appointment", starts_at="2026-11-22T00:00:00Z")

    assert page.status == 422
    assert page.says("This time has already passed.")
    assert page.form("Today, 8:00 AM")


def test_a_link_to_a_time_that_has_gone_shows_the_free_ones(sam, visit):
    address = f"/portal/appointments/{visit.id}/move/confirm?at=2026-11-24T00:07:00Z"

    page = sam.open(address)

    assert page.status == 409
    assert page.says("This time is not free any more.")


def test_a_visit_given_up_in_between_is_not_moved(app, sam, visit, people):
    sam.open(f"/portal/appointments/{visit.id}/move")
    sam.tap("8:20 AM")
    set_status(app, people.rosa, visit, "cancelled", reason="Power cut")

    page = sam.send("Move the appointment")

    assert page.status == 409
    assert page.says("This visit was changed in the meantime.")
    assert sam.open("/portal/appointments").says("No appointments")


def test_a_request_is_not_moved_but_asked_for_again(sam, booked, people):
    visit = booked(people.sam, TOMORROW_NINE, type="dental-cleaning")

    page = sam.open(f"/portal/appointments/{visit.id}/move")

    assert page.status == 409
    assert page.says("cancel it and book again")


def test_after_the_cutoff_the_number_of_the_clinic_is_given(app, people, visit):
    with clock.pretend(at("2026-11-24 07:01")):
        sam = Visitor(app.test_client().sign_in(people.sam))
        page = sam.open(f"/portal/appointments/{visit.id}/move")
        direct = sam.open(f"/portal/appointments/{visit.id}/move/confirm?at=2026-11-24T02:00:00Z")

    assert page.says("Online changes were possible until today at 7:00 AM.")
    assert (page.status, direct.status) == (409, 409)


def test_when_the_provider_has_left_others_are_offered(app, sam, visit, people):
    with app.app_context():
        services.save_practitioner(
            SYSTEM, user_id=people.dana.user_id, kind="physician", is_active=False
        )

    page = sam.open(f"/portal/appointments/{visit.id}/move")

    assert page.says("With: Dino Cabahug")
    assert page.link("8:00 AM")


def test_when_nobody_is_left_one_sentence_says_so(app, sam, visit, people):
    with app.app_context():
        for person in (people.dana, people.dino):
            services.save_practitioner(
                SYSTEM, user_id=person.user_id, kind="physician", is_active=False
            )

    page = sam.open(f"/portal/appointments/{visit.id}/move")

    assert page.status == 404
    assert page.says("Nobody sees patients for this kind of visit at the moment.")


def test_a_visit_that_no_longer_fits_says_so(app, sam, visit, people):
    with app.app_context():
        services.close_clinic(
            SYSTEM,
            name="Typhoon",
            starts_at=at("2026-11-24 00:00"),
            ends_at=at("2026-11-25 00:00"),
        )

    page = sam.open("/portal/")

    assert page.says("this time no longer fits")
    assert page.link("Reschedule")
