"""Booking for a patient at the front desk, and "Why not 10:00?"."""

import re

import pytest

from tests.web.scheduling import book, counted_statements

pytestmark = pytest.mark.usefixtures("open_day")

BOOKING = "/appointments/book/"
NINE = "2026-11-23T09:00:00+08:00"


def test_the_booking_page_works_without_scripts(app, people, rosa):
    page = rosa.get(f"{BOOKING}?type=consultation&patient=20259001&day=2026-11-24").text
    form = page[page.index('id="book"') :]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    slot = re.findall(r'name="slot" value="([^"]+)"', form)[0]

    answer = rosa.post(BOOKING, data={**fields, "slot": slot, "reason": "Fever"})

    assert answer.status_code == 302
    detail = rosa.get(answer.headers["Location"]).text
    assert "Sam Dela Cruz" in detail
    assert "Fever" in detail


def test_a_double_click_books_once(app, people, rosa):
    data = {
        "type": "consultation",
        "patient": "20259001",
        "day": "2026-11-23",
        "slot": f"{NINE}|DOC901",
        "key": "k1",
    }

    first, second = (rosa.post(BOOKING, data=data) for _ in range(2))

    assert first.headers["Location"] == second.headers["Location"]  # SCH-06


def test_a_lost_time_keeps_what_was_typed_and_proposes_others(app, people, rosa):
    book(app, people.eve, "09:00", provider="DOC901")

    answer = rosa.post(
        BOOKING,
        data={
            "type": "consultation",
            "patient": "20259001",
            "day": "2026-11-23",
            "slot": f"{NINE}|DOC901",
            "reason": "Sore throat",
        },
    )

    assert "just been taken" in answer.text
    assert "Sore throat" in answer.text
    assert answer.text.count('<button class="btn" name="slot"') == 6


def test_any_provider_books_the_least_booked_one(app, people, rosa):
    book(app, people.eve, "11:00", provider="DOC901")

    answer = rosa.post(
        BOOKING,
        data={
            "type": "consultation",
            "patient": "20259001",
            "day": "2026-11-23",
            "slot": f"{NINE}|",
        },
    )

    assert "Dino Cabahug" in rosa.get(answer.headers["Location"]).text  # SCH-18


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"patient": ""}, "Please choose the patient"),
        ({"patient": "20259999"}, "There is no such patient"),
        ({"slot": ""}, "Please choose a time"),
        ({"slot": "2026-11-23T06:00:00+08:00|"}, "already passed"),
        ({"slot": "2026-11-23T07:59:00+08:00|"}, "does not fit into the hours"),
        ({"type": "magic"}, "There is no such kind of visit"),
        ({"reason": "x" * 501}, "at most 500 characters"),
        ({"key": "x" * 300}, "Idempotency-Key"),
    ],
)
def test_odd_bookings_stay_on_the_page_with_a_sentence(app, people, rosa, changes, sentence):
    data = {
        "type": "consultation",
        "patient": "20259001",
        "day": "2026-11-23",
        "slot": f"{NINE}|DOC901",
    }

    answer = rosa.post(BOOKING, data=data | changes)

    assert answer.status_code == 200
    assert sentence in answer.text


@pytest.mark.parametrize(
    "query", ["type=%00", "provider=" + "x" * 99, "day=9999-99-99&type=consultation", "at=%F0%9F"]
)
def test_an_odd_address_of_the_booking_page_is_no_error_of_ours(rosa, query):
    assert rosa.get(f"{BOOKING}?{query}").status_code in (200, 400)


def test_the_page_explains_why_a_time_is_not_free(app, people, rosa):
    book(app, people.eve, "10:00", provider="DOC901")

    page = rosa.get(
        f"{BOOKING}?type=consultation&provider=DOC901&day=2026-11-23&at=10:00&ask=yes"
    ).text

    assert "DOC901 has another visit from 10:00 to 10:20" in page


def test_the_front_desk_sets_the_notice_aside_with_a_reason(app, people, rosa):
    shown = rosa.get(f"{BOOKING}?type=consultation&day=2027-03-01&all_times=yes").text
    data = {
        "type": "consultation",
        "patient": "20259001",
        "slot": "2027-03-01T09:00:00+08:00|DOC901",
        "all_times": "yes",
    }

    refused = rosa.post(BOOKING, data=data)
    booked = rosa.post(BOOKING, data=data | {"override": "Thesis defence before that"})

    assert "2027-03-01T09:00:00+08:00|" in shown
    assert "at most 60 days ahead" in refused.text
    assert booked.status_code == 302


def test_a_nurse_books_but_sets_nothing_aside(app, people):
    neil = app.test_client().sign_in(people.neil)

    page = neil.get(f"{BOOKING}?type=vaccination&all_times=yes").text

    assert "You are not allowed to do this" in page
    assert "Set notice" not in page


def test_the_booking_page_takes_a_fixed_number_of_statements(app, rosa):
    with counted_statements(app) as seen:
        rosa.get(f"{BOOKING}?type=consultation&patient=20259001")

    assert len(seen) <= 16, "\n\n".join(seen)
