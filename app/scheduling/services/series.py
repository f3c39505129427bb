"""Recurring visits: look at each, book them all, and change or cancel the rest (SCH-32)."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import case, insert, update

from app.infra.db import Transaction, retried, transaction
from app.infra.idempotency import Once
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import DomainError
from app.kernel.ids import AppointmentId
from app.patients.queries import PatientCard
from app.scheduling import rules
from app.scheduling.errors import SlotTaken
from app.scheduling.errors.series import NothingToBook, SeriesClash, SeriesOver, UnknownSeries
from app.scheduling.models import Appointment, Series
from app.scheduling.permissions import Permission
from app.scheduling.queries import appointments, types
from app.scheduling.queries import series as queries
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.series import SeriesView
from app.scheduling.queries.types import BookableType
from app.scheduling.rules import AppointmentStatus, Question, Slot
from app.scheduling.rules.series import (
    Pattern,
    check_pattern,
    occurrence_days,
    occurrences,
    windows_of,
)
from app.scheduling.services import parties, questions
from app.scheduling.services.booking import book_appointment
from app.scheduling.services.changes import change_status
from app.scheduling.services.moving import reschedule_appointment
from app.scheduling.services.questionnaires import check_wish, diverting
from app.scheduling.services.wish import Answers, Wish
from app.scheduling.services.writing import lock_parties, release_lapsed_holds
from app.security.services import record_event

SKIP = "skip"
NO_ANSWERS = Answers()
ALTERNATIVES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesWish:
    """A series that staff want to book. `patient` and `provider` are university IDs.

    `override_reason` sets notice, horizon and limits aside, for those who may. The answers to
    the questions of the type are given once and stored with every visit (SCH-13).
    """

    type: str
    patient: str
    provider: str
    pattern: Pattern
    reason: str = ""
    override_reason: str | None = None
    given: Answers = NO_ANSWERS


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
class MoveTo:
    """The other time that was chosen for an occurrence that clashes."""

    starts_at: datetime
    provider: str


Choices = Mapping[int, MoveTo | str]


@dataclass(frozen=True, slots=True)
class SeriesDetails:
    """A series and its visits."""

    series: SeriesView
    visits: list[AppointmentView]


def preview_series(actor: Actor, *, wish: SeriesWish) -> list[Occurrence]:
    """Each visit of the series: free, or the sentence why not with other times of that day.

    Nothing is held yet. Raises BadSeries, UnknownType, UnknownProvider, UnknownPatient.
    """
    wanted, patient = _parties(actor, wish)
    pattern = check_pattern(wish.pattern)
    named = questions.providers_for(wanted, wish.provider)[0]
    zone = settings().time_zone
    planned = dict(zip(occurrence_days(pattern), occurrences(pattern, zone), strict=True))
    found: list[Occurrence] = []
    free = 0
    for first, last in windows_of(list(planned)):
        question = questions.question(
            wanted, wanted.providers, first=first, last=last, patient_id=patient.id
        )
        if wish.override_reason is not None:
            question = question.without_limits()
        for day in (day for day in planned if first <= day <= last):
            asked = _counting(question, day, free)
            number = len(found) + 1
            found.append(_occurrence(asked, named.id, number, planned[day]))
            free += found[-1].is_free
    return found


def _parties(actor: Actor, wish: SeriesWish) -> tuple[BookableType, PatientCard]:
    actor.require(Permission.BOOK)
    if wish.override_reason is not None:
        actor.require(Permission.OVERRIDE)
    patient, _ = parties.patient_to_book(actor, wish.patient)
    return parties.type_to_book(actor, wish.type), patient


def _counting(question: Question, day: date, earlier: int) -> Question:
    """The question about one day, with the earlier visits of the series counted (SCH-17)."""
    held = question.patient
    if held is not None:
        held = replace(
            held,
            open_total=held.open_total + earlier,
            open_of_type=held.open_of_type + earlier,
        )
    return replace(question, first=day, last=day, patient=held)


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


def book_series(
    actor: Actor, *, wish: SeriesWish, choices: Choices | None = None, once: Once | None = None
) -> int:
    """Book all visits of a series or none; returns the key of the series.

    `choices` says by number which occurrences are skipped (SKIP) or moved (MoveTo). Raises
    SeriesClash naming a visit that cannot be had, NothingToBook, AnswersNeeded, Diverted, and
    what `preview_series` does.
    """
    with diverting(actor):
        return retried(
            lambda: _book_series(actor, wish, choices or {}, once),
            refusal=SlotTaken,
            between=release_lapsed_holds,
        )


def once_for(actor: Actor, key: str, wish: SeriesWish) -> Once:
    """The key of a form: sent twice, the series is booked once (SCH-06)."""
    return Once.of(actor.user_id or 0, key, asdict(wish))


def _book_series(actor: Actor, wish: SeriesWish, choices: Choices, once: Once | None) -> int:
    with transaction() as tx:
        earlier = once.earlier_answer(tx) if once else None
        if earlier is not None:
            return int(earlier["series_id"])
        wanted, patient = _parties(actor, wish)
        pattern = check_pattern(wish.pattern)
        provider = questions.providers_for(wanted, wish.provider)[0]
        everybody = [one.id for one in wanted.providers]
        lock_parties(tx, everybody, patient.id, wanted.resource_ids)
        # Looked at before the first visit, so that a refusal names the answer and no visit.
        first = _single(wish, occurrences(pattern, settings().time_zone)[0], wish.provider)
        check_wish(actor, first, wanted, patient.id, is_own=False)
        booked = _book_each(tx, actor, wish, choices)
        series_id = _store_series(
            tx,
            actor,
            pattern,
            patient_id=patient.id,
            type_id=wanted.id,
            practitioner_id=provider.id,
            predecessor_id=None,
        )
        _number(tx, series_id, booked)
        _note(tx, actor, "book-series", series_id, patient.id, visits=len(booked))
        if once:
            once.remember(tx, {"series_id": series_id})
    return series_id


def _book_each(
    tx: Transaction, actor: Actor, wish: SeriesWish, choices: Choices
) -> dict[AppointmentId, int]:
    """Book every occurrence that is not skipped; the keys of the visits with their numbers."""
    zone = settings().time_zone
    booked: dict[AppointmentId, int] = {}
    for number, planned in enumerate(occurrences(wish.pattern, zone), start=1):
        choice = choices.get(number)
        if choice == SKIP:
            continue
        starts_at, provider = planned, wish.provider
        if isinstance(choice, MoveTo):
            starts_at, provider = choice.starts_at, choice.provider
        single = _single(wish, starts_at, provider)
        try:
            booked[book_appointment(actor, wish=single).id] = number
        except DomainError as refusal:
            local = starts_at.astimezone(zone)
            raise SeriesClash(number, local, refusal.message) from refusal
        tx.flush()  # the next one counts this one
    if not booked:
        raise NothingToBook()
    return booked


def _single(wish: SeriesWish, starts_at: datetime, provider: str) -> Wish:
    """One visit of the series as a booking of its own."""
    return Wish(
        type=wish.type,
        starts_at=starts_at,
        provider=provider,
        patient=wish.patient,
        reason=wish.reason,
        override_reason=wish.override_reason,
    ).answering(wish.given)


def _store_series(tx: Transaction, actor: Actor, pattern: Pattern, **keys: int | None) -> int:
    return int(
        tx.execute(
            insert(Series)
            .values(
                frequency=pattern.frequency.value,
                every=pattern.every,
                first_on=pattern.first_on,
                local_time=pattern.local_time,
                count=pattern.count,
                status="running",
                created_at=clock.now(),
                created_by_id=actor.user_id,
                **keys,
            )
            .returning(Series.id)
        ).scalar_one()
    )


def _number(tx: Transaction, series_id: int, numbers: Mapping[AppointmentId, int]) -> None:
    """Say of which series the visits are, and which of it."""
    tx.flush()
    tx.execute(
        update(Appointment)
        .where(Appointment.id.in_(list(numbers)))
        .values(series_id=series_id, series_number=case(dict(numbers), value=Appointment.id))
        .execution_options(synchronize_session=False)
    )


def series_details(actor: Actor, *, series_id: int) -> SeriesDetails:
    """A series with its visits, for staff. Raises UnknownSeries."""
    actor.require(Permission.READ)
    found = queries.series_of(series_id)
    if found is None:
        raise UnknownSeries()
    return SeriesDetails(found, appointments.appointments_of_series(series_id))


def change_rest(
    actor: Actor,
    *,
    appointment_id: AppointmentId,
    first_on: date,
    local_time: time,
    provider: str | None = None,
    override_reason: str | None = None,
) -> int:
    """Move this visit of a series and all later ones; what was before stays as it is.

    The old series ends and a successor starts on `first_on`; returns its key. All visits are
    moved or none. Raises SeriesClash naming a visit that cannot be moved, SeriesOver,
    UnknownSeries for a visit of no series, and UnknownAppointment.
    """
    return retried(
        lambda: _change_rest(
            actor, appointment_id, first_on, local_time, provider, override_reason
        ),
        refusal=SlotTaken,
        between=release_lapsed_holds,
    )


def _change_rest(
    actor: Actor,
    appointment_id: AppointmentId,
    first_on: date,
    local_time: time,
    provider: str | None,
    override_reason: str | None,
) -> int:
    with transaction() as tx:
        visit, old, rest = _rest_of(tx, actor, appointment_id, also=provider)
        start = visit.series_number or 1
        last = max(one.series_number or start for one in rest)
        pattern = check_pattern(
            replace(old.pattern, first_on=first_on, local_time=local_time, count=last - start + 1)
        )
        wanted_provider = provider or visit.provider
        moved = _move_each(actor, rest, start, pattern, wanted_provider, override_reason)
        series_id = _store_series(
            tx,
            actor,
            pattern,
            patient_id=visit.patient_id,
            type_id=visit.type_id,
            practitioner_id=appointments.known_appointment(next(iter(moved))).practitioner_id,
            predecessor_id=old.id,
        )
        _number(tx, series_id, moved)
        _end(tx, old.id, "split")
        _note(tx, actor, "split-series", series_id, visit.patient_id, visits=len(moved))
    return series_id


def _rest_of(
    tx: Transaction, actor: Actor, appointment_id: AppointmentId, *, also: str | None = None
) -> tuple[AppointmentView, SeriesView, list[AppointmentView]]:
    """The visit, its series, and those visits from it on that are still to come, under locks."""
    visit = parties.check_visible(actor, appointments.appointment(appointment_id))
    actor.require(Permission.BOOK)
    old = queries.series_of(visit.series_id) if visit.series_id is not None else None
    if old is None:
        raise UnknownSeries("This visit does not belong to a series.")
    visits = appointments.appointments_of_series(old.id)
    everybody = {int(one.practitioner_id) for one in visits}
    wanted = types.type_of(visit.type_id)
    everybody |= {one.id for one in wanted.providers_named(also)} if also else set()
    lock_parties(tx, sorted(everybody), visit.patient_id, wanted.resource_ids)
    now = clock.now()
    rest = [
        one
        for one in appointments.appointments_of_series(old.id)
        if one.status is AppointmentStatus.CONFIRMED
        and one.starts_at > now
        and (one.series_number or 0) >= (visit.series_number or 0)
    ]
    if not rest:
        raise SeriesOver()
    return visit, old, rest


def _move_each(
    actor: Actor,
    rest: Sequence[AppointmentView],
    start: int,
    pattern: Pattern,
    provider: str,
    override_reason: str | None,
) -> dict[AppointmentId, int]:
    """Move each visit to its place in the new pattern; the keys with their new numbers."""
    zone = settings().time_zone
    times = occurrences(pattern, zone)
    place = {one.id: (one.series_number or start) - start for one in rest}
    # Later ones first when all move to later: each leaves its time before the next one comes.
    is_later = times[place[rest[0].id]] > rest[0].starts_at
    moved: dict[AppointmentId, int] = {}
    for visit in sorted(rest, key=lambda one: one.starts_at, reverse=is_later):
        starts_at = times[place[visit.id]]
        try:
            successor = reschedule_appointment(
                actor,
                appointment_id=visit.id,
                starts_at=starts_at,
                provider=provider,
                override_reason=override_reason,
            )
        except DomainError as refusal:
            local = starts_at.astimezone(zone)
            raise SeriesClash(place[visit.id] + start, local, refusal.message) from refusal
        moved[successor.id] = place[visit.id] + 1
    return moved


def cancel_rest(actor: Actor, *, appointment_id: AppointmentId, reason: str) -> int:
    """Cancel this visit of a series and all later ones; returns how many were cancelled.

    Raises SeriesOver, ReasonRequired, UnknownSeries, UnknownAppointment.
    """
    with transaction() as tx:
        visit, old, rest = _rest_of(tx, actor, appointment_id)
        for one in rest:
            change_status(
                actor,
                appointment_id=one.id,
                status=AppointmentStatus.CANCELLED,
                reason=reason,
            )
        _end(tx, old.id, "cancelled")
        _note(tx, actor, "cancel-series", old.id, visit.patient_id, visits=len(rest))
    return len(rest)


def _end(tx: Transaction, series_id: int, status: str) -> None:
    tx.execute(
        update(Series)
        .where(Series.id == series_id)
        .values(status=status)
        .execution_options(synchronize_session="fetch")
    )


def _note(
    tx: Transaction, actor: Actor, action: str, series_id: int, patient_id: Any, *, visits: int
) -> None:
    record_event(
        tx,
        actor,
        f"scheduling:appointment:{action}",
        object_type="Series",
        object_id=series_id,
        patient_id=patient_id,
        details={"visits": visits},
    )
