"""Where the visits of a provider who is out could go, one by one (SCH-34)."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from app.kernel.clock import local_date
from app.kernel.period import Period
from app.scheduling.errors.outages import BadOutage
from app.scheduling.rules.assignment import choose_provider
from app.scheduling.rules.facts import Claim, ProviderFacts, Question, Slot
from app.scheduling.rules.resources import choose_resources
from app.scheduling.rules.slots import available_slots

LONGEST_OUTAGE = timedelta(days=31)
LOOK_AHEAD = timedelta(days=7)
UNDO_WITHIN = timedelta(minutes=10)
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A visit that needs another provider or time, and what its patient holds besides."""

    appointment_id: int
    period: Period
    question: Question
    patient_key: int


@dataclass(slots=True)
class _Proposed:
    """What the proposals so far would claim."""

    providers: dict[int, list[Claim]] = field(default_factory=lambda: defaultdict(list))
    patients: dict[int, list[Claim]] = field(default_factory=lambda: defaultdict(list))
    resources: dict[int, list[Claim]] = field(default_factory=lambda: defaultdict(list))


def check_outage(period: Period, now: datetime) -> Period:
    """Raises BadOutage for a time that is over or longer than 31 days."""
    if period.ends_at <= now:
        raise BadOutage("This time is over. Please choose one that is not.")
    if period.ends_at - period.starts_at > LONGEST_OUTAGE:
        raise BadOutage("Please choose at most 31 days at once.")
    return period


def place_all(visits: Iterable[Misplaced]) -> dict[int, Slot | None]:
    """A time for each visit, the earliest visit first; no two proposals stand in each other's
    way. The same time with another provider, else the nearest later time of that day with
    anybody, else the nearest of the next seven days, else None.
    """
    proposed = _Proposed()
    found: dict[int, Slot | None] = {}
    for visit in sorted(visits, key=lambda one: (one.period.starts_at, one.appointment_id)):
        question = _with_proposals(visit, proposed)
        slot = _nearest(visit, question)
        found[visit.appointment_id] = slot
        if slot is not None:
            _claim(visit, question, slot, proposed)
    return found


def _nearest(visit: Misplaced, question: Question) -> Slot | None:
    """The nearest start from the old one on, looked for day by day."""
    day = local_date(visit.period.starts_at, question.zone)
    for later in range(LOOK_AHEAD // A_DAY + 1):
        on = day + A_DAY * later
        if not question.first <= on <= question.last:
            continue
        slots = available_slots(replace(question, first=on, last=on))
        starts = [slot for slot in slots if slot.starts_at >= visit.period.starts_at]
        if starts:
            return _best(question, [one for one in starts if one.starts_at == starts[0].starts_at])
    return None


def _best(question: Question, slots: Sequence[Slot]) -> Slot:
    """The provider with the least to do that day (SCH-18)."""
    best = choose_provider(slots, question.providers, zone=question.zone)[0]
    return next(slot for slot in slots if slot.practitioner_id == best)


def _with_proposals(visit: Misplaced, proposed: _Proposed) -> Question:
    """The visit's question as if everything proposed so far were booked."""
    question = replace(
        visit.question,
        duration=visit.period.lasts_for,
        ignore_appointment_id=visit.appointment_id,
    )
    patient = question.patient
    if patient is not None:
        claims = (*patient.claims, *proposed.patients.get(visit.patient_key, ()))
        patient = replace(patient, claims=claims)
    needs = tuple(
        replace(
            need,
            resources=tuple(
                replace(one, claims=(*one.claims, *proposed.resources.get(one.resource_id, ())))
                for one in need.resources
            ),
        )
        for need in question.needs
    )
    providers = tuple(
        _busier(one, proposed.providers.get(one.practitioner_id, []), question)
        for one in question.providers
    )
    return replace(question, patient=patient, needs=needs, providers=providers)


def _busier(provider: ProviderFacts, claims: list[Claim], question: Question) -> ProviderFacts:
    if not claims:
        return provider
    days: Counter[date] = Counter(local_date(one.starts_at, question.zone) for one in claims)
    return replace(
        provider,
        claims=(*provider.claims, *claims),
        booked_by_day=days + Counter(provider.booked_by_day),
    )


def _claim(visit: Misplaced, question: Question, slot: Slot, proposed: _Proposed) -> None:
    policy = question.policy
    held = Claim(
        slot.starts_at,
        slot.ends_at,
        slot.starts_at - policy.buffer_before,
        slot.ends_at + policy.buffer_after,
    )
    provider = next(
        one for one in question.providers if one.practitioner_id == slot.practitioner_id
    )
    rooms = choose_resources(
        question,
        starts_at=slot.starts_at,
        campus=slot.campus,
        preferred=provider.preferred_room_id,
    )
    for room in rooms:
        proposed.resources[room.resource_id].append(held)
    proposed.providers[slot.practitioner_id].append(held)
    proposed.patients[visit.patient_key].append(
        Claim(slot.starts_at, slot.ends_at, slot.starts_at, slot.ends_at)
    )
