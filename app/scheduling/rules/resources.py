"""What claims forbid, and which room or equipment a visit gets (SCH-01, SCH-14).

A claim forbids a range of *starts*; a need forbids the starts at which too few of its resources
are free. Microseconds since 1970, like the sweep in `slots.py`.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from app.scheduling.rules.facts import Claim, Need, Question, ResourceFacts
from app.scheduling.rules.hours import united
from app.scheduling.rules.instants import length, micros


class Bounds(NamedTuple):
    """The first and the last start that may be offered at all, in microseconds since 1970."""

    earliest: int
    latest: int


def other_claims(question: Question, claims: Sequence[Claim]) -> Sequence[Claim]:
    """The claims without those of the visit that is being moved."""
    moved = question.ignore_appointment_id
    if moved is None:
        return claims
    return [claim for claim in claims if claim.appointment_id != moved]


def claim_blocks(
    question: Question, claims: Sequence[Claim], bounds: Bounds
) -> list[tuple[int, int]]:
    """The starts that claims of one resource forbid, half-open, in no order.

    Two neighbours need a gap of max(after of the first, before of the second) (SCH-14). A visit
    starting at s keeps it exactly outside of the open interval (low, high) built here.
    """
    visit = length(question.visit_for)
    before, after = length(question.policy.buffer_before), length(question.policy.buffer_after)
    blocks = []
    for claim in other_claims(question, claims):
        low = min(micros(claim.starts_at) - after, micros(claim.held_from)) - visit
        high = max(micros(claim.ends_at) + before, micros(claim.held_until))
        if low < bounds.latest and bounds.earliest < high:
            blocks.append((low + 1, high))
    return blocks


def need_blocks(question: Question, campus: str, bounds: Bounds) -> list[tuple[int, int]]:
    """The starts at which a need cannot be met on this campus."""
    return [
        block
        for need in question.needs
        for block in _blocks_of(question, need, usable(need, campus), bounds)
    ]


def usable(need: Need, campus: str) -> list[ResourceFacts]:
    """The resources that can be used there: those of the campus, and those without one."""
    return [one for one in need.resources if not (one.campus and campus) or one.campus == campus]


def free_resources(
    question: Question, need: Need, *, starts_at: datetime, campus: str
) -> list[ResourceFacts]:
    """Those that no claim keeps from a visit at this start."""
    start = micros(starts_at)
    here = Bounds(start, start)
    return [
        one
        for one in usable(need, campus)
        if not any(low <= start < high for low, high in claim_blocks(question, one.claims, here))
    ]


def choose_resources(
    question: Question, *, starts_at: datetime, campus: str, preferred: int | None = None
) -> list[ResourceFacts]:
    """A resource for each need of an offered slot: the preferred one, else the least claimed.

    Raises AssertionError for a start that is not offered; ask available_slots first.
    """
    chosen: list[ResourceFacts] = []
    for need in question.needs:
        free = free_resources(question, need, starts_at=starts_at, campus=campus)
        free.sort(key=lambda one: (one.resource_id != preferred, len(one.claims), one.code))
        if len(free) < need.quantity:
            raise AssertionError(f"too few of {need.category} for a start that was offered")
        chosen += free[: need.quantity]
    return chosen


def _blocks_of(
    question: Question, need: Need, resources: Sequence[ResourceFacts], bounds: Bounds
) -> list[tuple[int, int]]:
    spare = len(resources) - need.quantity
    if spare < 0:
        return [(bounds.earliest, bounds.latest + 1)]
    busy = [united(claim_blocks(question, resource.claims, bounds)) for resource in resources]
    return crowded((block for blocks in busy for block in blocks), more_than=spare)


def crowded(intervals: Iterable[tuple[int, int]], *, more_than: int) -> list[tuple[int, int]]:
    """Where more than so many of the half-open intervals overlap, by one sweep."""
    edges = sorted(edge for low, high in intervals if low < high for edge in ((low, 1), (high, -1)))
    result: list[tuple[int, int]] = []
    depth = 0
    start: int | None = None
    for at, change in edges:
        depth += change
        if depth > more_than and start is None:
            start = at
        elif depth <= more_than and start is not None:
            if start < at:
                result.append((start, at))
            start = None
    return result
