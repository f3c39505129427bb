"""Recurring visits: book them all or none (SCH-32). See also series_preview, series_rest."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, insert, update

from app.infra.db import Transaction, retried, transaction
from app.infra.idempotency import Once
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import DomainError
from app.kernel.ids import AppointmentId
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling.errors import SlotTaken, UnknownPatient
from app.scheduling.errors.series import NothingToBook, SeriesClash, UnknownSeries
from app.scheduling.models import Appointment, Series
from app.scheduling.permissions import Permission
from app.scheduling.queries import appointments
from app.scheduling.queries import series as queries
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.series import SeriesView
from app.scheduling.queries.types import BookableType
from app.scheduling.rules.series import Pattern, check_pattern, occurrences
from app.scheduling.services import parties, questions
from app.scheduling.services.booking import book_appointment
from app.scheduling.services.messages import gathered
from app.scheduling.services.questionnaires import check_wish, diverting
from app.scheduling.services.series_messages import tell_series
from app.scheduling.services.wish import Answers, Wish
from app.scheduling.services.writing import lock_parties, release_lapsed_holds
from app.security.services import record_event

SKIP = "skip"
NO_ANSWERS = Answers()


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
        wanted, patient = parties_of(actor, wish)
        pattern = check_pattern(wish.pattern)
        provider = questions.providers_for(wanted, wish.provider)[0]
        everybody = [one.id for one in wanted.providers]
        lock_parties(tx, everybody, patient.id, wanted.resource_ids)
        # Looked at before the first visit, so that a refusal names the answer and no visit.
        first = _single(wish, occurrences(pattern, settings().time_zone)[0], wish.provider)
        check_wish(actor, first, wanted, patient.id, is_own=False)
        with gathered() as news:
            booked = _book_each(tx, actor, wish, choices)
        series_id = store_series(
            tx,
            actor,
            pattern,
            patient_id=patient.id,
            type_id=wanted.id,
            practitioner_id=provider.id,
            predecessor_id=None,
        )
        number_visits(tx, series_id, booked)
        note_series(tx, actor, "book-series", series_id, patient.id, visits=len(booked))
        tell_series(tx, actor, series_id, news)
        if once:
            once.remember(tx, {"series_id": series_id})
    return series_id


def parties_of(actor: Actor, wish: SeriesWish) -> tuple[BookableType, PatientCard]:
    """The kind of visit and the patient, for somebody who may book them."""
    actor.require(Permission.BOOK)
    if wish.override_reason is not None:
        actor.require(Permission.OVERRIDE)
    patient, _ = parties.patient_to_book(actor, wish.patient)
    return parties.type_to_book(actor, wish.type), patient


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


def store_series(tx: Transaction, actor: Actor, pattern: Pattern, **keys: int | None) -> int:
    """Store the rule of a series that runs from now on; returns its key."""
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


def number_visits(tx: Transaction, series_id: int, numbers: Mapping[AppointmentId, int]) -> None:
    """Say of which series the visits are, and which of it."""
    tx.flush()
    tx.execute(
        update(Appointment)
        .where(Appointment.id.in_(list(numbers)))
        .values(series_id=series_id, series_number=case(dict(numbers), value=Appointment.id))
        .execution_options(synchronize_session=False)
    )


def series_of_patient(actor: Actor, *, patient: str) -> list[SeriesView]:
    """The series of a patient, the newest first, for staff. Raises UnknownPatient."""
    actor.require(Permission.READ)
    card = patients.patient_by_university_id(patient)
    if card is None:
        raise UnknownPatient()
    return queries.series_of_patient(card.id)


def series_details(actor: Actor, *, series_id: int) -> SeriesDetails:
    """A series with its visits, for staff. Raises UnknownSeries."""
    actor.require(Permission.READ)
    found = queries.series_of(series_id)
    if found is None:
        raise UnknownSeries()
    return SeriesDetails(found, appointments.appointments_of_series(series_id))


def note_series(
    tx: Transaction, actor: Actor, action: str, series_id: int, patient_id: Any, *, visits: int
) -> None:
    """The line of the audit trail."""
    record_event(
        tx,
        actor,
        f"scheduling:appointment:{action}",
        object_type="Series",
        object_id=series_id,
        patient_id=patient_id,
        details={"visits": visits},
    )
