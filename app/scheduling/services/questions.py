"""Puts a question about free time together: who, which days, under which limits."""

from datetime import date, datetime, timedelta

from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.clock import local_date
from app.kernel.ids import AppointmentId, PatientId
from app.scheduling.errors import UnknownProvider
from app.scheduling.queries import facts
from app.scheduling.queries.facts import Scope
from app.scheduling.queries.types import BookableType, Provider
from app.scheduling.rules import Question
from app.scheduling.services import parties


def providers_for(wanted: BookableType, provider: str | None) -> tuple[Provider, ...]:
    """Who may be asked: everybody who offers the type, or the one that is named.

    Raises UnknownProvider when that leaves nobody.
    """
    found = wanted.providers_named(provider)
    if not found:
        raise UnknownProvider()
    return found


def question(
    wanted: BookableType,
    providers: tuple[Provider, ...],
    *,
    first: date,
    last: date,
    patient_id: PatientId | None = None,
    duration: timedelta | None = None,
    moving: AppointmentId | None = None,
    with_last_booked: bool = False,
    is_own: bool = False,
) -> Question:
    """The question with every fact that decides it, read now.

    `is_own` says that patients ask for themselves: then their missed visits count (SCH-35).
    """
    config = settings()
    return facts.load_question(
        Scope(
            type=wanted,
            providers=providers,
            first=first,
            last=last,
            now=clock.now(),
            zone=config.time_zone,
            limits=parties.clinic_limits(),
            patient_id=patient_id,
            duration=duration,
            moving=moving,
            with_last_booked=with_last_booked,
            points_policy=parties.points_policy() if is_own else None,
        )
    )


def day_of(instant: datetime) -> date:
    """The clinic's civil day of an instant."""
    return local_date(instant, settings().time_zone)
