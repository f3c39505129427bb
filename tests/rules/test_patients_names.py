"""Names, search keys and duplicates."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.patients.errors import InvalidValue
from app.patients.rules import (
    Trace,
    duplicate_score,
    full_name,
    is_likely_duplicate,
    list_name,
    normal_name,
    normal_suffix,
    plain_words,
    search_key,
)

LETTERS = st.sampled_from("abcdeghijlmnoprstuvyzñÑéíóúüAEIÀåø")
WORDS = st.text(LETTERS, min_size=1, max_size=12)
NAMES = st.lists(WORDS, min_size=1, max_size=4).map(" ".join)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("  Ñuñez ", "Ñuñez"),
        ("Nun\u0303ez", "Nuñez"),
        ("Ma.  Teresa", "Ma. Teresa"),
        ("D\u2019Angelo", "D'Angelo"),
        ("Reyes\u2010Lim", "Reyes-Lim"),
        ("De los Santos", "De los Santos"),
        ("MARIA", "MARIA"),
    ],
)
def test_a_name_is_kept_as_it_is_written_here(typed, kept):
    assert normal_name(typed, field="last_name") == kept


@pytest.mark.parametrize("typed", ["R2D2", "a\x00b", "<b>", "a\u202eb", "...", "x" * 81, "=SUM"])
def test_what_is_no_name_is_refused(typed):
    with pytest.raises(InvalidValue):
        normal_name(typed, field="last_name")


def test_a_missing_name_is_refused_only_where_one_is_needed():
    assert normal_name("  ", field="middle_name") == ""
    with pytest.raises(InvalidValue):
        normal_name("  ", field="last_name", required=True)


@pytest.mark.parametrize(
    ("typed", "kept"), [("jr", "Jr."), ("JR.", "Jr."), ("iii", "III"), ("Sr", "Sr."), ("", "")]
)
def test_suffixes_have_one_form(typed, kept):
    assert normal_suffix(typed) == kept


def test_a_suffix_that_is_none_is_refused():
    with pytest.raises(InvalidValue):
        normal_suffix("Esq.")


def test_the_parts_make_the_name_for_letters_and_for_lists():
    assert full_name("Juan", "Perez", "Dela Cruz", "Jr.") == "Juan P. Dela Cruz Jr."
    assert list_name("Juan", "Perez", "Dela Cruz", "Jr.") == "Dela Cruz, Juan P., Jr."
    assert list_name("Eve", "", "Ñuñez", "") == "Ñuñez, Eve"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Ñuñez", ["nunez"]),
        ("O'Brien", ["obrien"]),
        ("Reyes-Lim", ["reyes", "lim"]),
        ("De la Cruz", ["dela", "cruz"]),
        ("Dela Cruz", ["dela", "cruz"]),
        ("Ma. Teresa", ["ma", "teresa"]),
        ("Søren Łódź", ["soren", "lodz"]),
        ("a & b | !c:*", ["a", "b", "c"]),
    ],
)
def test_words_are_compared_without_accents_and_signs(typed, words):
    assert plain_words(typed) == words


def test_ma_is_found_as_maria_and_dela_cruz_in_one_word():
    words = search_key("Ma. Teresa", "", "Dela Cruz", "").split()

    assert words[:2] == ["dela", "cruz"]
    assert {"maria", "delacruz"} <= set(words)


@given(NAMES)
def test_a_name_is_kept_once_and_for_all(name):
    kept = normal_name(name, field="last_name")

    assert normal_name(kept, field="last_name") == kept
    assert kept == name.strip()


@given(NAMES, NAMES)
def test_whoever_is_entered_is_found_by_their_own_words(first, last):
    key = search_key(first, "", last, "").split()

    assert set(plain_words(first)) <= set(key)
    assert set(plain_words(last)) <= set(key)


@given(NAMES, NAMES)
def test_the_key_has_plain_words_and_single_spaces(first, last):
    key = search_key(first, "", last, "Jr.")

    assert key == " ".join(key.split())
    assert key.replace(" ", "").isascii()


BORN = date(2006, 3, 4)


@pytest.mark.parametrize(
    ("one", "other", "is_likely"),
    [
        (Trace("Sam Dela Cruz", BORN), Trace("Sam Dela Cruz", BORN), True),
        (Trace("Eve Ñuñez", BORN), Trace("Eve Nunez", BORN), True),
        (Trace("Eve Nunez", BORN), Trace("Eve Nuñes", BORN), True),
        (Trace("Eve Nunez", BORN), Trace("Nunez Eve", date(2006, 4, 3)), True),
        (Trace("Ma. Luz Abad"), Trace("Maria Luz Abad"), True),
        (Trace("Sam Dela Cruz", BORN), Trace("Sam Dela Cruz", date(1999, 1, 1)), False),
        (Trace("Sam Dela Cruz", BORN), Trace("Ana Reyes", BORN), False),
        (Trace("Ana Lim", BORN, "+639171234567"), Trace("Ben Lim", BORN, "+639171234567"), False),
    ],
)
def test_who_may_be_the_same_person(one, other, is_likely):
    score = duplicate_score(one, other)

    assert is_likely_duplicate(score) is is_likely, score
    assert score == duplicate_score(other, one)
