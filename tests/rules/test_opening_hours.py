"""When a clinic is open: SCH-10, SCH-11, SCH-12 and SCH-16."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.kernel.errors import Invalid
from app.kernel.period import Period
from app.scheduling.rules import (
    Closure,
    DateOverride,
    WeeklyHours,
    available_slots,
    opening,
    opening_by_day,
)
from tests.rules.clinic import (
    BERLIN,
    DANA,
    MANILA,
    MONDAY,
    at,
    minutes,
    period,
    policy,
    provider,
    question,
    span,
    starts,
    weekly,
)

TUESDAY = MONDAY + timedelta(days=1)


def open_on(day, one, closures=(), zone=MANILA):
    return opening_by_day(one, closures, day, day, zone)[day]


def test_a_day_with_a_lunch_break_has_two_periods():
    dana = provider("08:00-12:00", "13:00-17:00")

    assert open_on(MONDAY, dana) == [period("08:00", "12:00"), period("13:00", "17:00")]


def test_spans_that_touch_or_overlap_merge_sch_10():
    dana = provider("08:00-10:00", "10:00-12:00", "11:00-13:00")

    assert open_on(MONDAY, dana) == [period("08:00", "13:00")]


def test_a_visit_may_lie_across_two_spans_that_touch():
    dana = provider("08:00-08:45", "08:45-09:30")

    assert starts(available_slots(question(dana))) == ["08:00", "08:30", "09:00"]


def test_no_visit_lies_across_two_campuses():
    hours = weekly("08:00-08:45", campus="Downtown") + weekly("08:45-09:30", campus="Talamban")
    dana = provider(number=DANA)

    slots = available_slots(question(type(dana)(DANA, "DOC001", weekly=hours)))

    assert starts(slots) == ["08:00", "08:45"]
    assert [slot.campus for slot in slots] == ["Downtown", "Talamban"]


@pytest.mark.parametrize(
    ("valid_from", "valid_to", "is_open"),
    [
        (MONDAY, MONDAY, True),
        (TUESDAY, None, False),
        (None, MONDAY - timedelta(days=1), False),
        (None, None, True),
    ],
)
def test_weekly_hours_hold_from_and_to_their_days_both_included(valid_from, valid_to, is_open):
    hours = weekly("08:00-12:00", valid_from=valid_from, valid_to=valid_to)

    one = type(provider())(DANA, "DOC001", weekly=hours)

    assert bool(open_on(MONDAY, one)) is is_open


def test_a_span_past_midnight_belongs_to_the_day_on_which_it_starts():
    night = type(provider())(DANA, "DOC001", weekly=weekly("22:00-02:00", days=(0,)))

    assert open_on(MONDAY, night) == [Period(at("22:00"), at("00:00", TUESDAY))]
    assert open_on(TUESDAY, night) == [period("00:00", "02:00", TUESDAY)]
    assert opening(night, (), TUESDAY, TUESDAY, MANILA) == [
        Period(at("22:00"), at("02:00", TUESDAY))
    ]


def test_a_visit_may_run_past_midnight_and_counts_for_the_day_it_starts_on():
    night = type(provider())(DANA, "DOC001", weekly=weekly("22:00-02:00", days=(0,)))
    long = policy(50)

    monday = available_slots(question(night, policy=long))
    tuesday = available_slots(question(night, policy=long, first=TUESDAY, last=TUESDAY))

    assert starts(monday) == ["22:00", "22:50", "23:40"]
    assert starts(tuesday) == ["00:30"]


def test_a_clinic_that_never_closes_has_the_same_grid_in_every_window():
    always = provider("00:00-12:00", "12:00-00:00")
    odd = policy(50)

    week = question(always, policy=odd, last=MONDAY + timedelta(days=2))
    day = question(always, policy=odd, first=TUESDAY, last=TUESDAY)

    assert set(available_slots(day)) <= set(available_slots(week))
    assert starts(available_slots(day))[:2] == ["00:00", "00:50"]


def test_a_clinic_that_never_closes_offers_midnight_once_and_visits_across_it():
    always = provider("00:00-12:00", "12:00-00:00")

    hourly = starts(available_slots(question(always, policy=policy(60, step=30))))

    assert hourly[:2] == ["00:00", "00:30"]
    assert hourly[-1] == "23:30"
    assert len(hourly) == 48


def test_an_override_replaces_the_hours_of_its_date_sch_11():
    dana = provider("08:00-12:00", overrides=(DateOverride(MONDAY, (span("14:00", "15:00"),)),))

    assert open_on(MONDAY, dana) == [period("14:00", "15:00")]
    assert open_on(TUESDAY, dana) == [period("08:00", "12:00", TUESDAY)]


def test_several_overrides_of_one_date_unite():
    overrides = (
        DateOverride(MONDAY, (span("14:00", "15:00"),)),
        DateOverride(MONDAY, (span("08:00", "09:00"), span("14:30", "16:00"))),
    )

    dana = provider("08:00-12:00", overrides=overrides)

    assert open_on(MONDAY, dana) == [period("08:00", "09:00"), period("14:00", "16:00")]


def test_an_empty_override_is_a_day_off():
    dana = provider("08:00-12:00", overrides=(DateOverride(MONDAY),))

    assert open_on(MONDAY, dana) == []


def test_a_closure_beats_an_override_and_time_off_beats_hours_sch_12():
    dana = provider(
        "08:00-12:00",
        overrides=(DateOverride(MONDAY, (span("08:00", "17:00"),)),),
        time_off=(period("09:00", "10:00"), period("10:00", "10:30")),
    )

    assert open_on(MONDAY, dana, [Closure(period("12:00", "23:00"))]) == [
        period("08:00", "09:00"),
        period("10:30", "12:00"),
    ]


def test_time_off_until_ten_past_nine_does_not_shift_the_grid_sch_16():
    dana = provider("08:00-10:30", time_off=(period("08:20", "09:10"),))

    slots = available_slots(question(dana))

    assert starts(slots) == ["09:30", "10:00"]


def test_a_skipped_hour_yields_nothing():
    sunday = date(2026, 3, 29)  # 02:00 becomes 03:00
    night = provider("01:00-04:00")

    slots = available_slots(
        question(night, first=sunday, last=sunday, zone=BERLIN, now=at("00:00", sunday, BERLIN))
    )

    assert starts(slots, BERLIN) == ["01:00", "01:30", "03:00", "03:30"]


def test_a_repeated_hour_yields_two_distinct_instants():
    sunday = date(2026, 10, 25)  # 03:00 becomes 02:00
    night = provider("01:30-03:30")

    slots = available_slots(
        question(night, first=sunday, last=sunday, zone=BERLIN, now=at("00:00", sunday, BERLIN))
    )

    assert starts(slots, BERLIN) == ["01:30", "02:00", "02:30", "02:00", "02:30", "03:00"]
    assert len({slot.starts_at for slot in slots}) == 6


def test_opening_at_a_skipped_time_means_right_after_the_gap():
    sunday = date(2026, 3, 29)
    night = provider("02:20-04:00")

    assert open_on(sunday, night, zone=BERLIN) == [period("03:00", "04:00", sunday, BERLIN)]
    assert open_on(sunday, provider("02:00-02:50"), zone=BERLIN) == []


def test_a_day_whose_midnight_is_skipped_opens_at_one():
    santiago, sunday = ZoneInfo("America/Santiago"), date(2026, 9, 6)
    early = provider("00:00-03:00")

    assert open_on(sunday, early, zone=santiago) == [period("01:00", "03:00", sunday, santiago)]


def test_half_an_hour_of_clock_change_lengthens_the_day_by_half_an_hour():
    island, sunday = ZoneInfo("Australia/Lord_Howe"), date(2026, 4, 5)

    (night,) = open_on(sunday, provider("01:00-03:00"), zone=island)

    assert night.lasts_for == minutes(150)


def test_closing_at_a_repeated_time_means_its_first_occurrence():
    sunday = date(2026, 10, 25)

    (night,) = open_on(sunday, provider("01:00-02:30"), zone=BERLIN)

    assert night.lasts_for == minutes(90)


@pytest.mark.parametrize("closure_ends", ["2026-11-23", "2026-12-31"])
def test_a_closure_of_many_days_closes_each_of_them(closure_ends):
    last = date.fromisoformat(closure_ends)
    typhoon = Closure(Period(at("00:00"), at("00:00", last + timedelta(days=1))))

    found = opening_by_day(provider("08:00-12:00"), [typhoon], MONDAY, last, MANILA)

    assert set(found) == {MONDAY + timedelta(days=i) for i in range((last - MONDAY).days + 1)}
    assert not any(found.values())


@pytest.mark.parametrize(
    "refused",
    [
        lambda: WeeklyHours(0, *span("08:00", "08:00")),
        lambda: WeeklyHours(7, *span("08:00", "09:00")),
        lambda: WeeklyHours(0, *span("08:00", "09:00"), TUESDAY, MONDAY),
        lambda: DateOverride(MONDAY, (span("08:00", "08:00"),)),
        lambda: WeeklyHours(0, at("08:00").timetz(), at("09:00").timetz()),
    ],
    ids=["empty", "weekday", "validity", "empty override", "with a zone"],
)
def test_hours_that_make_no_sense_are_refused(refused):
    with pytest.raises(Invalid):
        refused()
