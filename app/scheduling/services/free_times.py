"""The free times to choose from, and why a time is not among them."""

from datetime import date, datetime, timedelta

from app.kernel import clock
from app.kernel.actor import Actor
from app.scheduling import rules
from app.scheduling.permissions import Permission
from app.scheduling.rules import Reason, Slot
from app.scheduling.services import parties, questions
from app.scheduling.services.wish import Wish

ALTERNATIVE_DAYS = timedelta(days=6)
ALTERNATIVE_COUNT = 6


def available_times(
    actor: Actor,
    *,
    type_code: str,
    first: date,
    last: date,
    provider: str | None = None,
    patient: str | None = None,
    without_limits: bool = False,
) -> list[Slot]:
    """The free times of the window, by start, then provider.

    For a patient's own booking their other visits and limits count; for staff those of the
    patient whom they name. `without_limits` lists what an override can book too, for those who
    may. Raises UnknownType, UnknownProvider, and WindowTooLong and its kin.
    """
    rules.check_window(first, last)
    if without_limits:
        actor.require(Permission.OVERRIDE)
    wanted = parties.type_to_book(actor, type_code)
    patient_id, is_own = None, False
    if patient is not None or not actor.may(Permission.BOOK):
        card, is_own = parties.patient_to_book(actor, patient)
        patient_id = card.id
    providers = questions.providers_for(wanted, provider) if provider else wanted.providers
    question = questions.question(
        wanted, providers, first=first, last=last, patient_id=patient_id, is_own=is_own
    )
    return rules.available_slots(question.without_limits() if without_limits else question)


def explain_time(
    actor: Actor,
    *,
    type_code: str,
    starts_at: datetime,
    provider: str,
    patient: str | None = None,
) -> Reason | None:
    """Why staff cannot book a time, or None when they can: "Why not 10:00?"."""
    actor.require(Permission.BOOK)
    wanted = parties.type_to_book(actor, type_code)
    start = rules.check_start(starts_at)
    patient_id = parties.patient_to_book(actor, patient)[0].id if patient else None
    providers = questions.providers_for(wanted, provider)
    day = questions.day_of(start)
    question = questions.question(wanted, providers, first=day, last=day, patient_id=patient_id)
    return rules.why_not(question, providers[0].id, start)


def alternatives(actor: Actor, wish: Wish, starts_at: datetime) -> list[Slot]:
    """Free times near a lost one: with the same provider, or else with anybody."""
    first = max(questions.day_of(starts_at), questions.day_of(clock.now()))
    for provider in dict.fromkeys((wish.provider, None)):
        slots = available_times(
            actor,
            type_code=wish.type,
            first=first,
            last=first + ALTERNATIVE_DAYS,
            provider=provider,
            patient=wish.patient,
        )
        if slots:
            return rules.nearest_slots(_one_per_start(slots), starts_at, ALTERNATIVE_COUNT)
    return []


def _one_per_start(slots: list[Slot]) -> list[Slot]:
    """Six times to choose from, not one time with six providers."""
    return list({slot.starts_at: slot for slot in reversed(slots)}.values())
