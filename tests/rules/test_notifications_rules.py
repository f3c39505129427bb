"""What messages say, their calendar part, and when they are tried again."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from app.kernel.period import Period
from app.notifications.rules import MessageKey, Template, next_wait, texts
from app.notifications.rules.calendar import (
    Attendee,
    CalendarMethod,
    CalendarPart,
    Organizer,
    calendar_text,
)

MANILA = ZoneInfo("Asia/Manila")
NINE = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)  # 9:00 in Manila
CLINIC = Organizer("Health Services Office", "clinic@usc.edu.ph", "usc.edu.ph")
SAM = Attendee("Sam Ñuñez", "sam@usc.edu.ph")


def part(**changes):
    values = {
        "entity": "appointment/12",
        "sequence": 0,
        "method": CalendarMethod.REQUEST,
        "period": Period(NINE, NINE + timedelta(minutes=20)),
        "location": "Downtown clinic",
    }
    return CalendarPart(**(values | changes))


def parsed(text):
    """The object as another program reads it."""
    calendar = Calendar.from_ical(text)
    return calendar, calendar.walk("VEVENT")[0]


def written(**changes):
    return calendar_text(part(**changes), organizer=CLINIC, attendee=SAM, stamped_at=NINE)


def test_the_entry_says_when_and_where_but_not_what_for():  # CAL-01, NOT-02
    calendar, event = parsed(written())

    assert calendar["METHOD"] == "REQUEST"
    assert event.decoded("DTSTART") == NINE
    assert event.decoded("DTEND") == NINE + timedelta(minutes=20)
    assert event["SUMMARY"] == "Clinic appointment"
    assert event["LOCATION"] == "Downtown clinic"
    assert "DESCRIPTION" not in event


def test_a_change_keeps_the_uid_and_counts_up():  # CAL-01, SCH-30
    _, before = parsed(written(sequence=0))
    _, after = parsed(written(sequence=1, location="Talamban clinic"))

    assert before["UID"] == after["UID"] == "appointment-12@usc.edu.ph"
    assert (before["SEQUENCE"], after["SEQUENCE"]) == (0, 1)


def test_a_cancellation_takes_the_entry_out():  # CAL-01
    calendar, event = parsed(written(method=CalendarMethod.CANCEL, sequence=2))

    assert calendar["METHOD"] == "CANCEL"
    assert event["STATUS"] == "CANCELLED"


def test_clinic_and_patient_are_named_with_their_accents():
    _, event = parsed(written())

    assert event["ORGANIZER"] == "mailto:clinic@usc.edu.ph"
    assert event["ATTENDEE"] == "mailto:sam@usc.edu.ph"
    assert event["ATTENDEE"].params["CN"] == "Sam Ñuñez"


def test_somebody_without_an_address_is_no_attendee():
    text = calendar_text(part(), organizer=CLINIC, attendee=Attendee("Sam", ""), stamped_at=NINE)

    _, event = parsed(text)
    assert "ATTENDEE" not in event


@given(name=st.text(max_size=200), location=st.text(max_size=300), sequence=st.integers(0, 10_000))
def test_whatever_is_typed_the_object_stays_one_event_in_short_lines(name, location, sequence):
    text = calendar_text(
        part(location=location, sequence=sequence),
        organizer=CLINIC,
        attendee=Attendee(name, "sam@usc.edu.ph"),
        stamped_at=NINE,
    )

    calendar, event = parsed(text)
    assert len(calendar.walk()) == 2  # the calendar and one event: nothing was slipped in
    assert event["SEQUENCE"] == sequence
    assert set(event) <= {
        "UID",
        "SEQUENCE",
        "DTSTAMP",
        "DTSTART",
        "DTEND",
        "SUMMARY",
        "STATUS",
        "CLASS",
        "LOCATION",
        "ORGANIZER",
        "ATTENDEE",
    }
    lines = text.split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 75 and b"\n" not in line and b"\r" not in line for line in lines)


def test_a_line_break_in_a_place_does_not_become_a_property():
    text = written(location="Clinic\r\nATTACH:http://elsewhere.example/")

    _, event = parsed(text)
    assert "ATTACH" not in event
    assert event["LOCATION"] == "Clinic ATTACH:http://elsewhere.example/"


def test_the_facts_of_a_part_survive_the_database():
    facts = part().facts()

    assert CalendarPart.of_facts(facts) == part()


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 1), (2, 5), (3, 25), (4, 125)])
def test_each_pause_is_five_times_the_one_before(attempts, minutes):  # NOT-04
    assert next_wait(attempts) == timedelta(minutes=minutes)


def test_the_fifth_failure_is_the_last():  # NOT-04
    assert next_wait(5) is None


def test_the_time_of_a_message_is_the_clinics_own():
    params = {"starts_at": NINE.isoformat(), "ends_at": "2026-11-24T05:30:00+00:00"}

    assert texts.when(params, MANILA) == "Tuesday, 24 November 2026, 9:00 AM to 1:30 PM"


def test_midnight_and_noon_are_twelve():
    midnight, noon = "2026-11-23T16:00:00+00:00", "2026-11-24T04:00:00+00:00"

    assert texts.when({"starts_at": midnight}, MANILA).endswith("12:00 AM")
    assert texts.when({"starts_at": noon}, MANILA).endswith("12:00 PM")


def test_the_line_in_the_bell_leaves_out_what_is_not_known():
    assert texts.summary({}, MANILA) == ""
    assert texts.summary({"note": "Dental cleaning", "place": "Downtown"}, MANILA) == (
        "Dental cleaning · Downtown"
    )


@pytest.mark.parametrize("template", list(Template))
def test_no_subject_names_a_service_or_a_diagnosis(template):  # NOT-02
    words = {"dental", "consult", "vaccin", "physical", "exam", "doctor", "test", "result"}

    subject = texts.mail_subject(template).lower()

    assert subject
    assert not any(word in subject for word in words)


def test_a_message_is_the_same_only_when_all_four_facts_are():  # NOT-01
    key = MessageKey("a.confirmed", "appointment/1", 0, "user/5")
    others = [
        MessageKey("a.changed", "appointment/1", 0, "user/5"),
        MessageKey("a.confirmed", "appointment/10", 0, "user/5"),
        MessageKey("a.confirmed", "appointment/1", 1, "user/5"),
        MessageKey("a.confirmed", "appointment/1", 0, "user/50"),
    ]

    assert key.digest() == MessageKey("a.confirmed", "appointment/1", 0, "user/5").digest()
    assert len({key.digest(), *(other.digest() for other in others)}) == 5
