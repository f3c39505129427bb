"""Why a time is not offered (for staff), and what a booking is refused with (SCH-03)."""

from datetime import timedelta

import pytest

from app.kernel.errors import Conflict, Invalid, NotFound
from app.scheduling.errors import (
    LimitReached,
    NotOffered,
    OffTheGrid,
    PastTime,
    PatientBusy,
    SlotTaken,
    TooFar,
    TooSoon,
    UnknownProvider,
)
from app.scheduling.rules import (
    Closure,
    DateOverride,
    Need,
    PatientFacts,
    PatientLimits,
    ReasonCode,
    check_offered,
    why_not,
)
from tests.rules.clinic import (
    BERLIN,
    DANA,
    DIEGO,
    MONDAY,
    at,
    claim,
    minutes,
    period,
    policy,
    provider,
    question,
    room,
)

TEN = at("10:00")
DAY_OFF = (DateOverride(MONDAY),)
BUSY = PatientFacts(claims=(claim("10:10", "10:20", number=8),))

# name, the clinic, who and when, the code, a part of the sentence, the refusal of a booking
CASES = {
    "stranger": (
        question(provider("09:00-12:00")),
        (DIEGO, TEN),
        (ReasonCode.UNKNOWN_PROVIDER, "does not offer this visit"),
        UnknownProvider,
    ),
    "other week": (
        question(provider("09:00-12:00")),
        (DANA, TEN + timedelta(days=7)),
        (ReasonCode.OUTSIDE_WINDOW, "Only 23 Nov 2026 to 23 Nov 2026"),
        NotOffered,
    ),
    "past": (
        question(provider("09:00-12:00"), now=at("10:01")),
        (DANA, TEN),
        (ReasonCode.PAST, "already passed"),
        PastTime,
    ),
    "holiday": (
        question(provider("09:00-12:00"), closures=(Closure(period("00:00", "23:59"), "Eid"),)),
        (DANA, TEN),
        (ReasonCode.CLOSED, "closed at this time (Eid)"),
        NotOffered,
    ),
    "time off": (
        question(provider("09:00-12:00", time_off=(period("10:20", "11:15"),))),
        (DANA, TEN),
        (ReasonCode.TIME_OFF, "DOC001 has time off until 11:15"),
        NotOffered,
    ),
    "day off": (
        question(provider("09:00-12:00", overrides=DAY_OFF)),
        (DANA, TEN),
        (ReasonCode.DAY_OFF, "DOC001 has this day off"),
        NotOffered,
    ),
    "lunch": (
        question(provider("09:00-10:00", "13:00-17:00")),
        (DANA, TEN),
        (ReasonCode.OUTSIDE_HOURS, "09:00 to 10:00 and 13:00 to 17:00"),
        NotOffered,
    ),
    "no hours": (
        question(provider()),
        (DANA, TEN),
        (ReasonCode.OUTSIDE_HOURS, "DOC001 has no hours that day"),
        NotOffered,
    ),
    "off the grid": (
        question(provider("09:10-12:00")),
        (DANA, TEN),
        (ReasonCode.OFF_GRID, "do not start at 10:00. The nearest free times: 09:40 and 10:10"),
        OffTheGrid,
    ),
    "taken": (
        question(provider("09:00-12:00", claims=(claim("10:20", "10:40", number=4),))),
        (DANA, TEN),
        (ReasonCode.TAKEN, "DOC001 has another visit from 10:20 to 10:40"),
        SlotTaken,
    ),
    "buffer": (
        question(provider("09:00-12:00", claims=(claim("10:30", "11:00", before=5, number=4),))),
        (DANA, TEN),
        (ReasonCode.BUFFER, "Too close to another visit of DOC001 from 10:30 to 11:00"),
        SlotTaken,
    ),
    "no room": (
        question(
            provider("09:00-12:00"),
            needs=(Need("room", 1, (room(claim("10:20", "10:40", number=4)),)),),
        ),
        (DANA, TEN),
        (ReasonCode.RESOURCE, "No room is free at this time: Room 1 in use."),
        SlotTaken,
    ),
    "busy patient": (
        question(provider("09:00-12:00"), patient=BUSY),
        (DANA, TEN),
        (ReasonCode.PATIENT_BUSY, "The patient has another visit from 10:10 to 10:20"),
        PatientBusy,
    ),
    "too soon": (
        question(
            provider("09:00-12:00"), now=at("09:00"), policy=policy(minimum_notice=minutes(120))
        ),
        (DANA, TEN),
        (ReasonCode.TOO_SOON, "at least 2 hours ahead"),
        TooSoon,
    ),
    "too far": (
        question(provider("09:00-12:00"), now=at("09:00"), policy=policy(horizon=minutes(45))),
        (DANA, TEN),
        (ReasonCode.TOO_FAR, "at most 45 minutes ahead"),
        TooFar,
    ),
    "patient limit": (
        question(
            provider("09:00-12:00"),
            patient=PatientFacts(open_total=3),
            patient_limits=PatientLimits(max_open=3),
        ),
        (DANA, TEN),
        (ReasonCode.LIMIT, "at most 3 visits open at the same time"),
        LimitReached,
    ),
    "provider limit": (
        question(provider("09:00-12:00", max_per_day=1, booked_by_day={MONDAY: 1})),
        (DANA, TEN),
        (ReasonCode.LIMIT, "DOC001 takes no more visits that day"),
        LimitReached,
    ),
}


@pytest.mark.parametrize(("asked", "time", "expected", "_"), CASES.values(), ids=CASES)
def test_staff_are_told_why_a_time_is_not_offered(asked, time, expected, _):
    reason = why_not(asked, *time)

    assert reason is not None
    assert reason.code == expected[0]
    assert expected[1] in reason.sentence


@pytest.mark.parametrize(("asked", "time", "_", "refusal"), CASES.values(), ids=CASES)
def test_a_booking_of_a_time_that_is_not_offered_is_refused(asked, time, _, refusal):
    with pytest.raises(refusal) as refused:
        check_offered(asked, *time)

    assert type(refused.value) is refusal
    assert refused.value.message.endswith(".")


def test_every_reason_has_a_case_here():
    assert {expected[0] for _, _, expected, _ in CASES.values()} == set(ReasonCode)


def test_an_offered_time_has_no_reason_and_is_returned():
    asked = question(provider("09:00-12:00"))

    assert why_not(asked, DANA, TEN) is None
    assert check_offered(asked, DANA, TEN) == (DANA, "DOC001", TEN, at("10:30"), "")


@pytest.mark.parametrize("bound", ["minimum_notice", "horizon"])
def test_notice_and_horizon_include_their_boundary_sch_15(bound):
    asked = question(
        provider("09:00-12:00"), now=at("09:00"), policy=policy(**{bound: minutes(60)})
    )

    assert why_not(asked, DANA, TEN) is None


def test_the_same_instant_in_another_zone_is_the_same_time():
    assert (
        check_offered(question(provider("09:00-12:00")), DANA, TEN.astimezone(BERLIN)).starts_at
        == TEN
    )


def test_only_a_claim_makes_it_a_conflict_and_everything_else_is_invalid():
    taken = {name for name, case in CASES.items() if issubclass(case[3], Conflict)}
    unknown = {name for name, case in CASES.items() if issubclass(case[3], NotFound)}

    assert taken == {"taken", "buffer", "no room", "busy patient"}
    assert unknown == {"stranger"}
    assert all(issubclass(CASES[name][3], Invalid) for name in set(CASES) - taken - unknown)


def test_a_taken_time_comes_with_free_times_near_it_with_any_provider():
    dana = provider("09:00-11:00", claims=(claim("10:00", "10:30"),))
    diego = provider("10:00-10:30", number=DIEGO, key="DOC002")

    with pytest.raises(SlotTaken) as refused:
        check_offered(question(dana, diego), DANA, TEN)

    assert refused.value.code == "scheduling.slot_taken"
    assert refused.value.message == "This time has just been taken. Please choose another."
    assert [(free.provider, free.starts_at) for free in refused.value.alternatives] == [
        ("DOC001", at("09:30")),
        ("DOC002", at("10:00")),
        ("DOC001", at("10:30")),
    ]


def test_a_reason_names_the_visit_in_the_way_and_no_patient():
    asked, time, _, _ = CASES["taken"]

    reason = why_not(asked, *time)

    assert reason.appointment_id == 4


def test_a_patient_does_not_read_the_details_of_a_providers_absence():
    asked, time, _, _ = CASES["time off"]

    with pytest.raises(NotOffered) as refused:
        check_offered(asked, *time)

    assert "11:15" not in refused.value.message


@pytest.mark.parametrize(
    ("notice", "words"),
    [
        (minutes(1), "1 minute ahead"),
        (minutes(90), "90 minutes ahead"),
        (minutes(60), "1 hour ahead"),
        (timedelta(days=2), "2 days ahead"),
        (timedelta(days=1), "1 day ahead"),
    ],
)
def test_the_notice_is_told_in_the_largest_unit_that_says_it_exactly(notice, words):
    asked = question(provider("09:00-12:00"), now=TEN, policy=policy(minimum_notice=notice))

    assert words in why_not(asked, DANA, TEN).sentence
