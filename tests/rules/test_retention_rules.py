"""How long records are kept, and who may approve their disposal (RET-01, RET-02)."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.footprint import Footprint
from app.retention import rules
from app.retention.errors import NeedsOtherPerson, ReasonTooShort
from app.retention.rules import DisposalStatus, Kind, Person, Schedule

SCHEDULE = Schedule()
ADULT = Person(
    born_on=date(1990, 5, 1),
    first_known_on=date(2015, 6, 1),
    last_consultation_on=date(2019, 3, 10),
)
days = st.dates(date(1950, 1, 1), date(2060, 12, 31))


@pytest.mark.parametrize(
    ("day", "years", "later"),
    [
        (date(2019, 3, 10), 7, date(2026, 3, 10)),
        (date(2020, 2, 29), 7, date(2027, 3, 1)),
        (date(2020, 2, 29), 4, date(2024, 2, 29)),
        (date(2019, 12, 31), 10, date(2029, 12, 31)),
    ],
)
def test_years_end_on_the_same_day_and_never_early(day, years, later):
    assert rules.years_after(day, years) == later


@pytest.mark.parametrize(
    ("today", "is_due"),
    [(date(2026, 3, 9), False), (date(2026, 3, 10), False), (date(2026, 3, 11), True)],
)
def test_an_outpatient_is_due_the_day_after_seven_years(today, is_due):
    verdict = rules.judge(ADULT, SCHEDULE, today=today)

    assert (verdict.is_due, verdict.kept_until) == (is_due, date(2026, 3, 10))
    assert verdict.sentence == (
        "Kept until 2026-03-10: outpatient records 7 years after the last consultation"
        " on 2019-03-10."
    )


def test_inpatients_are_kept_ten_years_and_the_longer_duty_counts():
    both = replace(ADULT, kinds=frozenset({Kind.OUTPATIENT, Kind.INPATIENT}))

    assert rules.judge(both, SCHEDULE, today=date(2027, 1, 1)).kept_until == date(2029, 3, 10)


def test_immunizations_are_kept_for_ever():
    vaccinated = replace(ADULT, kinds=frozenset({Kind.OUTPATIENT, Kind.IMMUNIZATION}))

    verdict = rules.judge(vaccinated, SCHEDULE, today=date(2200, 1, 1))

    assert (verdict.kept_until, verdict.is_due) == (None, False)
    assert "for ever" in verdict.sentence


def test_of_minors_the_duty_counts_from_their_coming_of_age():
    minor = replace(ADULT, born_on=date(2004, 2, 29))

    verdict = rules.judge(minor, SCHEDULE, today=date(2026, 6, 1))

    assert verdict.kept_until == date(2029, 3, 1)
    assert verdict.why == "Kept until 2029-03-01: outpatient records 7 years after coming of age."


def test_without_a_birth_date_the_latest_possible_one_counts():
    unknown = replace(ADULT, born_on=None)

    verdict = rules.judge(unknown, SCHEDULE, today=date(2026, 6, 1))

    assert verdict.kept_until == date(2040, 6, 1)
    assert "no birth date is known" in verdict.why


def test_whoever_did_something_later_is_kept_from_then_on():
    back = replace(ADULT, last_activity_on=date(2024, 1, 5))

    verdict = rules.judge(back, SCHEDULE, today=date(2026, 6, 1))

    assert "7 years after the last activity on 2024-01-05" in verdict.why


def test_an_obstacle_forbids_what_the_calendar_allows():
    held = replace(ADULT, obstacles=("It is under a hold.",))

    verdict = rules.judge(held, SCHEDULE, today=date(2030, 1, 1))

    assert not verdict.is_due
    assert verdict.sentence.endswith("It is under a hold.")


@given(since=days, born=days, known=days, years=st.integers(7, 30))
def test_nothing_is_ever_kept_too_short(since, born, known, years):
    """RET-01: max(normal, age 18 + normal), for every pair of days."""
    schedule = Schedule(outpatient=years)

    last = rules.kept_until(
        Kind.OUTPATIENT, schedule, since=since, born_on=born, first_known_on=known
    )

    assert last is not None
    assert last >= rules.years_after(since, years)
    if born <= since:
        assert last >= rules.years_after(rules.years_after(born, 18), years)
        if rules.years_after(born, 18) <= since:
            assert last == rules.years_after(since, years)


@given(person_since=days, later=st.integers(0, 20_000))
def test_once_due_always_due(person_since, later):
    person = Person(first_known_on=person_since, born_on=date(1950, 1, 1))
    verdict = rules.judge(person, SCHEDULE, today=date(2100, 1, 1))
    assert verdict.kept_until is not None

    today = verdict.kept_until + timedelta(days=1 + later)

    assert rules.judge(person, SCHEDULE, today=today).is_due
    assert not rules.judge(person, SCHEDULE, today=verdict.kept_until).is_due


def test_two_others_approve():
    rules.check_approver(3, drafted_by_id=1, first_approver_id=2)
    for user_id, sentence in (
        (None, "Only people"),
        (1, "You drew up"),
        (2, "You approved this list already"),
    ):
        with pytest.raises(NeedsOtherPerson, match=sentence):
            rules.check_approver(user_id, drafted_by_id=1, first_approver_id=2)


def test_a_reason_says_something():
    assert rules.checked_reason("  a court \n asks for it ") == "a court asks for it"
    with pytest.raises(ReasonTooShort) as refused:
        rules.checked_reason("because")
    assert "reason" in refused.value.errors


def test_a_list_is_withdrawn_only_before_it_runs():
    ways = {state for state, to in rules.MOVES.items() if DisposalStatus.WITHDRAWN in to}

    assert ways == {DisposalStatus.DRAWING, DisposalStatus.PROPOSED, DisposalStatus.APPROVED}
    assert not {DisposalStatus.DONE, DisposalStatus.WITHDRAWN} & (
        rules.UNDER_WAY | set(rules.MOVES)
    )


def test_the_hash_of_a_list_knows_no_order_but_every_line():
    lines = [(1, date(2020, 1, 1)), (2, date(2021, 1, 1))]

    assert rules.list_hash(lines) == rules.list_hash(reversed(lines))
    assert rules.list_hash(lines) != rules.list_hash(lines[:1])
    assert rules.list_hash(lines) != rules.list_hash([(1, date(2020, 1, 2)), lines[1]])


def test_footprints_add_up():
    assert Footprint() | Footprint(open_matters=("a",)) == Footprint(open_matters=("a",))
