"""What is true of every list of slots, whatever the clinic: SCH-03, SCH-10 to SCH-17."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from app.kernel.clock import local_date
from app.kernel.period import Period
from app.scheduling.rules import (
    Closure,
    Question,
    available_slots,
    check_offered,
    opening,
    why_not,
)
from app.scheduling.rules.instants import at as instant
from app.scheduling.rules.instants import wall
from tests.rules.clinic import (
    INTERESTING_DAYS,
    claims_near,
    clock_times,
    minutes,
    policy,
    provider,
    questions,
)

quick = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@quick
@given(questions(), st.data())
def test_staff_get_a_reason_exactly_when_a_time_is_not_offered(question: Question, data):
    offered = {(slot.practitioner_id, slot.starts_at) for slot in available_slots(question)}
    day = instant(wall(question.first, datetime.min.time(), question.zone))
    shifts = data.draw(st.lists(st.integers(-30, 900), min_size=15, max_size=15))
    edges = [edge for claim in question.providers[0].claims for edge in claim[:4]]
    near = {edge + shift for edge in edges for shift in (minutes(0), -question.visit_for)}
    near |= {day + minutes(5 * shift) for shift in shifts}
    asked = {(1, starts_at) for starts_at in near} | set(sorted(offered)[::5])

    for practitioner_id, starts_at in asked:
        reason = why_not(question, practitioner_id, starts_at)

        assert (reason is None) == ((practitioner_id, starts_at) in offered), reason


@quick
@given(questions())
def test_no_slot_meets_a_claim_or_the_time_needed_around_it(question: Question):
    kept = question.policy

    for slot in available_slots(question):
        provider = next(
            one for one in question.providers if one.practitioner_id == slot.practitioner_id
        )
        for claim in provider.claims:
            if claim.appointment_id == question.ignore_appointment_id:
                continue
            after_claim = max(claim.held_until - claim.ends_at, kept.buffer_before)
            before_claim = max(claim.starts_at - claim.held_from, kept.buffer_after)
            assert (
                slot.starts_at - claim.ends_at >= after_claim
                or claim.starts_at - slot.ends_at >= before_claim
            )


@quick
@given(questions())
def test_every_slot_lies_inside_opening_hours_and_inside_the_window(question: Question):
    for slot in available_slots(question):
        provider = next(
            one for one in question.providers if one.practitioner_id == slot.practitioner_id
        )
        open_periods = opening(
            provider, question.closures, question.first, question.last, question.zone
        )

        visit = Period(slot.starts_at, slot.ends_at)
        assert any(period.contains(visit) for period in open_periods)
        assert question.first <= local_date(slot.starts_at, question.zone) <= question.last
        assert visit.lasts_for == question.visit_for


@quick
@given(questions())
def test_slots_are_ordered_by_start_then_provider_and_never_listed_twice(question: Question):
    slots = available_slots(question)

    keys = [(slot.starts_at, slot.provider) for slot in slots]
    assert keys == sorted(set(keys))


@quick
@given(questions())
def test_any_provider_offers_the_union_of_what_each_offers(question: Question):
    alone = [
        slot
        for provider in question.providers
        for slot in available_slots(replace(question, providers=(provider,)))
    ]

    together = available_slots(question)

    assert together == sorted(alone, key=lambda slot: (slot.starts_at, slot.provider))


@quick
@given(questions())
def test_a_day_offers_the_same_slots_alone_and_within_a_longer_window(question: Question):
    assume(question.first < question.last)
    days = [
        question.first + timedelta(days=i) for i in range((question.last - question.first).days + 1)
    ]

    day_by_day = [
        slot for day in days for slot in available_slots(replace(question, first=day, last=day))
    ]

    assert available_slots(question) == day_by_day


@quick
@given(questions(), st.data())
def test_whatever_comes_in_the_way_only_takes_slots_away(question: Question, data):
    noon = instant(wall(question.last, datetime.min.time(), question.zone)) + minutes(720)
    another = data.draw(claims_near(noon))._replace(appointment_id=7)
    before = available_slots(question)

    busier = replace(
        question,
        providers=tuple(replace(one, claims=(*one.claims, another)) for one in question.providers),
        closures=(*question.closures, Closure(Period(another.held_until, noon + minutes(3000)))),
    )

    assert set(available_slots(busier)) <= set(before)


@quick
@given(questions())
def test_what_is_listed_can_be_booked(question: Question):
    slots = available_slots(question)
    assume(slots)

    for slot in (slots[0], slots[-1]):
        assert check_offered(question, slot.practitioner_id, slot.starts_at) == slot


@quick
@given(st.sampled_from(INTERESTING_DAYS), clock_times(), st.sampled_from([20, 45]))
def test_slots_stand_in_whole_steps_from_the_start_of_the_span(place, opens, step):
    zone, day = ZoneInfo(place[0]), place[1]
    closes = (datetime.combine(day, opens) + timedelta(hours=3)).time()
    question = Question(
        policy=policy(30, step),
        providers=(provider(f"{opens:%H:%M}-{closes:%H:%M}"),),
        first=day,
        last=day,
        now=instant(wall(day - timedelta(days=9), opens, zone)),
        zone=zone,
    )

    origins = [wall(day - timedelta(days=back), opens, zone) for back in (0, 1)]
    for slot in available_slots(question):
        elapsed = [slot.starts_at - instant(origin) for origin in origins]
        assert any(not gone % minutes(step) for gone in elapsed)


@quick
@given(st.sampled_from(INTERESTING_DAYS), clock_times(), st.integers(-1, 1))
def test_a_wall_time_is_the_first_instant_at_which_the_clock_shows_it_or_more(place, shown, shift):
    zone, day = ZoneInfo(place[0]), place[1] + timedelta(days=shift)

    found = instant(wall(day, shown, zone))

    wanted = datetime.combine(day, shown)
    assert found.astimezone(zone).replace(tzinfo=None) >= wanted
    assert (found - timedelta(seconds=1)).astimezone(zone).replace(tzinfo=None) < wanted
    assert found.astimezone(zone).fold == 0


@quick
@given(questions(), st.integers(0, 4000))
def test_the_boundary_of_notice_is_offered_and_a_moment_later_it_is_not(question: Question, notice):
    free = replace(question, now=question.now - timedelta(days=9)).without_limits()
    slots = available_slots(free)
    assume(slots)
    wanted = slots[len(slots) // 2]
    policy_with_notice = replace(free.policy, minimum_notice=minutes(notice))
    exactly = replace(free, policy=policy_with_notice, now=wanted.starts_at - minutes(notice))

    moment_later = replace(exactly, now=exactly.now + timedelta(microseconds=1))

    assert wanted in available_slots(exactly)
    assert wanted not in available_slots(moment_later)
