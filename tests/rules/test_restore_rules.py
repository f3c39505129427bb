"""What a proof says, and when a request to restore is good (BAK-02, BAK-04)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.backup.rules.asking import are_two, hash_of, is_good, is_reason, new_code
from app.backup.rules.proof import (
    Check,
    check_counts,
    check_revision,
    check_room,
    has_passed,
    named,
    spread,
)

NOW = datetime(2026, 11, 23, 4, 30, tzinfo=UTC)
GOOD, BAD = Check("one", True, "Right."), Check("two", False, "Wrong.")


def test_a_proof_passes_only_when_something_was_checked_and_all_of_it_is_right():
    assert has_passed([GOOD])
    assert not has_passed([])
    assert not has_passed([GOOD, BAD])
    assert BAD.stored() == {"name": "two", "passed": False, "sentence": "Wrong."}


def test_rows_are_compared_table_by_table():
    assert check_counts({"a": 1, "b": 2_000}, {"a": 1, "b": 2_000}).sentence == (
        "All 2,001 rows of 2 tables came back."
    )
    found = check_counts({"a": 1, "b": 2}, {"a": 3, "c": 0})
    assert not found.passed
    assert "a has 3 instead of 1, b has no table instead of 2, c has 0 instead of no" in (
        found.sentence
    )


def test_the_schema_must_be_the_one_of_the_manifest():
    assert check_revision("0012", "0012").passed
    assert check_revision("0012", "").sentence == "The schema is missing instead of 0012."


def test_what_is_unpacked_needs_a_tenth_more_room_than_its_size():
    """BAK-02"""
    assert check_room([40_000_000, 60_000_000], 110_000_000).passed
    assert check_room([], 0).passed
    assert check_room([40_000_000, 60_000_000], 109_999_999).sentence == (
        "There is no room to unpack it: 110.0 MB are needed in USCPIS_HOME and 110.0 MB are free."
    )
    assert not check_room([100_000_000], 5_000_000).passed


def test_only_the_first_problems_are_named():
    assert named("ab") == "a, b"
    assert named("abcdefg") == "a, b, c, d, e, and 2 more"


@given(st.lists(st.integers(), max_size=300, unique=True), st.integers(1, 50))
def test_a_sample_is_bounded_spread_and_without_doubles(items, most):
    found = spread(items, most)

    assert len(found) == min(len(items), most)
    assert len(set(found)) == len(found)
    assert found == [item for item in items if item in set(found)]
    assert not items or found[0] == items[0]


def test_a_code_can_be_read_aloud_and_typed_carelessly():
    code = new_code()

    assert len(code.split("-")) == 4
    assert hash_of(code) == hash_of(f" {code.lower().replace('-', ' ')} ")
    assert hash_of(code) != hash_of(new_code())
    assert not set(code) & set("01IO")


@pytest.mark.parametrize(
    ("first", "second", "two"),
    [
        ("Ada Reyes", "Abe Santos", True),
        ("Ada Reyes", "ada  reyes ", False),
        ("Ada", "", False),
        ("", "", False),
        ("Ñ", "ñ", False),
    ],
)
def test_two_people_have_two_names(first, second, two):
    assert are_two(first, second) is two


def test_a_reason_says_something():
    assert is_reason("It is wrong.")
    assert not is_reason("   oops      ")


@pytest.mark.parametrize(
    ("approved", "cancelled_at", "age", "good"),
    [
        (True, None, 59, True),
        (True, None, 60, False),
        (False, None, 1, False),
        (True, NOW, 1, False),
    ],
)
def test_a_request_is_good_for_an_hour_unless_taken_back(approved, cancelled_at, age, good):
    found = is_good(
        approved=approved,
        cancelled_at=cancelled_at,
        expires_at=NOW + timedelta(minutes=60),
        now=NOW + timedelta(minutes=age),
    )

    assert found is good
