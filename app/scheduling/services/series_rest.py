"""Change or cancel the rest of a running series; what was before stays (SCH-32)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from sqlalchemy import update

from app.infra.db import Transaction, retried, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import DomainError
from app.kernel.ids import AppointmentId
from app.scheduling.errors import SlotTaken
from app.scheduling.errors.series import NothingToMove, SeriesClash, SeriesOver, UnknownSeries
from app.scheduling.models import Series
from app.scheduling.permissions import Permission
from app.scheduling.queries import appointments, types
from app.scheduling.queries import series as queries
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.series import SeriesView
from app.scheduling.rules import AppointmentStatus
from app.scheduling.rules.series import Pattern, check_pattern, occurrences
from app.scheduling.services import parties
from app.scheduling.services.changes import change_status
from app.scheduling.services.messages import gathered
from app.scheduling.services.moving import reschedule_appointment
from app.scheduling.services.series import (
    SKIP,
    Choices,
    MoveTo,
    note_series,
    number_visits,
    store_series,
)
from app.scheduling.services.series_messages import tell_series
from app.scheduling.services.writing import lock_parties, release_lapsed_holds

Rest = tuple[AppointmentView, SeriesView, list[AppointmentView]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RestWish:
    """Another time or provider from this visit of a series on. `provider` is a university ID;
    `series_id` says of which series the visit must be.
    """

    appointment_id: AppointmentId
    first_on: date
    local_time: time
    provider: str | None = None
    override_reason: str | None = None
    series_id: int | None = None


def change_rest(actor: Actor, *, wish: RestWish, choices: Choices | None = None) -> int:
    """Move this visit of a series and all later ones; what was before stays as it is.

    `choices` says by number which visits keep their old time (SKIP) or go to another one
    (MoveTo). The old series ends and a successor starts on `first_on`; returns its key. All
    visits are moved or none. Raises SeriesClash naming a visit that cannot be moved, SeriesOver,
    NothingToMove, UnknownSeries for a visit of no series, and UnknownAppointment.
    """
    return retried(
        lambda: _change_rest(actor, wish, choices or {}),
        refusal=SlotTaken,
        between=release_lapsed_holds,
    )


def _change_rest(actor: Actor, wish: RestWish, choices: Choices) -> int:
    with transaction() as tx:
        visit, old, rest = _locked_rest(
            tx, actor, wish.appointment_id, wish.series_id, _providers(wish, choices)
        )
        pattern, times = times_of_rest(wish, visit, old, rest)
        going = [one for one in rest if choices.get(one.series_number or 0) != SKIP]
        if not going:
            raise NothingToMove()
        start = visit.series_number or 1
        with gathered() as news:
            moved = _move_each(actor, going, times, wish, choices, start)
        last = appointments.known_appointment(next(iter(moved)))
        series_id = store_series(
            tx,
            actor,
            pattern,
            patient_id=visit.patient_id,
            type_id=visit.type_id,
            practitioner_id=last.practitioner_id,
            predecessor_id=old.id,
        )
        number_visits(tx, series_id, moved)
        _end(tx, old.id, "split")
        note_series(tx, actor, "split-series", series_id, visit.patient_id, visits=len(moved))
        tell_series(tx, actor, series_id, news)
    return series_id


def rest_of(actor: Actor, appointment_id: AppointmentId, series_id: int | None) -> Rest:
    """The visit, its series, and those visits from it on that are still to come.

    Raises UnknownAppointment, UnknownSeries, SeriesOver.
    """
    actor.require(Permission.BOOK)
    visit = parties.check_visible(actor, appointments.appointment(appointment_id))
    old = queries.series_of(visit.series_id) if visit.series_id is not None else None
    if old is None or series_id not in (None, old.id):
        raise UnknownSeries("This visit does not belong to a series.")
    return visit, old, _to_come(visit, old)


def _to_come(visit: AppointmentView, old: SeriesView) -> list[AppointmentView]:
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
    return rest


def _locked_rest(
    tx: Transaction,
    actor: Actor,
    appointment_id: AppointmentId,
    series_id: int | None,
    also: Sequence[str],
) -> Rest:
    visit, old, rest = rest_of(actor, appointment_id, series_id)
    everybody = {int(one.practitioner_id) for one in rest}
    wanted = types.type_of(visit.type_id)
    for provider in also:
        everybody |= {int(one.id) for one in wanted.providers_named(provider)}
    lock_parties(tx, sorted(everybody), visit.patient_id, wanted.resource_ids)
    return visit, old, _to_come(visit, old)


def _providers(wish: RestWish, choices: Choices) -> list[str]:
    """Who may be needed besides those who have the visits now."""
    named = [one.provider for one in choices.values() if isinstance(one, MoveTo)]
    return [wish.provider, *named] if wish.provider else named


def times_of_rest(
    wish: RestWish, visit: AppointmentView, old: SeriesView, rest: Sequence[AppointmentView]
) -> tuple[Pattern, dict[AppointmentId, datetime]]:
    """The rule of the successor, and when each visit of the rest would start. Raises BadSeries."""
    start = visit.series_number or 1
    last = max(one.series_number or start for one in rest)
    pattern = check_pattern(
        replace(
            old.pattern,
            first_on=wish.first_on,
            local_time=wish.local_time,
            count=last - start + 1,
        )
    )
    times = occurrences(pattern, settings().time_zone)
    return pattern, {one.id: times[(one.series_number or start) - start] for one in rest}


def _move_each(
    actor: Actor,
    going: Sequence[AppointmentView],
    times: Mapping[AppointmentId, datetime],
    wish: RestWish,
    choices: Choices,
    start: int,
) -> dict[AppointmentId, int]:
    """Move each visit to its place in the new pattern; the keys with their new numbers."""
    # Later ones first when all move to later: each leaves its time before the next one comes.
    is_later = times[going[0].id] > going[0].starts_at
    moved: dict[AppointmentId, int] = {}
    for visit in sorted(going, key=lambda one: one.starts_at, reverse=is_later):
        number = visit.series_number or start
        choice = choices.get(number)
        starts_at, provider = times[visit.id], wish.provider or visit.provider
        if isinstance(choice, MoveTo):
            starts_at, provider = choice.starts_at, choice.provider
        try:
            successor = reschedule_appointment(
                actor,
                appointment_id=visit.id,
                starts_at=starts_at,
                provider=provider,
                override_reason=wish.override_reason,
            )
        except DomainError as refusal:
            local = starts_at.astimezone(settings().time_zone)
            raise SeriesClash(number, local, refusal.message) from refusal
        moved[successor.id] = number - start + 1
    return moved


def cancel_rest(
    actor: Actor, *, appointment_id: AppointmentId, reason: str, series_id: int | None = None
) -> int:
    """Cancel this visit of a series and all later ones; returns how many were cancelled.

    Raises SeriesOver, ReasonRequired, UnknownSeries, UnknownAppointment.
    """
    with transaction() as tx:
        visit, old, rest = _locked_rest(tx, actor, appointment_id, series_id, ())
        with gathered() as news:
            for one in rest:
                change_status(
                    actor,
                    appointment_id=one.id,
                    status=AppointmentStatus.CANCELLED,
                    reason=reason,
                )
        _end(tx, old.id, "cancelled")
        note_series(tx, actor, "cancel-series", old.id, visit.patient_id, visits=len(rest))
        tell_series(tx, actor, old.id, news)
    return len(rest)


def _end(tx: Transaction, series_id: int, status: str) -> None:
    tx.execute(
        update(Series)
        .where(Series.id == series_id)
        .values(status=status)
        .execution_options(synchronize_session="fetch")
    )
