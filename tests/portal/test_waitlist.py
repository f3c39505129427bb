"""Waiting for a time, and taking an offered one, without scripts (SCH-31)."""

from datetime import date

import pytest
from sqlalchemy import select

from app.infra.db import session
from app.kernel import clock
from app.scheduling import services
from app.scheduling.models import Hold
from app.scheduling.queries import schedules
from app.scheduling.services import WaitingWish, seats
from tests.factories.scheduling import SYSTEM, at
from tests.factories.sessions import create_session
from tests.web.scheduling import set_status

TUESDAY = date(2026, 11, 24)
NINE = "2026-11-24 09:00"


@pytest.fixture
def offer_id(app, booked, people):
    """Nine o'clock on Tuesday, which Eve gave up, is kept for Sam."""
    visit = booked(people.eve, NINE, provider=people.dana.id)
    with app.app_context():
        wish = WaitingWish(type="consultation", first_day=TUESDAY, last_day=TUESDAY, reason="Knee")
        services.join_waitlist(people.sam.actor, wish=wish)
    set_status(app, people.eve, visit, "cancelled")
    with app.app_context():
        services.offer_freed_time(
            SYSTEM,
            practitioner_id=schedules.practitioner_by_university_id(people.dana.id).id,
            starts_at=visit.starts_at,
            ends_at=visit.ends_at,
            released_by=visit.id,
        )
        return session().scalars(select(Hold.id)).one()


def test_from_the_free_times_onto_the_list_and_off_again(sam, tokens):
    sam.open("/portal/book/consultation")

    sam.tap("Tell me when a time becomes free")
    page = sam.send("Put me on the list", last_day="2026-11-27", latest="12:00", reason="Knee")
    left = sam.send("Leave the list")

    assert page.says("You are on the waiting list.")
    assert page.says("7:00 AM to 12:00 PM")
    assert page.says("Monday, 23 November to Friday, 27 November")
    assert left.says("You left the list")


def test_the_chosen_provider_is_kept(sam, people):
    sam.open(f"/portal/book/consultation?provider={people.dana.id}")
    sam.tap("Tell me when a time becomes free")

    assert 'selected value="DOC901"' in sam.page.html


def test_where_nothing_is_free_the_list_is_offered(sam, app, people):
    with app.app_context():
        for day in (23, 24, 25):
            services.close_clinic(
                SYSTEM,
                starts_at=at(f"2026-11-{day} 00:00"),
                ends_at=at(f"2026-11-{day} 23:59"),
                name="Days",
            )

    page = sam.open("/portal/book/consultation?on=2026-11-24")

    assert page.link("Tell me when a time becomes free")


def test_two_taps_make_one_entry(sam):
    form = sam.open("/portal/waitlist/join/consultation").form("Put me on the list")

    sam.post(form)
    again = sam.post(form)

    assert again.status == 200
    assert again.says("You are on the waiting list for this kind of visit already.")
    assert again.html.count("Leave the list</button>") == 1


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"last_day": "2026-11-01"}, "The last day must not lie before the first day."),
        ({"latest": "07:10"}, "The visit does not fit between these times."),
        ({"first_day": "soon"}, "Not a valid date value."),
        ({"reason": "x" * 501}, "Please use at most 500 characters."),
    ],
)
def test_a_refused_wish_says_why_beside_the_field(sam, typed, sentence):
    sam.open("/portal/waitlist/join/consultation")

    page = sam.send("Put me on the list", **typed)

    assert page.status == 422
    assert page.says(sentence)


def test_an_offer_is_taken_with_one_tap_and_a_second_is_harmless(sam, offer_id, tokens):
    sam.open("/portal/waitlist")
    look = sam.tap("Answer the offer")
    form = look.form("Take this time")
    page = sam.post(form)
    again = sam.post(form)

    assert look.says("Tuesday, 24 November 9:00 AM to 9:20 AM")
    assert look.says("It is kept for you until today at 7:30 AM")
    assert page.says("Your appointment is booked.")
    assert page.says("Knee")
    assert again.path == page.path


def test_a_declined_offer_is_over_and_the_entry_stays(sam, offer_id):
    sam.open(f"/portal/waitlist/offers/{offer_id}")

    page = sam.send("No, thank you")

    assert page.says("the next person is asked")
    assert page.says("Waiting")
    assert sam.open(f"/portal/waitlist/offers/{offer_id}").says("This offer is over")


def test_an_offer_that_ended_says_so_and_shows_the_way_on(sam, offer_id, app):
    form = sam.open(f"/portal/waitlist/offers/{offer_id}").form("Take this time")

    with app.app_context(), clock.pretend(at("07:30")):
        services.settle_waitlist(SYSTEM)
    page = sam.post(form)

    assert page.status == 409
    assert page.says("This offer is over, and the time may be somebody else's now.")
    assert page.link("See the free times") == "/portal/book/consultation"


def test_a_visit_at_that_time_is_said_and_the_offer_stays(sam, offer_id, booked, people):
    booked(people.sam, NINE, provider=people.dino.id)
    sam.open(f"/portal/waitlist/offers/{offer_id}")

    page = sam.send("Take this time")

    assert page.status == 409
    assert page.form("No, thank you")


def test_nothing_of_sams_is_shown_to_eve(sam, eve, offer_id):
    entry = sam.open("/portal/waitlist").form("Leave the list").action

    assert eve.open("/portal/waitlist").says("You wait for nothing")
    assert eve.client.get(f"/portal/waitlist/offers/{offer_id}").status_code == 404
    for address in (
        entry,
        f"/portal/waitlist/offers/{offer_id}/accept",
        f"/portal/waitlist/offers/{offer_id}/decline",
    ):
        assert eve.client.post(address).status_code == 404
    assert sam.open(f"/portal/waitlist/offers/{offer_id}").form("Take this time")


def test_a_kind_that_does_not_exist_and_a_page_too_far_are_not_found(sam):
    assert sam.open("/portal/waitlist/join/nothing").status == 404
    assert sam.open("/portal/waitlist?page=9").status == 404


@pytest.fixture
def full_session(clinic, app, people):
    """A vaccination day on Tuesday whose only seat is Eve's."""
    with app.app_context():
        key = create_session(capacity=1)
        seats.take_seat(people.eve.actor, session_id=key)
    return key


@pytest.fixture
def give_back(app, people, full_session):
    """Eve gives her seat back, and the worker offers it."""

    def given():
        with app.app_context():
            seats.cancel_seat(people.eve.actor, session_id=full_session)
            services.offer_freed_seats(SYSTEM, session_id=full_session)
            return session().scalars(select(Hold.id)).one()

    return given


def test_from_a_full_session_onto_the_list_and_to_a_seat(sam, full_session, give_back):
    full = sam.open(f"/portal/sessions/{full_session}")
    sam.tap("Tell me when a seat becomes free")
    sam.send("Put me on the list")

    offer = sam.open(f"/portal/waitlist/offers/{give_back()}")
    form = offer.form("Take this seat")
    taken = sam.post(form)
    again = sam.post(form)
    listed = sam.open("/portal/waitlist")

    assert full.says("Every seat is taken.")
    assert offer.says("Flu vaccination")
    assert offer.says("It is kept for you until")
    assert taken.says("Your seat is booked.")
    assert taken.says("You have a seat.")
    assert again.path == taken.path == listed.link("See your seat") == full.path
    assert sam.open(offer.path).says("You took this seat")


def test_a_full_session_fills_in_its_own_day(sam, full_session):
    sam.open(f"/portal/sessions/{full_session}")
    page = sam.tap("Tell me when a seat becomes free")

    assert page.html.count('value="2026-11-24"') == 2


@pytest.mark.parametrize("day", ["2020-01-01", "tomorrow", "2026-13-01"])
def test_a_day_that_makes_no_sense_is_left_out(sam, day):
    page = sam.open(f"/portal/waitlist/join/consultation?day={day}")

    assert page.status == 200
    assert 'value="2026-11-23"' in page.html


def test_a_seat_that_is_not_wanted_goes_on(sam, full_session, give_back):
    sam.open("/portal/waitlist/join/vaccination")
    sam.send("Put me on the list")

    sam.open(f"/portal/waitlist/offers/{give_back()}")
    declined = sam.send("No, thank you")

    assert declined.says("the next person is asked")
