"""Reading class timetables: single and weekly classes, zones, bounds, and damaged files."""

from contextlib import suppress
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.period import Period
from app.scheduling.errors.calendars import BadTimetable
from app.scheduling.rules.timetable import LARGEST_FILE, Window, clashes, parse_timetable

WINDOW = Window(date(2026, 11, 23), ZoneInfo("Asia/Manila"))
WEEKLY = "RRULE:FREQ=WEEKLY;BYDAY=MO,WE;UNTIL=20261209T235959Z"


def calendar(*events):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", ""])


def event(*lines, start="DTSTART:20261123T090000", end="DTEND:20261123T103000"):
    return "\r\n".join(
        ["BEGIN:VEVENT", "UID:a", start, end, "SUMMARY:CIS 2101", *lines, "END:VEVENT"]
    )


def starts(text):
    return [f"{one.starts_at:%m-%d %H:%M}" for one in parse_timetable(text, window=WINDOW)]


def test_a_floating_time_is_the_clinics():
    (found,) = parse_timetable(calendar(event()), window=WINDOW)

    assert found.starts_at == datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
    assert found.ends_at == datetime(2026, 11, 23, 2, 30, tzinfo=UTC)
    assert found.title == "CIS 2101"


def test_times_in_utc_and_in_a_named_zone_are_instants():
    in_utc = event(start="DTSTART:20261123T010000Z", end="DTEND:20261123T020000Z")
    in_tokyo = event(start="DTSTART;TZID=Asia/Tokyo:20261123T090000", end="DURATION:PT1H")

    assert starts(calendar(in_utc)) == ["11-23 01:00"]
    assert starts(calendar(in_tokyo)) == ["11-23 00:00"]


def test_a_weekly_class_ends_with_its_term():
    assert starts(calendar(event(WEEKLY))) == [
        f"{day} 01:00" for day in ("11-23", "11-25", "11-30", "12-02", "12-07", "12-09")
    ]


def test_a_count_an_interval_and_days_left_out():
    every_other = "RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=3"

    assert starts(calendar(event(every_other))) == ["11-23 01:00", "12-07 01:00", "12-21 01:00"]
    assert starts(calendar(event(every_other, "EXDATE:20261207T090000"))) == [
        "11-23 01:00",
        "12-21 01:00",
    ]
    assert starts(calendar(event(every_other, "EXDATE;VALUE=DATE:20261207"))) == [
        "11-23 01:00",
        "12-21 01:00",
    ]


def test_a_class_of_every_second_monday_of_a_month():
    assert starts(calendar(event("RRULE:FREQ=MONTHLY;BYDAY=2MO;COUNT=2"))) == [
        "12-14 01:00",
        "01-11 01:00",
    ]


def test_days_that_the_file_names_one_by_one():
    extra = event(
        "RDATE:20261127T090000,20261128T090000",
        "RDATE;VALUE=PERIOD:20261129T010000Z/PT1H",
        "RDATE;TZID=Asia/Tokyo:20261130T100000",
        "EXDATE:20261128T090000",
    )

    assert starts(calendar(extra)) == [
        "11-23 01:00",
        "11-27 01:00",
        "11-29 01:00",
        "11-30 01:00",
    ]


def test_a_class_that_began_last_year_counts_from_today():
    old = event(
        "RRULE:FREQ=WEEKLY",
        start="DTSTART:20251124T090000",
        end="DTEND:20251124T100000",
    )

    found = starts(calendar(old))
    assert found[0] == "11-23 01:00"
    assert len(found) == 29  # SCH-37: at most 200 days ahead


def test_one_class_moved_to_another_time_replaces_the_one_of_the_series():
    moved = event(
        "RECURRENCE-ID:20261125T090000",
        start="DTSTART:20261126T140000",
        end="DTEND:20261126T150000",
    )

    found = starts(calendar(event("RRULE:FREQ=WEEKLY;BYDAY=MO,WE;COUNT=3"), moved))
    assert found == ["11-23 01:00", "11-26 06:00", "11-30 01:00"]


def test_a_class_stays_at_its_hour_when_clocks_change():
    text = event(
        "RRULE:FREQ=WEEKLY;COUNT=20",
        start="DTSTART;TZID=America/New_York:20261123T090000",
        end="DTEND;TZID=America/New_York:20261123T100000",
    )

    hours = {start[-5:] for start in starts(calendar(text))}
    assert hours == {"14:00", "13:00"}


def test_whole_days_and_cancelled_classes_are_none():
    holiday = event(start="DTSTART;VALUE=DATE:20261124", end="DTEND;VALUE=DATE:20261125")
    cancelled = event("STATUS:CANCELLED", start="DTSTART:20261124T090000")

    assert starts(calendar(event(), holiday, cancelled)) == ["11-23 01:00"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        b"\xff\xfe\x00",
        calendar(),
        calendar(event())[:-20],
        calendar(event(start="DTSTART:20261399T090000")),
        calendar(event("RRULE:FREQ=YEARLY")),
        calendar(event("RRULE:FREQ=MONTHLY;BYSETPOS=1;BYDAY=MO")),
        calendar(event("RRULE:FREQ=SECONDLY")),
        calendar(event("RRULE:FREQ=WEEKLY;BYDAY=2MO")),
        calendar(event("RRULE:FREQ=WEEKLY;BYHOUR=1,2,3")),
        calendar(event("RRULE:FREQ=WEEKLY;INTERVAL=0")),
        calendar(
            event(
                "RRULE:FREQ=DAILY;COUNT=800000",
                start="DTSTART:00010101T090000",
                end="DURATION:PT1H",
            )
        ),
        calendar(event(start="DTSTART:20200101T090000", end="DTEND:20200101T100000")),
        calendar(*[event()] * 2001),
        calendar(event(*["STATUS:CONFIRMED"] * 40_001)),
        "BEGIN:VCALENDAR\n" + "x" * LARGEST_FILE,
    ],
)
def test_what_cannot_be_read_is_refused_in_a_sentence(text):
    with pytest.raises(BadTimetable) as caught:
        parse_timetable(text, window=WINDOW)

    assert caught.value.message.endswith(".")
    assert caught.value.errors["timetable"] == [caught.value.message]


def test_more_classes_than_anybody_has_are_refused():
    many = [
        event(
            "RRULE:FREQ=DAILY",
            start=f"DTSTART:20261123T{hour:02d}{minute:02d}00",
            end="DURATION:PT1M",
        )
        for hour in range(10)
        for minute in (0, 30)
    ]
    with pytest.raises(BadTimetable, match="more than 2000 classes"):
        parse_timetable(calendar(*many), window=WINDOW)


def test_a_files_own_time_zones_are_never_expanded():
    evil = "BEGIN:VTIMEZONE\r\nTZID:X\r\nBEGIN:STANDARD\r\nDTSTART:19000101T000000\r\n" + (
        "RRULE:FREQ=SECONDLY\r\nTZOFFSETFROM:+0000\r\nTZOFFSETTO:+0000\r\nEND:STANDARD\r\n"
        "END:VTIMEZONE"
    )

    assert starts(calendar(evil, event(start="DTSTART;TZID=X:20261123T090000"))) == ["11-23 01:00"]


@given(st.text(max_size=60), st.text(max_size=40))
def test_no_file_is_an_error_of_ours(line, rule):
    with suppress(BadTimetable):
        parse_timetable(calendar(event(line, f"RRULE:{rule}")), window=WINDOW)


def test_a_visit_clashes_with_a_class_that_it_overlaps():
    def period(first, last):
        return Period(
            datetime(2026, 11, 23, first, tzinfo=UTC), datetime(2026, 11, 23, last, tzinfo=UTC)
        )

    assert clashes(period(1, 3), [period(2, 4)])
    assert not clashes(period(1, 2), [period(2, 4)])
