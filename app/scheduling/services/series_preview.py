"""What booking a series, or moving the rest of one, would do; nothing is held (SCH-32)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from app.infra.runtime import settings
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.scheduling import rules
from app.scheduling.permissions import Permission
from app.scheduling.queries import types
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.rules import Question, Slot
from app.scheduling.rules.series import (
    Leaving,
    Placed,
    check_pattern,
    moved_by,
    occurrence_days,
    occurrences,
    windows_of,
    with_visits,
    without_visits,
)
from app.scheduling.services import questions
from app.scheduling.services.series import SKIP, Choices, MoveTo, SeriesWish, parties_of
from app.scheduling.services.series_rest import RestWish, rest_of, times_of_rest

ALTERNATIVES = 4
NOTHING_CHOSEN: Choices = {}


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One visit of a series to be: free, or why not and which times of its day are."""

    number: int
    starts_at: datetime
    why_not: str
    alternatives: tuple[Slot, ...]

    @property
    def is_free(self) -> bool:
        """Whether it can be booked as planned."""
        return not self.why_not


@dataclass(frozen=True, slots=True)
class MovedOccurrence:
    """A visit of a running series with its place in the changed one."""

    visit: AppointmentView
    planned: Occurrence


def preview_series(
    actor: Actor, *, wish: SeriesWish, choices: Choices = NOTHING_CHOSEN
) -> list[Occurrence]:
    """Each visit of the series: free, or the sentence why not with other times of that day.

    The visits before it count against every limit, as they will when they are booked (SCH-17);
    with `choices`, so do those that are moved. Nothing is held yet. Raises BadSeries,
    UnknownType, UnknownProvider, UnknownPatient.
    """
    wanted, patient = parties_of(actor, wish)
    pattern = check_pattern(wish.pattern)
    named = questions.providers_for(wanted, wish.provider)[0]
    planned = dict(
        zip(occurrence_days(pattern), occurrences(pattern, settings().time_zone), strict=True)
    )
    ids = {one.university_id.lower(): one.id for one in wanted.providers}
    ask = _asker(
        lambda first, last: questions.question(
            wanted, wanted.providers, first=first, last=last, patient_id=patient.id
        ),
        list(planned),
        override=wish.override_reason is not None,
    )
    found: list[Occurrence] = []
    placed: list[Placed] = []
    for number, (day, starts_at) in enumerate(planned.items(), start=1):
        one = _occurrence(with_visits(ask(day), placed), named.id, number, starts_at)
        found.append(one)
        choice = choices.get(number)
        if isinstance(choice, MoveTo):
            placed.append(Placed(day, ids.get(choice.provider.lower(), named.id)))
        elif one.is_free and choice is None:
            placed.append(Placed(day, named.id))
    return found


def preview_rest(
    actor: Actor, *, wish: RestWish, choices: Choices = NOTHING_CHOSEN
) -> list[MovedOccurrence]:
    """Each visit of the rest with its new time: free, or why not with other times of that day.

    None of them is in the way of another by its old time. Raises what `change_rest` raises.
    """
    actor.require(Permission.BOOK)
    if wish.override_reason is not None:
        actor.require(Permission.OVERRIDE)
    visit, old, rest = rest_of(actor, wish.appointment_id, wish.series_id)
    wanted = types.type_of(visit.type_id)
    named = questions.providers_for(wanted, wish.provider or visit.provider)[0]
    _, times = times_of_rest(wish, visit, old, rest)
    zone = settings().time_zone
    leaving = [
        Leaving(one.id, local_date(one.starts_at, zone), one.practitioner_id)
        for one in rest
        if choices.get(one.series_number or 0) != SKIP
    ]
    ask = _asker(
        lambda first, last: questions.question(
            wanted, wanted.providers, first=first, last=last, patient_id=visit.patient_id
        ),
        [local_date(starts_at, zone) for starts_at in times.values()],
        override=wish.override_reason is not None,
    )
    found: list[MovedOccurrence] = []
    placed: list[Placed] = []
    for one in rest:
        day = local_date(times[one.id], zone)
        asked = moved_by(without_visits(ask(day), leaving), placed)
        asked = replace(asked, duration=one.period.lasts_for)
        planned = _occurrence(asked, named.id, one.series_number or 0, times[one.id])
        found.append(MovedOccurrence(one, planned))
        if planned.is_free:
            placed.append(Placed(day, named.id))
    return found


def _asker(
    load: Callable[[date, date], Question], days: Sequence[date], *, override: bool
) -> Callable[[date], Question]:
    """The question about one day, from facts that are loaded once for many days."""
    loaded = [(first, last, load(first, last)) for first, last in windows_of(days)]

    def ask(day: date) -> Question:
        question = next(one for first, last, one in loaded if first <= day <= last)
        question = question.without_limits() if override else question
        return replace(question, first=day, last=day)

    return ask


def _occurrence(
    question: Question, practitioner_id: int, number: int, starts_at: datetime
) -> Occurrence:
    reason = rules.why_not(question, practitioner_id, starts_at)
    if reason is None:
        return Occurrence(number, starts_at, "", ())
    slots = rules.available_slots(question)
    own = [slot for slot in slots if slot.practitioner_id == practitioner_id]
    near = rules.nearest_slots(own or slots, starts_at, ALTERNATIVES)
    return Occurrence(number, starts_at, reason.sentence, tuple(near))
