"""Pure decisions about sign-in: throttling, passwords and identifiers."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

THROTTLE_WINDOW: Final = timedelta(minutes=15)
MAXIMUM_PAIR_FAILURES: Final = 5
MAXIMUM_ACCOUNT_FAILURES: Final = 30
MAXIMUM_ADDRESS_FAILURES: Final = 100

MINIMUM_PASSWORD: Final = 15
MAXIMUM_PASSWORD: Final = 128
LONGEST_TYPED: Final = 1024
COMMON_PASSWORDS: Final = frozenset(
    {
        "passwordpassword",
        "password123456789",
        "123456789012345",
        "1234567890123456",
        "qwertyuiopasdfgh",
        "qwertyuiopasdfghjkl",
        "iloveyouiloveyou",
        "aaaaaaaaaaaaaaa",
        "abcdefghijklmnop",
        "letmeinletmeinletmein",
        "administrator123",
        "correcthorsebatterystaple",
    }
)


@dataclass(frozen=True, slots=True)
class RecentFailures:
    """Failed sign-ins of the last 15 minutes, this try included (AUT-03)."""

    of_pair: int
    of_account: int
    of_address: int
    address_is_known: bool


def is_throttled(failures: RecentFailures) -> bool:
    """Whether a try is refused before the password is looked at (AUT-03).

    A stranger who fails again and again closes only their own way in: an address from which
    the account's owner has signed in before does not count the failures of others.
    """
    if failures.of_pair > MAXIMUM_PAIR_FAILURES:
        return True
    if failures.address_is_known:
        return False
    return (
        failures.of_account > MAXIMUM_ACCOUNT_FAILURES
        or failures.of_address > MAXIMUM_ADDRESS_FAILURES
    )


def normal_login(text: str) -> str:
    """An e-mail or university ID as it is compared: trimmed and in lower case (AUT-01).

    What no database can store becomes a question mark, which is in nobody's name.
    """
    storable = text.replace("\x00", "?").encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFKC", storable[:1000]).strip().lower()[:254]


def normal_password(text: str) -> str:
    """A password as it is hashed (AUT-02): the same characters from every keyboard.

    Nobody has a longer one than 128 characters, so the rest of a long text is not looked at.
    """
    storable = text[:LONGEST_TYPED].encode("utf-8", "replace").decode()
    return unicodedata.normalize("NFKC", storable)


def password_problem(password: str, *, forbidden_words: tuple[str, ...] = ()) -> str | None:
    """Why a password is refused, as a sentence, or None (AUT-02)."""
    text = normal_password(password)
    if len(text) < MINIMUM_PASSWORD:
        return f"Please use at least {MINIMUM_PASSWORD} characters; a sentence works well."
    if len(text) > MAXIMUM_PASSWORD:
        return f"Please use at most {MAXIMUM_PASSWORD} characters."
    if "\x00" in text:
        return "The password holds a character that cannot be typed."
    squeezed = re.sub(r"\s+", "", text).lower()
    if squeezed in COMMON_PASSWORDS or len(set(squeezed)) < 4:
        return "This password is on the list of common ones."
    return _made_of(squeezed, forbidden_words)


def words_of(*names: str | None) -> tuple[str, ...]:
    """The words of somebody's names and addresses, which no password is made of (AUT-02)."""
    return tuple(word for name in names if name for word in re.split(r"[\s@.]+", name))


def _made_of(squeezed: str, words: tuple[str, ...]) -> str | None:
    rest = squeezed
    for word in sorted((word.lower() for word in words if len(word) > 2), key=len, reverse=True):
        rest = rest.replace(word, "")
    if len(rest) < len(squeezed) and len(rest) < MINIMUM_PASSWORD // 2:
        return "The password is made of your own or the university's name."
    return None


def is_university_id(text: str, patterns: tuple[str, ...]) -> bool:
    """Whether the text is a student or staff ID in the university's form."""
    return any(re.fullmatch(pattern, text) for pattern in patterns)


def is_email(text: str) -> bool:
    """Whether the text has the form of an e-mail address."""
    return re.fullmatch(r"[^\s@\x00-\x1f]{1,64}@[^\s@\x00-\x1f]+\.[a-zA-Z]{2,}", text) is not None
