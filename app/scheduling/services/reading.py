"""What screens and the JSON interface show, with the permission asked here (ACC-02)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import clinic_days
from app.kernel.errors import Forbidden
from app.kernel.ids import AppointmentId, PractitionerId
from app.notifications.permissions import Permission as Messages
from app.notifications.queries import SentMail
from app.patients import queries as patients
from app.scheduling import rules
from app.scheduling.errors import UnknownProvider
from app.scheduling.permissions import Permission
from app.scheduling.queries import appointments, calendar, facts, schedules, sessions, types
from app.scheduling.queries.appointments import CALENDAR_CAP, AppointmentView, EventView, Page
from app.scheduling.queries.calendar import OpenTime, ProviderDay
from app.scheduling.queries.schedules import PractitionerCard
from app.scheduling.queries.sessions import SessionView
from app.scheduling.rules import AppointmentStatus, Closure, Context, Slot
from app.scheduling.services import parties, questions

# Whom a provider expects or saw; visits that were given up would only confuse.
EXPECTED = (*sorted(rules.HOLDS_TIME), AppointmentStatus.NO_SHOW, AppointmentStatus.LEFT)


class ListedVisit(parties.Visit, Protocol):
    """A visit as a list knows it, enough to say what may be done with it."""

    @property
    def status(self) -> AppointmentStatus: ...
    @property
    def status_since(self) -> datetime: ...
    @property
    def starts_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class CalendarWindow:
    """What a calendar draws. `is_cut` says that there were more visits than it can hold."""

    visits: list[AppointmentView]
    open_times: list[OpenTime]
    closures: list[Closure]
    is_cut: bool
    sessions: list[SessionView]


@dataclass(frozen=True, slots=True)
class VisitDetails:
    """One visit, what happened to it, and what the actor may do with it now.

    `mails` is None for those who may not see what was sent.
    """

    visit: AppointmentView
    history: list[EventView]
    steps: list[AppointmentStatus]
    mails: list[SentMail] | None

    @property
    def may_move(self) -> bool:
        """Whether another time can be chosen."""
        return AppointmentStatus.RESCHEDULED in self.steps


def visit_details(actor: Actor, *, appointment_id: AppointmentId) -> VisitDetails:
    """A visit with its history. Raises UnknownAppointment for what is not one's own."""
    visit = parties.check_visible(actor, appointments.appointment(appointment_id))
    cutoff = types.type_of(visit.type_id).policy.cancel_cutoff
    was_away = facts.was_away(visit.practitioner_id, visit.period)
    steps = possible_steps(actor, visit, now=clock.now(), cutoff=cutoff, was_away=was_away)
    may_see_mail = actor.may(Messages.COMMUNICATION_READ)
    mails = appointments.mails_about_visit(visit) if may_see_mail else None
    return VisitDetails(visit, appointments.history(appointment_id), steps, mails)


def possible_steps(
    actor: Actor,
    visit: ListedVisit,
    *,
    now: datetime,
    cutoff: timedelta = timedelta(0),
    was_away: bool = False,
) -> list[AppointmentStatus]:
    """The statuses that the actor may give the visit now, for buttons; asks no database.

    A list leaves `cutoff` and `was_away` out: the use case itself asks for them again.
    """
    return rules.allowed_transitions(
        visit.status,
        context=Context(
            capacities=parties.capacities(actor, visit),
            now=now,
            starts_at=visit.starts_at,
            status_since=visit.status_since,
            zone=settings().time_zone,
            cutoff=cutoff,
            was_away=was_away,
        ),
    )


def own_appointments(
    actor: Actor,
    *,
    when: str = "all",
    statuses: tuple[AppointmentStatus, ...] = (),
    page: int = 1,
    page_size: int = 25,
) -> Page:
    """One's own visits: as a patient, or for a provider without a record those with patients.

    Raises Forbidden for somebody who is neither patient nor staff of the desk.
    """
    if not (actor.may(Permission.BOOK_OWN) or actor.may(Permission.READ)):
        raise Forbidden()
    if actor.user_id is None:
        return Page([], 0, page, page_size)
    patient = patients.patient_for_user(actor.user_id)
    provider = None
    if patient is None and actor.may(Permission.READ):
        provider = schedules.practitioner_of_user(actor.user_id)
    if patient is None and provider is None:
        return Page([], 0, page, page_size)
    return appointments.appointments_of(
        patient_id=patient.id if patient else None,
        practitioner_id=provider.id if provider else None,
        now=clock.now(),
        when=when,
        statuses=statuses,
        page=page,
        page_size=page_size,
    )


def provider_schedule(
    actor: Actor, *, provider: str, first: date, last: date
) -> tuple[PractitionerCard, list[ProviderDay]]:
    """When a provider is open and busy; with whom only for staff who may see it.

    Raises UnknownProvider, WindowTooLong and its kin, and Forbidden.
    """
    rules.check_window(first, last)
    may_see_patients = actor.may(Permission.READ)
    if not (may_see_patients or actor.may(Permission.BOOK_OWN)):
        raise Forbidden()
    card = schedules.practitioner_by_university_id(provider)
    if card is None or not (card.is_active or may_see_patients):
        raise UnknownProvider()
    zone = settings().time_zone
    visits: list[AppointmentView] = []
    if may_see_patients:
        window = clinic_days(first, last, zone)
        visits = appointments.appointments_between(window, practitioner_ids=[card.id])
    return card, calendar.provider_days(card.id, first, last, zone, visits)


def calendar_window(
    actor: Actor,
    *,
    first: date,
    last: date,
    provider: str | None = None,
    type_code: str | None = None,
    with_hours: bool = True,
    with_given_up: bool = False,
) -> CalendarWindow:
    """Visits, group sessions, opening hours and closures of some days, for staff (SCH-36).

    Visits and sessions that were cancelled, declined or moved are left out unless asked for.
    """
    actor.require(Permission.READ)
    rules.check_window(first, last)
    zone = settings().time_zone
    ids = _wanted_providers(provider)
    days = clinic_days(first, last, zone)
    visits = appointments.appointments_between(
        days,
        practitioner_ids=ids if provider else None,
        statuses=() if with_given_up else EXPECTED,
        type_code=type_code,
        limit=CALENDAR_CAP + 1,
    )
    open_times, closures = calendar.open_times(ids if with_hours else [], first, last, zone)
    planned = sessions.sessions_between(
        days.starts_at,
        days.ends_at,
        practitioner_ids=ids if provider else None,
        type_code=type_code,
        with_cancelled=with_given_up,
    )
    is_cut = len(visits) > CALENDAR_CAP
    return CalendarWindow(visits[:CALENDAR_CAP], open_times, closures, is_cut, planned)


def _wanted_providers(provider: str | None) -> list[PractitionerId]:
    if provider is None:
        return [card.id for card in schedules.practitioners()]
    card = schedules.practitioner_by_university_id(provider)
    if card is None:
        raise UnknownProvider()
    return [card.id]


def times_to_move(
    actor: Actor,
    *,
    appointment_id: AppointmentId,
    first: date,
    last: date,
    provider: str | None = None,
    without_limits: bool = False,
) -> list[Slot]:
    """The free times that a visit can move to; its own time is no obstacle.

    Without a provider those of its present one; `without_limits` lists what an override can
    take too. Raises UnknownAppointment, UnknownProvider.
    """
    rules.check_window(first, last)
    if without_limits:
        actor.require(Permission.OVERRIDE)
    visit = parties.check_visible(actor, appointments.appointment(appointment_id))
    wanted = types.type_of(visit.type_id)
    question = questions.question(
        wanted,
        questions.providers_for(wanted, provider or visit.provider),
        first=first,
        last=last,
        patient_id=visit.patient_id,
        duration=visit.period.lasts_for,
        moving=visit.id,
        is_own=visit.patient.user_id == actor.user_id,
    )
    if without_limits:
        question = question.without_limits()
    present = (visit.practitioner_id, visit.starts_at)
    return [
        slot
        for slot in rules.available_slots(question)
        if (slot.practitioner_id, slot.starts_at) != present
    ]
