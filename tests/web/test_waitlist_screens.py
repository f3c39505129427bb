"""The waiting list for staff (SCH-31)."""

from datetime import date

import pytest
from sqlalchemy import select

from app.infra.db import session
from app.scheduling import services
from app.scheduling.models import Appointment, Hold, WaitlistEntry
from app.scheduling.queries import schedules
from app.scheduling.services import WaitingWish, seats
from tests.factories.scheduling import SYSTEM, at, create_crowd, monday_seven, open_clinic
from tests.factories.sessions import create_session
from tests.web.scheduling import counted_statements

TUESDAY = date(2026, 11, 24)
WISH = {
    "patient": "20259001",
    "type": "consultation",
    "provider": "",
    "first_day": "2026-11-24",
    "last_day": "2026-11-27",
    "earliest": "08:00",
    "latest": "12:00",
    "reason": "Knee",
}


@pytest.fixture
def site(app):
    """An open clinic on a Monday at 7:00 AM; no context stays open around the requests."""
    with monday_seven():
        with app.app_context():
            open_clinic()
        yield app


@pytest.fixture
def rosa(site, client, people):
    """The front desk, signed in."""
    return client.sign_in(people.rosa)


def put_on_list(patient, **more):
    wish = {"type": "consultation", "first_day": TUESDAY, "last_day": TUESDAY, **more}
    return services.join_waitlist(SYSTEM, wish=WaitingWish(patient=patient, **wish)).id


@pytest.fixture
def offer_id(site, people):
    """Sam waits, and nine o'clock with Dana is kept for Sam."""
    with site.app_context():
        put_on_list(people.sam.id)
        services.offer_freed_time(
            SYSTEM,
            practitioner_id=schedules.practitioner_by_university_id(people.dana.id).id,
            starts_at=at("2026-11-24 09:00"),
            ends_at=at("2026-11-24 09:20"),
        )
        return session().scalars(select(Hold.id)).one()


def test_an_empty_list_says_what_it_is_for(rosa):
    page = rosa.get("/waitlist/").get_data(as_text=True)

    assert "Patients join in the portal when no time suits them" in page
    assert "No offer was taken yet" in page


def test_a_patient_is_put_on_the_list_and_taken_off(site, rosa):
    added = rosa.post("/waitlist/add/", data=WISH, follow_redirects=True)
    with site.app_context():
        key = session().scalars(select(WaitlistEntry.id)).one()
    rosa.post(f"/waitlist/{key}/withdraw/")
    again = rosa.post(f"/waitlist/{key}/withdraw/", follow_redirects=True)

    page = added.get_data(as_text=True)
    assert "Dela Cruz, Sam waits for: Consultation." in page
    assert "8:00 AM to 12:00 PM" in page
    assert "The entry was taken off the list." in again.get_data(as_text=True)
    over = rosa.get("/waitlist/?filter=over").get_data(as_text=True)
    assert "Left the list" in over


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"patient": "20259999"}, "There is no such patient."),
        ({"patient": ""}, "Please type the university ID."),
        ({"last_day": "2026-11-01"}, "The last day must not lie before the first day."),
        ({"provider": "DENT901"}, "There is no such provider for this kind of visit."),
        ({"latest": "08:10"}, "The visit does not fit between these times."),
    ],
)
def test_a_refused_entry_says_why_and_keeps_what_was_typed(rosa, typed, sentence):
    page = rosa.post("/waitlist/add/", data=WISH | typed).get_data(as_text=True)

    assert sentence in page
    assert "Knee" in page


def test_somebody_waits_once_for_a_kind(rosa):
    rosa.post("/waitlist/add/", data=WISH)

    page = rosa.post("/waitlist/add/", data=WISH).get_data(as_text=True)

    assert "There is an entry on the waiting list for this kind of visit already." in page


def test_the_desk_books_a_kept_time_for_somebody_on_the_phone(site, rosa, offer_id):
    page = rosa.get("/waitlist/?filter=offered").get_data(as_text=True)
    done = rosa.post(f"/waitlist/offers/{offer_id}/accept/", follow_redirects=True)

    assert "Tue 24 Nov 2026, 9:00 AM, kept until 7:30 AM" in page
    assert "The visit is booked." in done.get_data(as_text=True)
    assert "November 2026" in done.get_data(as_text=True)
    assert "See the visit" in rosa.get("/waitlist/?filter=fulfilled").get_data(as_text=True)
    with site.app_context():
        assert session().scalars(select(Appointment.status)).all() == ["confirmed"]


def test_the_desk_books_a_kept_seat_and_finds_its_session(site, rosa, people):
    with site.app_context():
        key = create_session(capacity=1)
        seats.take_seat(people.eve.actor, session_id=key)
        put_on_list(people.sam.id, type="vaccination")
        seats.cancel_seat(people.eve.actor, session_id=key)
        services.offer_freed_seats(SYSTEM, session_id=key)
        offer_id = session().scalars(select(Hold.id)).one()

    rosa.post(f"/waitlist/offers/{offer_id}/accept/", follow_redirects=True)

    page = rosa.get("/waitlist/?filter=fulfilled").get_data(as_text=True)
    assert f'href="/sessions/{key}/">See the session' in page


def test_the_desk_declines_for_somebody_and_cannot_book_it_then(rosa, offer_id):
    declined = rosa.post(f"/waitlist/offers/{offer_id}/decline/", follow_redirects=True)
    refused = rosa.post(f"/waitlist/offers/{offer_id}/accept/", follow_redirects=True)

    assert "The next person is asked." in declined.get_data(as_text=True)
    assert "This offer is over" in refused.get_data(as_text=True)


def test_the_list_is_filtered_by_kind(site, rosa, people):
    with site.app_context():
        put_on_list(people.sam.id)
        put_on_list(people.eve.id, type="vaccination")

    page = rosa.get("/waitlist/?type=vaccination&page=x").get_data(as_text=True)

    assert people.eve.id in page
    assert people.sam.id not in page


def test_what_does_not_exist_is_not_found(rosa):
    for address in ("4711/withdraw/", f"{2**63}/withdraw/", "offers/4711/accept/"):
        assert rosa.post(f"/waitlist/{address}").status_code == 404


def test_the_number_of_statements_does_not_grow_with_the_list(site, rosa):
    counts = []
    with site.app_context():
        crowd = create_crowd(20)
    for group in (crowd[:2], crowd[2:]):
        with site.app_context():
            for number in group:
                put_on_list(number)
        rosa.get("/waitlist/")
        with counted_statements(site) as seen:
            rosa.get("/waitlist/")
        counts.append(len(seen))

    assert counts[0] == counts[1]


def test_staff_offer_a_time_that_suits(site, people, rosa):
    with site.app_context():
        key = put_on_list(people.sam.id, provider=people.dana.id)
    chosen = {"slot": "2026-11-24T09:00:00+08:00|DOC901"}

    listed = rosa.get("/waitlist/").text
    page = rosa.get(f"/waitlist/{key}/offer/").text
    nothing = rosa.post(f"/waitlist/{key}/offer/", follow_redirects=True).text
    offered = rosa.post(f"/waitlist/{key}/offer/", data=chosen, follow_redirects=True).text
    late = rosa.get(f"/waitlist/{key}/offer/", follow_redirects=True).text

    assert f"/waitlist/{key}/offer/" in listed
    assert chosen["slot"] in page
    assert "Please choose a time." in nothing
    assert "The time is kept, and the patient is told." in offered
    assert "Offered" in offered
    assert "kept for this patient already" in late
    assert rosa.get("/waitlist/99999/offer/").status_code == 404


def test_the_form_finds_the_patient_by_name(rosa):
    page = rosa.get("/waitlist/add/").text
    again = rosa.get("/waitlist/add/?patient=20259001").text

    assert 'data-endpoint="/api/patients/search/"' in page
    assert "Dela Cruz, Sam (20259001)" in again
