"""How long to wait before the next try (NOT-04)."""

from datetime import timedelta

MAXIMUM_ATTEMPTS = 5
FIRST_WAIT = timedelta(minutes=1)
FACTOR = 5


def next_wait(attempts: int) -> timedelta | None:
    """The pause after this many failed attempts: 1, 5, 25, 125 minutes; None: give up."""
    if attempts >= MAXIMUM_ATTEMPTS:
        return None
    return FIRST_WAIT * int(FACTOR ** (attempts - 1))
