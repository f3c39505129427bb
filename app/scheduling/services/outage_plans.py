"""Provider is out: which visits it meets, and where each could go (SCH-34)."""

from dataclasses import dataclass, replace
from datetime import datetime

from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import clinic_days, local_date
from app.kernel.period import Period
from app.scheduling import rules
from app.scheduling.errors import UnknownProvider
from app.scheduling.errors.outages import BadOutage
from app.scheduling.permissions import Permission
from app.scheduling.queries import outages as queries
from app.scheduling.queries import schedules, types
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.schedules import PractitionerCard
from app.scheduling.rules import (
    OPEN,
    AppointmentStatus,
    PatientFacts,
    PatientLimits,
    Question,
    Slot,
)
from app.scheduling.rules.outages import LOOK_AHEAD, Misplaced, check_outage, place_all
from app.scheduling.services import questions

IN_CLINIC = (AppointmentStatus.CHECKED_IN, AppointmentStatus.IN_PROGRESS)


@dataclass(frozen=True, slots=True)
class Proposal:
    """An affected visit and where it could go; a request waits for approval and is not moved."""

    visit: AppointmentView
    slot: Slot | None

    @property
    def cannot_be_reached(self) -> bool:
        """Whether there is neither an e-mail address nor a phone number."""
        return not (self.visit.patient.email or self.visit.patient.phone)


@dataclass(frozen=True, slots=True)
class OutagePlan:
    """What an absence would do. `present` are checked in and stay untouched."""

    provider: PractitionerCard
    period: Period
    proposals: list[Proposal]
    present: list[AppointmentView]


def plan_outage(
    actor: Actor, *, provider: str, starts_at: datetime, ends_at: datetime
) -> OutagePlan:
    """Every affected visit with a proposal; nothing is changed. A fixed number of statements
    per type of visit. Raises UnknownProvider and BadOutage.
    """
    actor.require(Permission.OUTAGE_WRITE)
    card, period = checked_absence(provider, starts_at, ends_at)
    affected = queries.overlapping(card.id, period, OPEN)
    movable = [one for one in affected if one.status is AppointmentStatus.CONFIRMED]
    places = place_all(_misplaced(card, period, movable)) if movable else {}
    return OutagePlan(
        card,
        period,
        [Proposal(visit, places.get(visit.id)) for visit in affected],
        queries.overlapping(card.id, period, IN_CLINIC),
    )


def checked_absence(
    provider: str, starts_at: datetime, ends_at: datetime
) -> tuple[PractitionerCard, Period]:
    """Who is out and when. Raises UnknownProvider and BadOutage."""
    card = schedules.practitioner_by_university_id(provider)
    if card is None:
        raise UnknownProvider()
    starts, ends = rules.check_start(starts_at), rules.check_start(ends_at)
    if starts >= ends:
        raise BadOutage("The absence must end after it starts.")
    return card, check_outage(Period(starts, ends), clock.now())


def _misplaced(
    card: PractitionerCard, period: Period, visits: list[AppointmentView]
) -> list[Misplaced]:
    """Each visit with the facts that decide where it can go."""
    zone = settings().time_zone
    first = local_date(min(visit.starts_at for visit in visits), zone)
    last = local_date(max(visit.starts_at for visit in visits), zone) + LOOK_AHEAD
    patients = {int(visit.patient_id) for visit in visits}
    held = queries.claims_of_patients(patients, clinic_days(first, last, zone))
    by_type: dict[int, Question] = {}
    for type_id in {visit.type_id for visit in visits}:
        wanted = types.type_of(type_id)
        asked = questions.question(wanted, wanted.providers, first=first, last=last)
        by_type[type_id] = _without(asked, card.id, period)
    return [
        Misplaced(
            visit.id,
            visit.period,
            replace(
                by_type[visit.type_id],
                patient=PatientFacts(claims=held.get(int(visit.patient_id), ())),
                patient_limits=PatientLimits(),
            ),
            int(visit.patient_id),
        )
        for visit in visits
    ]


def _without(question: Question, practitioner_id: int, period: Period) -> Question:
    """As if the provider were out already, with notice and limits set aside."""
    providers = tuple(
        replace(one, time_off=(*one.time_off, period))
        if one.practitioner_id == practitioner_id
        else one
        for one in question.providers
    )
    return replace(question.without_limits(), providers=providers)
