"""An offer that staff make themselves, of a time that they name (SCH-31)."""

from datetime import datetime, timedelta

from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.period import Period
from app.scheduling.errors import UnknownType
from app.scheduling.errors.waitlist import CannotOffer, NotWaiting, QuietNow, UnknownEntry
from app.scheduling.permissions import Permission
from app.scheduling.queries import types, waitlist
from app.scheduling.queries.types import BookableType
from app.scheduling.queries.waitlist import Candidate, EntryView
from app.scheduling.rules import Slot
from app.scheduling.rules.quiet import quiet_until
from app.scheduling.rules.waitlist import EntryStatus, earliest_offer
from app.scheduling.services import questions
from app.scheduling.services.free_times import available_times
from app.scheduling.services.holds import Freed, try_offer
from app.scheduling.services.offering import open_for

LISTED_FOR = timedelta(days=13)


def times_to_offer(actor: Actor, *, entry_id: int) -> tuple[EntryView, list[Slot]]:
    """An entry, and the free times that suit it, of two weeks from its first day on.

    Raises UnknownEntry, and NotWaiting for an entry that is over or has an offer.
    """
    actor.require(Permission.WAITLIST_WRITE)
    entry, wanted = _waiting(entry_id)
    zone, now = settings().time_zone, clock.now()
    first = max(entry.times.first_day, local_date(now, zone))
    found = available_times(
        actor,
        type_code=entry.type,
        first=first,
        last=max(first, min(entry.times.last_day, first + LISTED_FOR)),
        provider=entry.provider,
        patient=entry.patient.university_id,
    )
    soonest = earliest_offer(now, open_for=open_for(), notice=wanted.policy.minimum_notice)
    return entry, [
        slot for slot in found if slot.starts_at >= soonest and entry.times.suit(slot, zone)
    ]


def offer_now(actor: Actor, *, entry_id: int, starts_at: datetime, provider: str) -> EntryView:
    """Keep a named time for one who waits, before those who wait for longer, and tell them.

    The same offer again is harmless. Raises CannotOffer for a time that is not free or does not
    suit, QuietNow in quiet hours, NotWaiting, UnknownEntry, UnknownProvider.
    """
    actor.require(Permission.WAITLIST_WRITE)
    present = waitlist.entry(entry_id)
    if present and (present.offer_starts_at, present.offer_provider) == (starts_at, provider):
        return present
    entry, wanted = _waiting(entry_id)
    _check_not_quiet()
    chosen = questions.providers_for(wanted, provider)[0]
    if entry.provider not in (None, chosen.university_id):
        raise CannotOffer(f"This patient waits for a time with {entry.provider_name}.")
    period = Period(starts_at, starts_at + wanted.policy.duration)
    candidate = Candidate(
        entry_id=entry.id, patient_id=entry.patient.id, type_id=wanted.id, times=entry.times
    )
    if try_offer(actor, candidate, Freed(chosen.id, period, None, is_named=True)) is None:
        raise CannotOffer()
    return _known(entry_id)


def _waiting(entry_id: int) -> tuple[EntryView, BookableType]:
    entry = _known(entry_id)
    if entry.status is EntryStatus.OFFERED:
        raise NotWaiting("A time is kept for this patient already.")
    if entry.status is not EntryStatus.WAITING:
        raise NotWaiting()
    wanted = types.bookable_type(entry.type)
    if wanted is None:
        raise UnknownType()
    return entry, wanted


def _known(entry_id: int) -> EntryView:
    found = waitlist.entry(entry_id)
    if found is None:
        raise UnknownEntry()
    return found


def _check_not_quiet() -> None:
    """NOT-03: nobody is woken by an offer, not even by one that staff make."""
    config = settings()
    until = quiet_until(clock.now(), config.time_zone, config.quiet_from, config.quiet_until)
    if until is not None:
        raise QuietNow(f"{until.astimezone(config.time_zone):%H:%M}")
