"""How the portal says when, how long, and what happened."""

from datetime import date, timedelta

import pytest

from app.scheduling.queries.appointments import EventView
from portal import words
from tests.factories.scheduling import at, monday_seven


@pytest.fixture(autouse=True)
def _monday(app):
    with app.app_context(), monday_seven():
        yield


def event(source: str | None, target: str, **more: object) -> EventView:
    """Something that Sam did."""
    facts = {
        "at": at("09:00"),
        "actor_name": "Sam Dela Cruz",
        "actor_role": "Student",
        "channel": "portal",
        "on_behalf": False,
        "from_status": source,
        "to_status": target,
        "reason": "",
        "starts_at": at("10:00"),
    }
    return EventView(**facts | more)


def told(*events: EventView) -> list[str]:
    """The lines of a history, latest first."""
    return [step.text for step in words.history_in_words([*events], my_name="Sam Dela Cruz")]


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        ("12:00", "Today, 12:00 PM"),
        ("2026-11-24 00:05", "Tomorrow, 12:05 AM"),
        ("2026-11-22 09:00", "Sun 22 Nov, 9:00 AM"),
        ("2027-01-04 13:30", "Mon 4 Jan 2027, 1:30 PM"),
    ],
)
def test_near_days_have_names(instant, text):
    assert words.spoken_time(at(instant)) == text


@pytest.mark.parametrize(
    ("instant", "text"),
    [("12:00", "today at 12:00 PM"), ("2026-11-26 09:00", "Thu 26 Nov at 9:00 AM")],
)
def test_within_a_sentence_they_are_written_small(instant, text):
    assert words.mid_sentence(at(instant)) == text


def test_the_year_is_said_only_when_it_is_another():
    assert words.long_day(date(2026, 12, 1)) == "Tuesday, 1 December"
    assert words.long_day(date(2027, 1, 4)) == "Monday, 4 January 2027"


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (1, "1 minute"),
        (20, "20 minutes"),
        (60, "1 hour"),
        (90, "1 hour 30 minutes"),
        (1440, "1 day"),
        (2880, "2 days"),
        (0, "0 minutes"),
    ],
)
def test_lengths_are_counted_in_words(length, text):
    assert words.minutes(timedelta(minutes=length)) == text


def test_a_day_at_the_clinic_reads_backwards():
    desk = {"actor_name": "Rosa", "actor_role": "Receptionist"}

    lines = told(
        event(None, "confirmed"),
        event("confirmed", "checked-in", **desk),
        event("checked-in", "in-progress", **desk),
        event("in-progress", "completed", **desk),
    )

    assert lines == [
        "Your visit was completed",
        "Your visit began",
        "You arrived and were checked in",
        "You booked this visit",
    ]


def test_what_the_clinic_did_is_not_said_to_be_mine():
    desk = {"actor_name": "Rosa", "actor_role": "Receptionist"}

    assert told(event("confirmed", "cancelled", **desk)) == ["The clinic cancelled this visit"]
    assert told(event(None, "confirmed", on_behalf=True, **desk)) == [
        "The clinic booked this visit for you"
    ]


def test_somebody_of_my_name_at_the_desk_is_not_me():
    lines = told(event("confirmed", "cancelled", actor_role="Receptionist"))

    assert lines == ["The clinic cancelled this visit"]


def test_a_physician_who_is_a_patient_too_is_not_me():
    fe = {"actor_name": "Fe Tañada", "actor_role": "Faculty, Physician"}

    assert told(event("confirmed", "cancelled", **fe)) == ["The clinic cancelled this visit"]


def test_notes_among_staff_are_not_told():
    override = event(None, "confirmed", reason="Set aside the limits: exam week")
    refusal = event("pending", "declined", reason="The dentist is away.")

    steps = words.history_in_words([override, refusal], my_name="Sam Dela Cruz")

    assert [step.reason for step in steps] == ["The dentist is away.", ""]
