"""When the visits of a series take place: weekly, or monthly by weekday (SCH-32)."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import islice
from typing import TypeVar
from zoneinfo import ZoneInfo

from app.scheduling.errors import MAX_WINDOW_DAYS
from app.scheduling.errors.series import BadSeries
from app.scheduling.rules.facts import Claim, PatientFacts, ProviderFacts, Question
from app.scheduling.rules.instants import at, wall
from app.scheduling.rules.limits import week_of

K = TypeVar("K")

MOST_OCCURRENCES = 60
LONGEST_STEP = 12
LONGEST_SERIES = timedelta(days=5 * 366)
FIRST_YEAR, LAST_YEAR = 1900, 2190


class Frequency(StrEnum):
    """How a series repeats."""

    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """The rule of a series. `every` counts weeks or months; `local_time` is wall time."""

    frequency: Frequency
    every: int
    first_on: date
    local_time: time
    count: int


def check_pattern(pattern: Pattern) -> Pattern:
    """The pattern itself. Raises BadSeries for numbers out of bounds and for a series that
    would run for more than five years.
    """
    if not 1 <= pattern.count <= MOST_OCCURRENCES:
        raise BadSeries(f"A series has 1 to {MOST_OCCURRENCES} visits.", field="count")
    if not 1 <= pattern.every <= LONGEST_STEP:
        raise BadSeries(
            f"A series repeats every 1 to {LONGEST_STEP} weeks or months.", field="every"
        )
    if not FIRST_YEAR <= pattern.first_on.year <= LAST_YEAR:
        raise BadSeries("Please choose another first day.", field="first_on")
    if len(occurrence_days(pattern)) < pattern.count:
        raise BadSeries("A series may run for at most five years.", field="count")
    return pattern


def occurrence_days(pattern: Pattern) -> list[date]:
    """The civil days of the visits, the first included; at most five years of them.

    A fifth weekday that a month does not have is skipped: the series goes on in the next one.
    """
    days = _weekly(pattern) if pattern.frequency is Frequency.WEEKLY else _monthly(pattern)
    return list(islice(days, pattern.count))


def occurrences(pattern: Pattern, zone: ZoneInfo) -> list[datetime]:
    """The instants of the visits: the same wall time on every day, across clock changes."""
    return [at(wall(day, pattern.local_time, zone)) for day in occurrence_days(pattern)]


def windows_of(days: Sequence[date]) -> list[tuple[date, date]]:
    """The days as windows of at most 62 days each, to be asked about one by one."""
    windows: list[tuple[date, date]] = []
    for day in sorted(days):
        if windows and (day - windows[-1][0]).days < MAX_WINDOW_DAYS:
            windows[-1] = windows[-1][0], day
        else:
            windows.append((day, day))
    return windows


@dataclass(frozen=True, slots=True)
class Placed:
    """A visit of the series: its day, and with whom."""

    day: date
    practitioner_id: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """A visit that gives up its time because the rest of its series moves."""

    appointment_id: int
    day: date
    practitioner_id: int


def with_visits(question: Question, placed: Sequence[Placed]) -> Question:
    """The question as if these visits of the same type and patient were booked (SCH-17)."""
    return _counted(question, placed, sign=1, opened=len(placed))


def without_visits(question: Question, leaving: Sequence[Leaving]) -> Question:
    """The question about one of these visits, as if none of them held its old time.

    Each of them stays open while it moves, so that only the one asked about is left out there.
    """
    keys = {one.appointment_id for one in leaving}
    gone = [Placed(one.day, one.practitioner_id) for one in leaving]
    question = _counted(question, gone, sign=-1, opened=-1 if leaving else 0)
    patient = question.patient
    return replace(
        question,
        patient=replace(patient, claims=_others(patient.claims, keys)) if patient else None,
        providers=tuple(
            replace(one, claims=_others(one.claims, keys)) for one in question.providers
        ),
        needs=tuple(
            replace(
                need,
                resources=tuple(
                    replace(one, claims=_others(one.claims, keys)) for one in need.resources
                ),
            )
            for need in question.needs
        ),
    )


def moved_by(question: Question, placed: Sequence[Placed]) -> Question:
    """The question as if these visits had moved to their new days already."""
    return _counted(question, placed, sign=1, opened=0)


def _others(claims: Sequence[Claim], keys: Collection[int]) -> tuple[Claim, ...]:
    return tuple(claim for claim in claims if claim.appointment_id not in keys)


def _counted(question: Question, visits: Sequence[Placed], *, sign: int, opened: int) -> Question:
    return replace(
        question,
        patient=_patient(question.patient, visits, sign, opened) if question.patient else None,
        providers=tuple(_provider(one, visits, sign) for one in question.providers),
    )


def _patient(
    patient: PatientFacts, visits: Sequence[Placed], sign: int, opened: int
) -> PatientFacts:
    days = Counter(one.day for one in visits)
    weeks = Counter(week_of(one.day) for one in visits)
    return replace(
        patient,
        open_total=patient.open_total + opened,
        open_of_type=patient.open_of_type + opened,
        by_day=_sum(patient.by_day, days, sign),
        by_day_of_type=_sum(patient.by_day_of_type, days, sign),
        by_week=_sum(patient.by_week, weeks, sign),
        by_week_of_type=_sum(patient.by_week_of_type, weeks, sign),
    )


def _provider(provider: ProviderFacts, visits: Sequence[Placed], sign: int) -> ProviderFacts:
    days = Counter(one.day for one in visits if one.practitioner_id == provider.practitioner_id)
    return replace(provider, booked_by_day=_sum(provider.booked_by_day, days, sign))


def _sum(counts: Mapping[K, int], more: Mapping[K, int], sign: int) -> dict[K, int]:
    return {key: counts.get(key, 0) + sign * more.get(key, 0) for key in {*counts, *more}}


def _weekly(pattern: Pattern) -> Iterator[date]:
    day = pattern.first_on
    while day <= pattern.first_on + LONGEST_SERIES:
        yield day
        day += timedelta(weeks=pattern.every)


def _monthly(pattern: Pattern) -> Iterator[date]:
    first = pattern.first_on
    week = (first.day - 1) // 7
    month = first.year * 12 + first.month - 1
    while date(month // 12, month % 12 + 1, 1) <= first + LONGEST_SERIES:
        opening = date(month // 12, month % 12 + 1, 1)
        day = opening + timedelta(days=(first.weekday() - opening.weekday()) % 7 + 7 * week)
        if day.month == opening.month:
            yield day
        month += pattern.every
