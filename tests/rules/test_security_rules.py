"""Throttling, passwords and identifiers, decided on plain values (AUT-01 to AUT-03)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.security.rules import (
    MAXIMUM_ACCOUNT_FAILURES,
    MAXIMUM_ADDRESS_FAILURES,
    MAXIMUM_PAIR_FAILURES,
    RecentFailures,
    is_email,
    is_throttled,
    is_university_id,
    normal_login,
    normal_password,
    password_problem,
)

GOOD = "rain on the old acacia tree"
PATTERNS = (r"\d{8}", r"[A-Za-z]+\d+")


def failures(pair=1, account=1, address=1, known=False):
    """Recent failures of a login from an address."""
    return RecentFailures(
        of_pair=pair, of_account=account, of_address=address, address_is_known=known
    )


@pytest.mark.parametrize(
    ("recent", "is_refused"),
    [
        (failures(), False),
        (failures(pair=MAXIMUM_PAIR_FAILURES), False),
        (failures(pair=MAXIMUM_PAIR_FAILURES + 1), True),
        (failures(account=MAXIMUM_ACCOUNT_FAILURES), False),
        (failures(account=MAXIMUM_ACCOUNT_FAILURES + 1), True),
        (failures(address=MAXIMUM_ADDRESS_FAILURES), False),
        (failures(address=MAXIMUM_ADDRESS_FAILURES + 1), True),
    ],
)
def test_too_many_failures_close_the_way_in(recent, is_refused):
    """AUT-03: the boundary is still allowed."""
    assert is_throttled(recent) is is_refused


def test_strangers_do_not_lock_the_owner_out():
    """AUT-03: from where the owner signed in before, only failures from there count."""
    attacked = failures(pair=1, account=10_000, address=10_000, known=True)

    assert not is_throttled(attacked)
    assert is_throttled(failures(pair=MAXIMUM_PAIR_FAILURES + 1, known=True))


@pytest.mark.parametrize(
    ("typed", "compared"),
    [
        (" Staff901 ", "staff901"),
        ("STAFF901@USC.EDU.PH", "staff901@usc.edu.ph"),
        ("２０２５９００１", "20259001"),  # full-width digits of some keyboards
        ("Ñuñez@usc.edu.ph", "ñuñez@usc.edu.ph"),
        ("a\x00b", "a?b"),
        ("a\ud800b", "a?b"),
        ("x" * 5000, "x" * 254),
    ],
)
def test_a_login_is_compared_in_one_form(typed, compared):
    """AUT-01"""
    assert normal_login(typed) == compared


@given(st.text(alphabet=st.characters(), max_size=300))
def test_every_text_can_be_looked_up_and_hashed(text):
    """INP-01: what no database stores and no hash takes does not come through."""
    assert "\x00" not in normal_login(text)
    assert normal_login(text).encode("utf-8") is not None
    assert normal_password(text).encode("utf-8") is not None


def test_the_same_password_is_the_same_from_every_keyboard():
    """AUT-02: NFKC before hashing."""
    assert normal_password("Pen\u0303aflor") == normal_password("Peñaflor")


def test_all_of_a_long_password_counts():
    """AUT-02: up to 128 characters are compared."""
    assert normal_password("x" * 127 + "a") != normal_password("x" * 127 + "b")


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("too short", "at least 15"),
        ("fourteen chars", "at least 15"),
        ("x y z " * 30, "at most 128"),
        ("rain on the \x00 old acacia", "cannot be typed"),
        ("Password Password", "list of common"),
        ("ababababababababab", "list of common"),
        ("correct horse battery staple", "list of common"),
        ("Rosa Peñaflor USC", "your own"),
        ("STAFF901 staff901", "your own"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(password, reason):
    """AUT-02"""
    words = ("Rosa", "Peñaflor", "STAFF901", "USC")

    assert reason in (password_problem(password, forbidden_words=words) or "")


@pytest.mark.parametrize("password", [GOOD, "ulan sa lumang punò ng akasya", "x1y2" * 32])
def test_a_long_sentence_is_a_good_password(password):
    """AUT-02: no rules of composition, any Unicode."""
    assert password_problem(password, forbidden_words=("Rosa", "USC")) is None


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("20259001", True),
        ("STAFF901", True),
        ("nurse01", True),
        ("2025900", False),
        ("20259001\n", False),
        ("DOC", False),
        ("rosa@usc.edu.ph", False),
        ("", False),
    ],
)
def test_a_university_id_has_one_of_two_forms(text, is_one):
    assert is_university_id(text, PATTERNS) is is_one


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("rosa@usc.edu.ph", True),
        ("ñ@usc.edu.ph", True),
        ("rosa", False),
        ("rosa@usc", False),
        ("a b@usc.edu.ph", False),
        ("a@b@usc.edu.ph", False),
        ("rosa@usc.edu.ph\n", False),
        ("", False),
    ],
)
def test_an_email_has_one_at_sign_and_a_domain(text, is_one):
    assert is_email(text) is is_one
