"""When a request to restore is still good, and what its code looks like (BAK-04)."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

OPEN_FOR: Final = timedelta(hours=24)
CODE_LASTS: Final = timedelta(minutes=60)
SHORTEST_REASON: Final = 10
# No letters and digits that look alike: the code is read from one screen into another.
ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
GROUPS: Final = 4
GROUP_LENGTH: Final = 5


def new_code() -> str:
    """100 bits as four groups that a person can read aloud."""
    letters = (
        "".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS)
    )
    return "-".join(letters)


def hash_of(code: str) -> str:
    """What is stored of a code. Spaces, dashes and small letters do not matter."""
    plain = "".join(letter for letter in code.upper() if letter.isalnum())
    return hashlib.sha256(plain.encode()).hexdigest()


def is_reason(text: str) -> bool:
    """Whether it says something."""
    return len(text.strip()) >= SHORTEST_REASON


def are_two(first: str, second: str) -> bool:
    """Whether these are the names of two different people."""
    names = {" ".join(name.split()).casefold() for name in (first, second)}
    return len(names) == 2 and "" not in names


def is_good(
    *, approved: bool, cancelled_at: datetime | None, expires_at: datetime, now: datetime
) -> bool:
    """Whether a request may be carried out now."""
    return approved and cancelled_at is None and now < expires_at
