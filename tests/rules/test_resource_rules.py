"""Rooms and equipment that visits claim with the provider (SCH-01, SCH-13, SCH-14)."""

from dataclasses import replace
from datetime import time, timedelta

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.scheduling.errors import SlotTaken
from app.scheduling.rules import (
    Need,
    Question,
    ReasonCode,
    available_slots,
    check_offered,
    choose_resources,
    why_not,
)
from app.scheduling.rules.instants import at as instant
from app.scheduling.rules.instants import wall
from app.scheduling.rules.resources import crowded
from tests.rules.clinic import (
    DANA,
    DIEGO,
    at,
    claim,
    claims_near,
    minutes,
    policy,
    provider,
    question,
    questions,
    room,
    starts,
    weekly,
)

NOON = time(12)

quick = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def chair(*rooms, quantity=1):
    return Need("dental chair", quantity, rooms)


@st.composite
def questions_with_needs(draw: st.DrawFn) -> Question:
    """Any question of the other properties, and one or two needs on top."""
    asked = draw(questions())
    noon = instant(wall(asked.last, NOON, asked.zone))
    rooms = [
        room(
            *draw(st.lists(claims_near(noon), max_size=6)),
            number=number,
            campus=draw(st.sampled_from(["", "", "Talamban", "Downtown"])),
        )
        for number in range(1, draw(st.integers(1, 5)) + 1)
    ]
    split = draw(st.integers(0, len(rooms)))
    needs = [Need("room", draw(st.integers(1, 2)), tuple(rooms[:split]))]
    if draw(st.booleans()):
        needs.append(Need("chair", draw(st.integers(1, 2)), tuple(rooms[split:])))
    return replace(asked, needs=tuple(needs))


def test_a_visit_is_offered_only_while_a_room_is_free():
    asked = question(provider("09:00-12:00"), needs=(chair(room(claim("09:30", "10:30"))),))

    assert starts(available_slots(asked)) == ["09:00", "10:30", "11:00", "11:30"]  # SCH-01


def test_any_free_room_of_the_category_will_do():
    busy, free = room(claim("09:00", "12:00")), room(number=2)
    asked = question(provider("09:00-11:00"), needs=(chair(busy, free),))

    assert len(available_slots(asked)) == 4
    assert choose_resources(asked, starts_at=at("09:00"), campus="") == [free]


def test_a_need_of_two_waits_until_two_are_free():
    rooms = (room(claim("09:00", "10:00")), room(number=2), room(claim("10:30", "11:00"), number=3))
    asked = question(provider("09:00-11:30"), needs=(chair(*rooms, quantity=2),))
    full = replace(asked, needs=(chair(*rooms, quantity=3),))

    assert starts(available_slots(asked)) == ["09:00", "09:30", "10:00", "10:30", "11:00"]
    assert starts(available_slots(full)) == ["10:00", "11:00"]  # SCH-13


def test_two_needs_must_be_met_at_once():
    needs = (chair(room(claim("09:00", "09:30"))), Need("x-ray", 1, (room(number=2),)))
    asked = question(provider("09:00-10:00"), needs=needs)

    assert starts(available_slots(asked)) == ["09:30"]
    chosen = choose_resources(asked, starts_at=at("09:30"), campus="")
    assert [one.resource_id for one in chosen] == [1, 2]


def test_a_need_without_any_room_offers_nothing_and_says_so():
    asked = question(provider("09:00-10:00"), needs=(chair(),))

    reason = why_not(asked, DANA, at("09:00"))

    assert available_slots(asked) == []
    assert reason.code is ReasonCode.RESOURCE
    assert reason.sentence == "There is no dental chair for this visit."


def test_the_reason_names_the_rooms_that_are_in_use():
    asked = question(provider("09:00-12:00"), needs=(chair(room(claim("09:30", "10:30"))),))

    reason = why_not(asked, DANA, at("10:00"))

    assert reason.code is ReasonCode.RESOURCE
    assert reason.sentence == "No dental chair is free at this time: Room 1 in use."


def test_a_time_without_a_free_room_is_refused_as_taken_with_free_times():
    asked = question(provider("09:00-12:00"), needs=(chair(room(claim("09:30", "10:30"))),))

    with pytest.raises(SlotTaken) as refused:
        check_offered(asked, DANA, at("10:00"))

    assert at("10:30") in [free.starts_at for free in refused.value.alternatives]


def test_a_room_of_another_campus_cannot_be_used_and_one_without_campus_goes_anywhere():
    downtown = replace(provider(), weekly=weekly("09:00-10:00", campus="Downtown"))
    far, anywhere = room(campus="Talamban"), room(number=2)

    assert available_slots(question(downtown, needs=(chair(far),))) == []
    assert len(available_slots(question(downtown, needs=(chair(far, anywhere),)))) == 2
    reason = why_not(question(downtown, needs=(chair(far),)), DANA, at("09:00"))
    assert reason.sentence == "There is no dental chair for this visit on campus Downtown."


def test_the_larger_of_both_buffers_lies_between_two_visits_of_a_room():
    held = room(claim("10:00", "10:30", before=5, after=20))
    kept = policy(30, step=5, buffer_before=minutes(10), buffer_after=minutes(15))
    asked = question(provider("09:00-12:00"), policy=kept, needs=(chair(held),))

    found = starts(available_slots(asked))  # SCH-14

    assert [one for one in found if "09:00" <= one <= "11:00"] == [
        *("09:00", "09:05", "09:10", "09:15"),
        *("10:50", "10:55", "11:00"),
    ]


def test_a_visit_that_moves_is_not_in_its_own_way():
    asked = question(
        provider("09:00-10:00"),
        needs=(chair(room(claim("09:00", "09:30", number=7))),),
        ignore_appointment_id=7,
    )

    assert starts(available_slots(asked)) == ["09:00", "09:30"]


def test_a_room_is_shared_by_providers_who_have_each_other_in_the_way():
    pair = (provider("09:00-10:00"), provider("09:00-10:00", number=DIEGO, key="DOC002"))
    asked = question(*pair, needs=(chair(room(claim("09:00", "09:30"))),))

    assert [(slot.provider, slot.starts_at) for slot in available_slots(asked)] == [
        ("DOC001", at("09:30")),
        ("DOC002", at("09:30")),
    ]


def test_the_preferred_room_comes_first_then_the_least_used_one():
    used, quiet, own = room(claim("11:00", "11:30")), room(number=2), room(number=3)
    asked = question(provider("09:00-12:00"), needs=(chair(used, quiet, own),))

    def chosen(preferred=None):
        [one] = choose_resources(asked, starts_at=at("09:00"), campus="", preferred=preferred)
        return one.resource_id

    assert chosen() == 2
    assert chosen(preferred=3) == 3
    assert chosen(preferred=99) == 2


def test_choosing_for_a_time_that_is_not_offered_is_a_bug():
    asked = question(provider("09:00-12:00"), needs=(chair(room(claim("09:00", "10:00"))),))

    with pytest.raises(AssertionError, match="too few of dental chair"):
        choose_resources(asked, starts_at=at("09:30"), campus="")


@quick
@given(questions_with_needs(), st.data())
def test_with_needs_staff_get_a_reason_exactly_when_a_time_is_not_offered(asked: Question, data):
    offered = {(slot.practitioner_id, slot.starts_at) for slot in available_slots(asked)}
    day = instant(wall(asked.first, NOON, asked.zone)) - timedelta(hours=12)
    edges = [
        edge
        for need in asked.needs
        for one in need.resources
        for taken in one.claims
        for edge in taken[:4]
    ]
    near = {edge + shift for edge in edges for shift in (minutes(0), -asked.visit_for)}
    shifts = data.draw(st.lists(st.integers(-30, 900), min_size=15, max_size=15))
    near |= {day + minutes(5 * shift) for shift in shifts}

    for practitioner_id, starts_at in {(1, start) for start in near} | set(sorted(offered)[::5]):
        reason = why_not(asked, practitioner_id, starts_at)

        assert (reason is None) == ((practitioner_id, starts_at) in offered), reason


@quick
@given(questions_with_needs())
def test_for_every_offered_slot_free_rooms_are_found_that_no_claim_meets(asked: Question):
    slots = available_slots(asked)
    assume(slots)

    for slot in slots[::7]:
        chosen = choose_resources(asked, starts_at=slot.starts_at, campus=slot.campus)

        assert len({one.resource_id for one in chosen}) == sum(n.quantity for n in asked.needs)
        for one in chosen:
            assert not (one.campus and slot.campus) or one.campus == slot.campus
            for taken in one.claims:
                if taken.appointment_id == asked.ignore_appointment_id:
                    continue
                gap_after = max(taken.held_until - taken.ends_at, asked.policy.buffer_before)
                gap_before = max(taken.starts_at - taken.held_from, asked.policy.buffer_after)
                assert (
                    slot.starts_at - taken.ends_at >= gap_after
                    or taken.starts_at - slot.ends_at >= gap_before
                )


@quick
@given(questions_with_needs())
def test_needs_only_take_slots_away_and_one_room_more_only_adds(asked: Question):
    without = set(available_slots(replace(asked, needs=())))
    found = set(available_slots(asked))
    richer = tuple(
        replace(need, resources=(*need.resources, room(number=90 + i)))
        for i, need in enumerate(asked.needs)
    )

    assert found <= set(available_slots(replace(asked, needs=richer))) <= without


@quick
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=12), st.integers(0, 4))
def test_crowded_finds_what_counting_every_point_finds(intervals, more_than):
    found = crowded(intervals, more_than=more_than)

    for point in range(31):
        depth = sum(low <= point < high for low, high in intervals)
        assert any(low <= point < high for low, high in found) == (depth > more_than)
    assert found == sorted(found)
