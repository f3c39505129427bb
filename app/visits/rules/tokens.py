"""The letters in front of the numbers: one prefix per service, never shared (SCH-33)."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LONGEST = 3


@dataclass(frozen=True, slots=True)
class Service:
    """What gives a service its letters. `wish` is what the clinic typed, or empty."""

    id: int
    code: str
    wish: str = ""


def prefixes(services: Iterable[Service]) -> dict[int, str]:
    """Service to letters; wishes come first, then the older service."""
    inorder = sorted(services, key=lambda service: (not service.wish, service.id))
    given: dict[int, str] = {}
    for service in inorder:
        taken = set(given.values())
        given[service.id] = next(text for text in _candidates(service) if text not in taken)
    return given


def _candidates(service: Service) -> Iterator[str]:
    """The wish, the beginnings of the code, then letters with a digit."""
    if service.wish.strip():
        yield service.wish.strip().upper()[:LONGEST]
    letters = re.sub(r"[^A-Z]", "", service.code.upper()) or "X"
    for length in range(1, LONGEST + 1):
        yield letters[:length]
    for number in range(1, 100):
        yield f"{letters[0]}{number}"
    yield from (f"Z{number:02d}" for number in range(100))
