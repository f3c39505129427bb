"""Why a time is not offered, and the check that a booking makes (SCH-03).

`why_not` looks at one time with plain comparisons, on purpose not with the sweep of
`slots.py`: a test holds the two against each other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.kernel.clock import local_date
from app.kernel.errors import DomainError
from app.kernel.period import Period
from app.scheduling.errors import (
    LimitReached,
    NotOffered,
    OffTheGrid,
    PastTime,
    PatientBusy,
    SlotTaken,
    TooFar,
    TooSoon,
    UnknownProvider,
)
from app.scheduling.rules.facts import Claim, ProviderFacts, Question, Slot
from app.scheduling.rules.hours import Stretch, opening_by_day, stretches
from app.scheduling.rules.instants import length, micros
from app.scheduling.rules.limits import limit_of_patient, limit_of_provider
from app.scheduling.rules.resources import usable
from app.scheduling.rules.slots import available_slots, nearest_slots


class ReasonCode(StrEnum):
    """Why a time is not offered, in the order in which the causes are looked for."""

    UNKNOWN_PROVIDER = "unknown-provider"
    OUTSIDE_WINDOW = "outside-window"
    PAST = "past"
    CLOSED = "closed"
    TIME_OFF = "time-off"
    DAY_OFF = "day-off"
    OUTSIDE_HOURS = "outside-hours"
    OFF_GRID = "off-grid"
    TAKEN = "taken"
    BUFFER = "buffer"
    RESOURCE = "resource"
    PATIENT_BUSY = "patient-busy"
    TOO_SOON = "too-soon"
    TOO_FAR = "too-far"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Reason:
    """One cause, with a sentence for staff that names no patient.

    `appointment_id` is the visit that stands in the way; `nearest` are offered times near by.
    """

    code: ReasonCode
    sentence: str
    appointment_id: int | None = None
    nearest: tuple[Slot, ...] = ()


def why_not(question: Question, practitioner_id: int, starts_at: datetime) -> Reason | None:
    """The first cause why the time is not offered; None exactly if it is in available_slots."""
    provider = _provider_of(question, practitioner_id)
    if provider is None:
        return Reason(ReasonCode.UNKNOWN_PROVIDER, "This provider does not offer this visit.")
    visit = Period(starts_at, starts_at + question.visit_for)
    return (
        _why_not_at_all(question, visit)
        or _why_closed(question, provider, visit)
        or _why_not_open(question, provider, visit)
        or _why_taken(question, provider, visit)
        or _why_no_resource(question, provider, visit)
        or _why_patient_busy(question, visit)
        or _why_not_now(question, visit)
        or _why_limited(question, provider, visit)
    )


def why_not_open(question: Question, practitioner_id: int, period: Period) -> Reason | None:
    """Why the clinic or the provider is not there for all of a time; its length and start are
    free, as those of a group session are (SCH-04).
    """
    provider = _provider_of(question, practitioner_id)
    if provider is None:
        return Reason(ReasonCode.UNKNOWN_PROVIDER, "This provider does not offer this visit.")
    closed = _why_closed(question, provider, period)
    if closed or _stretch_of(question, provider, period):
        return closed
    return _why_outside_hours(question, provider, period)


def check_offered(question: Question, practitioner_id: int, starts_at: datetime) -> Slot:
    """The offered slot at that start, found by the function that lists them (SCH-03).

    Raises SlotTaken when a claim stands in the way (with free times near by), else NotOffered
    or one of its kinds, or UnknownProvider.
    """
    slots = available_slots(question)
    for slot in slots:
        if slot.starts_at == starts_at and slot.practitioner_id == practitioner_id:
            return slot
    raise _refusal(why_not(question, practitioner_id, starts_at), slots, starts_at)


def _refusal(reason: Reason | None, slots: list[Slot], starts_at: datetime) -> DomainError:
    """The refusal for a cause, worded for whoever books; only staff get the details."""
    if reason is None:
        raise AssertionError("why_not and available_slots disagree")
    kinds: dict[ReasonCode, type[NotOffered]] = {
        ReasonCode.OFF_GRID: OffTheGrid,
        ReasonCode.TOO_SOON: TooSoon,
        ReasonCode.TOO_FAR: TooFar,
        ReasonCode.LIMIT: LimitReached,
    }
    match reason.code:
        case ReasonCode.UNKNOWN_PROVIDER:
            return UnknownProvider()
        case ReasonCode.PAST:
            return PastTime()
        case ReasonCode.TAKEN | ReasonCode.BUFFER | ReasonCode.RESOURCE:
            return SlotTaken(alternatives=nearest_slots(slots, starts_at))
        case ReasonCode.PATIENT_BUSY:
            return PatientBusy(alternatives=nearest_slots(slots, starts_at))
        case ReasonCode.TIME_OFF | ReasonCode.DAY_OFF:
            return NotOffered("The provider is not available at this time. Please choose another.")
        case _:
            return kinds.get(reason.code, NotOffered)(reason.sentence)


def _provider_of(question: Question, practitioner_id: int) -> ProviderFacts | None:
    matching = (one for one in question.providers if one.practitioner_id == practitioner_id)
    return next(matching, None)


def _why_not_at_all(question: Question, visit: Period) -> Reason | None:
    day = local_date(visit.starts_at, question.zone)
    if not question.first <= day <= question.last:
        sentence = f"Only {question.first:%d %b %Y} to {question.last:%d %b %Y} was looked at."
        return Reason(ReasonCode.OUTSIDE_WINDOW, sentence)
    if visit.starts_at < question.now:
        return Reason(ReasonCode.PAST, "This time has already passed.")
    return None


def _why_closed(question: Question, provider: ProviderFacts, visit: Period) -> Reason | None:
    """Closures and time off win over hours and overrides (SCH-12)."""
    for closure in question.closures:
        if closure.period.overlaps(visit):
            name = f" ({closure.name})" if closure.name else ""
            return Reason(ReasonCode.CLOSED, f"The clinic is closed at this time{name}.")
    for absence in provider.time_off:
        if absence.overlaps(visit):
            until = _when(absence.ends_at, visit, question)
            return Reason(ReasonCode.TIME_OFF, f"{provider.key} has time off until {until}.")
    return None


def _why_not_open(question: Question, provider: ProviderFacts, visit: Period) -> Reason | None:
    stretch = _stretch_of(question, provider, visit)
    if stretch is None:
        return _why_outside_hours(question, provider, visit)
    if (micros(visit.starts_at) - stretch.origin) % length(question.policy.step):
        return _off_the_grid(question, provider, visit)
    return None


def _stretch_of(question: Question, provider: ProviderFacts, visit: Period) -> Stretch | None:
    """The open time that holds the whole visit (SCH-14), or None."""
    start, end = micros(visit.starts_at), micros(visit.ends_at)
    found = stretches(provider, question.closures, question.first, question.last, question.zone)
    for stretch in found:
        if stretch.starts <= start < stretch.ends and end <= stretch.open_until:
            return stretch
    return None


def _why_outside_hours(question: Question, provider: ProviderFacts, visit: Period) -> Reason:
    day = local_date(visit.starts_at, question.zone)
    overrides = [override for override in provider.overrides if override.on == day]
    if overrides and not any(override.spans for override in overrides):
        return Reason(ReasonCode.DAY_OFF, f"{provider.key} has this day off.")
    open_that_day = opening_by_day(provider, question.closures, day, day, question.zone)[day]
    hours = _listed(
        f"{_clock(period.starts_at, question)} to {_clock(period.ends_at, question)}"
        for period in open_that_day
    )
    sentence = (
        f"This visit does not fit into the hours of {provider.key} that day: {hours}."
        if hours
        else f"{provider.key} has no hours that day."
    )
    return Reason(ReasonCode.OUTSIDE_HOURS, sentence)


def _off_the_grid(question: Question, provider: ProviderFacts, visit: Period) -> Reason:
    offered = [
        slot
        for slot in available_slots(question)
        if slot.practitioner_id == provider.practitioner_id
    ]
    nearest = nearest_slots(offered, visit.starts_at, 2)
    times = _listed(_when(slot.starts_at, visit, question) for slot in nearest)
    hint = f" The nearest free times: {times}." if times else ""
    sentence = f"Visits of this kind do not start at {_clock(visit.starts_at, question)}.{hint}"
    return Reason(ReasonCode.OFF_GRID, sentence, nearest=tuple(nearest))


def _why_taken(question: Question, provider: ProviderFacts, visit: Period) -> Reason | None:
    """A visit in the way, else a buffer in the way (SCH-14)."""
    claims = _others(question, provider.claims)
    for claim in claims:
        if _meet(visit, claim.starts_at, claim.ends_at):
            sentence = f"{provider.key} has another visit {_span(claim, question)}."
            return Reason(ReasonCode.TAKEN, sentence, claim.appointment_id)
    for claim in claims:
        if _is_held(question, [claim], visit):
            sentence = (
                f"Too close to another visit of {provider.key} {_span(claim, question)}: "
                "the time needed between two visits is missing."
            )
            return Reason(ReasonCode.BUFFER, sentence, claim.appointment_id)
    return None


def _why_no_resource(question: Question, provider: ProviderFacts, visit: Period) -> Reason | None:
    """Too few rooms or pieces of equipment are free (SCH-01)."""
    stretch = _stretch_of(question, provider, visit)
    campus = stretch.campus if stretch else ""
    for need in question.needs:
        found = usable(need, campus)
        if len(found) < need.quantity:
            where = f" on campus {campus}" if campus else ""
            sentence = f"There is no {need.category} for this visit{where}."
            return Reason(ReasonCode.RESOURCE, sentence)
        free = [one for one in found if not _is_held(question, one.claims, visit)]
        if len(free) < need.quantity:
            names = _listed(one.name for one in found if one not in free)
            sentence = f"No {need.category} is free at this time: {names} in use."
            return Reason(ReasonCode.RESOURCE, sentence)
    return None


def _is_held(question: Question, claims: Iterable[Claim], visit: Period) -> bool:
    """Whether a claim, with the larger of both buffers, meets the visit (SCH-14)."""
    policy = question.policy
    held = visit.widened(before=policy.buffer_before, after=policy.buffer_after)
    return any(
        (visit.starts_at < claim.held_until and claim.starts_at < held.ends_at)
        or (held.starts_at < claim.ends_at and claim.held_from < visit.ends_at)
        for claim in _others(question, claims)
    )


def _why_patient_busy(question: Question, visit: Period) -> Reason | None:
    for claim in _others(question, question.patient.claims if question.patient else ()):
        if _meet(visit, claim.starts_at, claim.ends_at):
            sentence = f"The patient has another visit {_span(claim, question)}."
            return Reason(ReasonCode.PATIENT_BUSY, sentence, claim.appointment_id)
    return None


def _why_not_now(question: Question, visit: Period) -> Reason | None:
    """Notice and horizon are elapsed time and include their boundary (SCH-15)."""
    ahead = visit.starts_at - question.now
    notice, horizon = question.policy.minimum_notice, question.horizon
    if ahead < notice:
        sentence = f"This visit must be booked at least {_words(notice)} ahead."
        return Reason(ReasonCode.TOO_SOON, sentence)
    if ahead > horizon:
        sentence = f"This visit can be booked at most {_words(horizon)} ahead."
        return Reason(ReasonCode.TOO_FAR, sentence)
    return None


def _why_limited(question: Question, provider: ProviderFacts, visit: Period) -> Reason | None:
    day = local_date(visit.starts_at, question.zone)
    sentence = limit_of_patient(question, day) or limit_of_provider(provider, day)
    return Reason(ReasonCode.LIMIT, sentence) if sentence else None


def _others(question: Question, claims: Iterable[Claim]) -> list[Claim]:
    moved = question.ignore_appointment_id
    return [claim for claim in claims if moved is None or claim.appointment_id != moved]


def _meet(visit: Period, starts_at: datetime, ends_at: datetime) -> bool:
    return visit.starts_at < ends_at and starts_at < visit.ends_at


def _clock(instant: datetime, question: Question) -> str:
    return f"{instant.astimezone(question.zone):%H:%M}"


def _when(instant: datetime, visit: Period, question: Question) -> str:
    """The time of day, with the date when it is another day than that of the visit."""
    local = instant.astimezone(question.zone)
    if local.date() == local_date(visit.starts_at, question.zone):
        return f"{local:%H:%M}"
    return f"{local:%d %b %H:%M}"


def _span(claim: Claim, question: Question) -> str:
    return f"from {_clock(claim.starts_at, question)} to {_clock(claim.ends_at, question)}"


def _listed(parts: Iterable[str]) -> str:
    *most, last = [*parts] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _words(duration: timedelta) -> str:
    """Days, else hours, else minutes: the largest unit that says it exactly."""
    for unit, name in ((timedelta(days=1), "day"), (timedelta(hours=1), "hour")):
        if duration >= unit and duration % unit == timedelta(0):
            return f"{duration // unit} {name}" + ("s" if duration // unit > 1 else "")
    minutes = -(-duration // timedelta(minutes=1))
    return f"{minutes} minute" + ("" if minutes == 1 else "s")
