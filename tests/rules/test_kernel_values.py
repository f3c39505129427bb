"""Values every domain shares: periods, the clock, state tables, the actor."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel import clock
from app.kernel.actor import Actor, Channel, system_actor
from app.kernel.errors import Forbidden
from app.kernel.ids import UserId
from app.kernel.period import Period, merged, minus
from app.kernel.permission import PermissionEnum, Role
from app.kernel.states import TransitionRefused, check_move
from tests.rules.clinic import BERLIN, MANILA, MONDAY, at, minutes, period

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FEW = settings(max_examples=80, deadline=None, derandomize=True)


def short_periods():
    return st.builds(
        lambda start, lasts: Period(EPOCH + minutes(start), EPOCH + minutes(start + lasts)),
        st.integers(0, 40),
        st.integers(1, 15),
    )


def covered(periods):
    """The minutes that periods cover, counted one by one."""
    return {
        minute
        for one in periods
        for minute in range(
            (one.starts_at - EPOCH) // minutes(1), (one.ends_at - EPOCH) // minutes(1)
        )
    }


def is_tidy(periods):
    return all(left.ends_at < right.starts_at for left, right in pairwise(periods))


@FEW
@given(st.lists(short_periods(), max_size=8))
def test_merging_keeps_the_same_time_in_the_fewest_periods(periods):
    result = merged(periods)

    assert covered(result) == covered(periods)
    assert is_tidy(result)


@FEW
@given(st.lists(short_periods(), max_size=8), st.lists(short_periods(), max_size=8))
def test_taking_away_leaves_exactly_what_was_not_taken(periods, removed):
    result = minus(periods, removed)

    assert covered(result) == covered(periods) - covered(removed)
    assert is_tidy(result)


@FEW
@given(short_periods(), short_periods())
def test_two_periods_overlap_exactly_if_they_share_time(one, other):
    shared = one.intersection(other)

    assert one.overlaps(other) == (shared is not None) == bool(covered([one]) & covered([other]))
    assert one.contains(other) == (shared == other)


def test_a_period_holds_its_start_and_not_its_end():
    morning = period("08:00", "12:00")

    assert morning.holds(at("08:00"))
    assert not morning.holds(at("12:00"))
    assert not morning.overlaps(period("12:00", "13:00"))


def test_a_period_lasts_for_elapsed_time_also_when_the_clock_changes():
    sunday = date(2026, 3, 29)

    night = Period(datetime(2026, 3, 29, 0, tzinfo=BERLIN), datetime(2026, 3, 29, 6, tzinfo=BERLIN))

    assert night.lasts_for == timedelta(hours=5)
    assert night.starts_at.tzinfo is UTC
    assert clock.clinic_day(sunday, BERLIN).lasts_for == timedelta(hours=23)


def test_a_period_is_widened_on_both_sides():
    wider = period("09:00", "10:00").widened(before=minutes(5), after=minutes(10))

    assert wider == period("08:55", "10:10")


def test_an_empty_or_naive_period_is_refused():
    with pytest.raises(ValueError, match="must end after it starts"):
        Period(at("09:00"), at("09:00"))
    with pytest.raises(ValueError, match="time zone"):
        Period(at("09:00").replace(tzinfo=None), at("10:00").replace(tzinfo=None))


def test_a_clinic_day_is_the_civil_day_of_the_zone():
    day = clock.clinic_day(MONDAY, MANILA)

    assert day == Period(at("00:00"), at("00:00", MONDAY + timedelta(days=1)))
    assert clock.clinic_days(MONDAY, MONDAY, MANILA) == day
    assert clock.local_date(day.starts_at, MANILA) == MONDAY
    assert clock.local_date(day.starts_at - minutes(1), MANILA) == MONDAY - timedelta(days=1)


def test_now_is_in_utc_and_may_be_pretended_for_a_while():
    with clock.pretend(at("09:00").astimezone(BERLIN)):
        pretended = clock.now()

    assert pretended == at("09:00")
    assert pretended.tzinfo is UTC
    assert clock.now() != pretended


class Light(StrEnum):
    RED = "red"
    GREEN = "green"


def test_a_move_that_the_table_lacks_is_refused_by_name():
    table = {Light.RED: frozenset({Light.GREEN})}

    check_move(table, Light.RED, Light.GREEN)

    with pytest.raises(TransitionRefused, match="green cannot become red"):
        check_move(table, Light.GREEN, Light.RED)


class Permission(PermissionEnum):
    BOOK = "scheduling:walk-in:call-next", {Role.RECEPTIONIST}


def test_a_permission_is_a_pair_that_admins_can_read():
    assert (Permission.BOOK.fab_permission, Permission.BOOK.fab_resource) == (
        "can_call_next",
        "WalkIn",
    )
    assert Permission.BOOK.roles == {Role.RECEPTIONIST}


def test_an_actor_may_do_what_was_granted_and_nothing_else():
    granted = frozenset({("can_call_next", "WalkIn")})
    rosa = Actor(UserId(1), "Rosa", frozenset({"Receptionist"}), granted)
    eve = Actor(UserId(2), "Eve")

    rosa.require(Permission.BOOK)

    with pytest.raises(Forbidden):
        eve.require(Permission.BOOK)


def test_the_system_may_do_everything_and_is_named_so():
    system = system_actor(Channel.CLI, request_id="job-1")

    system.require(Permission.BOOK)
    assert system.is_system
    assert system.role == "system"
    assert system.channel is Channel.CLI


@pytest.mark.parametrize(("roles", "word"), [({"Nurse", "Admin"}, "Admin, Nurse"), (set(), "none")])
def test_the_audit_trail_names_all_roles_of_an_actor(roles, word):
    assert Actor(UserId(1), "Neil", frozenset(roles)).role == word
