"""The one function that says which times are free (SCH-03, SCH-10..17).

It sweeps over *start times*: opening hours give ranges of possible starts, everything else
forbids ranges of starts, and the grid is walked only where nothing forbids. That is
O((R + B) log(R + B) + S) for R spans, B claims and S slots.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

from app.scheduling.rules.facts import ProviderFacts, Question, Slot
from app.scheduling.rules.hours import ONE_DAY, Stretch, stretches, united
from app.scheduling.rules.instants import at, length, micros, midnight
from app.scheduling.rules.limits import limit_of_patient, limit_of_provider
from app.scheduling.rules.resources import Bounds, claim_blocks, need_blocks, other_claims


def available_slots(question: Question) -> list[Slot]:
    """Every free time of the window, ordered by start, then provider key.

    A slot belongs to the window when it starts on one of its clinic days. Used for listing
    and for validating alike (SCH-03), so a listed slot can be booked until something changes.
    """
    bounds = _bounds(question)
    if bounds.latest < bounds.earliest:
        return []
    shared = _patient_blocks(question)
    owners: dict[int, list[tuple[int, str, str]]] = defaultdict(list)
    for provider in sorted(question.providers, key=lambda one: one.key):
        for start, campus in _starts(question, provider, bounds, shared):
            owners[start].append((provider.practitioner_id, provider.key, campus))
    visit_for = question.visit_for
    slots: list[Slot] = []
    for start in sorted(owners):
        starts_at = at(start)
        ends_at = starts_at + visit_for
        slots += [Slot(who, key, starts_at, ends_at, campus) for who, key, campus in owners[start]]
    return slots


def nearest_slots(slots: Sequence[Slot], around: datetime, count: int = 3) -> list[Slot]:
    """The slots that start nearest to an instant, ordered by start: what a refusal proposes."""
    nearest = sorted(slots, key=lambda slot: abs(slot.starts_at - around))[:count]
    return sorted(nearest, key=lambda slot: (slot.starts_at, slot.provider))


def clinic_days_of(question: Question) -> list[date]:
    """The civil days of the window."""
    count = (question.last - question.first).days + 1
    return [question.first + timedelta(days=i) for i in range(count)]


def _bounds(question: Question) -> Bounds:
    """Window, notice and horizon. Notice and horizon include their boundary (SCH-15)."""
    now = micros(question.now)
    first = midnight(question.first, question.zone)
    end = midnight(question.last + ONE_DAY, question.zone)
    return Bounds(
        max(first, now + length(question.policy.minimum_notice)),
        min(end - 1, now + length(question.horizon)),
    )


def _starts(
    question: Question,
    provider: ProviderFacts,
    bounds: Bounds,
    shared: Sequence[tuple[int, int]],
) -> Iterator[tuple[int, str]]:
    """Each start offered with this provider, and the campus."""
    own = [*shared, *_provider_blocks(question, provider, bounds)]
    step, visit = length(question.policy.step), length(question.visit_for)
    blocks_on: dict[str, list[tuple[int, int]]] = {}
    past: dict[str, int] = defaultdict(int)
    for stretch in stretches(
        provider, question.closures, question.first, question.last, question.zone
    ):
        campus = stretch.campus if question.needs else ""
        if campus not in blocks_on:
            blocks_on[campus] = united([*own, *need_blocks(question, campus, bounds)])
        blocks = blocks_on[campus]
        low, high = _range_of(stretch, visit, bounds)
        while past[campus] < len(blocks) and blocks[past[campus]][1] <= low:
            past[campus] += 1
        for free_from, free_to in _free(low, high, blocks, past[campus]):
            begin = free_from + (stretch.origin - free_from) % step
            for start in range(begin, free_to + 1, step):
                yield start, stretch.campus


def _range_of(stretch: Stretch, visit: int, bounds: Bounds) -> tuple[int, int]:
    """First and last possible start: the whole visit lies inside opening hours (SCH-14)."""
    low = max(stretch.starts, bounds.earliest)
    high = min(stretch.ends - 1, stretch.open_until - visit, bounds.latest)
    return low, high


def _free(
    low: int, high: int, blocks: Sequence[tuple[int, int]], i: int
) -> Iterator[tuple[int, int]]:
    """What the blocks leave of `[low, high]`, both ends included, from block `i` on."""
    while i < len(blocks) and blocks[i][0] <= high:
        if low < blocks[i][0]:
            yield low, blocks[i][0] - 1
        low = max(low, blocks[i][1])
        i += 1
    if low <= high:
        yield low, high


def _provider_blocks(
    question: Question, provider: ProviderFacts, bounds: Bounds
) -> list[tuple[int, int]]:
    """Starts that the provider's claims forbid (SCH-14), and days that are full (SCH-17).

    Two neighbours need a gap of max(after of the first, before of the second). A visit
    starting at s keeps it exactly outside of the open interval (low, high) built here.
    """
    blocks = _full_days(
        question, (day for day in clinic_days_of(question) if limit_of_provider(provider, day))
    )
    return blocks + claim_blocks(question, provider.claims, bounds)


def _patient_blocks(question: Question) -> list[tuple[int, int]]:
    """Starts that the patient's other visits and limits forbid. Patients need no buffers."""
    if question.patient is None:
        return []
    visit = length(question.visit_for)
    blocks = _full_days(
        question, (day for day in clinic_days_of(question) if limit_of_patient(question, day))
    )
    for claim in other_claims(question, question.patient.claims):
        blocks.append((micros(claim.starts_at) - visit + 1, micros(claim.ends_at)))
    return blocks


def _full_days(question: Question, days: Iterable[date]) -> list[tuple[int, int]]:
    return [(midnight(day, question.zone), midnight(day + ONE_DAY, question.zone)) for day in days]
