"""Whom one saw last is offered first, and hides nobody."""

import pytest

from app.kernel import clock
from tests.factories.scheduling import at, create_crowd
from tests.web.scheduling import set_status

DAY = "/portal/book/consultation?from=2026-11-23&on=2026-11-25"
GROUP = "With Dana Villamor, your usual provider"


@pytest.fixture
def dana_saw_sam(app, people, booked):
    """Sam's consultation with Dana this morning."""
    visit = booked(people.sam, "2026-11-23 08:00", provider=people.dana.id)
    for hour, person, status in (
        ("07:55", people.rosa, "checked-in"),
        ("08:00", people.dana, "in-progress"),
        ("08:20", people.dana, "completed"),
    ):
        with clock.pretend(at(hour)):
            set_status(app, person, visit, status)


def test_the_usual_providers_times_come_first_and_book_them(sam, dana_saw_sam):
    page = sam.open(DAY)

    assert page.says(f"{GROUP} 8:00 AM")
    sam.tap("8:00 AM")
    assert sam.send("Book").says("With Dana Villamor")


def test_a_time_that_only_others_have_is_offered_after_it(app, sam, people, booked, dana_saw_sam):
    with app.app_context():
        patient = create_crowd(1)[0]
    booked(people.rosa, "2026-11-25 08:00", patient=patient, provider=people.dana.id)

    page = sam.open(DAY)

    assert page.says("Morning 8:00 AM")
    assert page.text.index(GROUP) < page.text.index("8:20 AM") < page.text.index("Morning 8:00 AM")


def test_the_list_of_providers_marks_the_usual_one(sam, dana_saw_sam):
    page = sam.open(DAY)

    assert page.says("Anyone Dana Villamor (your usual provider)")
    chosen = sam.tap("your usual provider")
    assert not chosen.says(GROUP)
    assert chosen.says("Morning 8:00 AM")


def test_nobody_is_usual_for_who_was_never_seen(eve, dana_saw_sam):
    assert not eve.open(DAY).says("usual provider")
