"""Waiting for a time to become free: joining, leaving, and the lists of who waits (SCH-31)."""

from dataclasses import dataclass
from datetime import date, time, timedelta

from sqlalchemy import insert, update

from app.infra.db import Transaction, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import clinic_day, local_date
from app.kernel.errors import Forbidden
from app.kernel.ids import PatientId, PractitionerId
from app.patients import queries as patients
from app.scheduling import rules
from app.scheduling.errors import UnknownPatient
from app.scheduling.errors.waitlist import AlreadyWaiting, NotWaiting, UnknownEntry
from app.scheduling.models import WaitlistEntry
from app.scheduling.permissions import Permission
from app.scheduling.queries import waitlist
from app.scheduling.queries.types import BookableType
from app.scheduling.queries.waitlist import EntryPage, EntryView, Recovered
from app.scheduling.rules.waitlist import (
    EntryStatus,
    HoldStatus,
    WaitingTimes,
    check_times,
)
from app.scheduling.services import parties, questions
from app.scheduling.services.form_holds import settle_form_holds
from app.scheduling.services.offer_answers import close_hold, settle_lapsed_offers
from app.scheduling.services.wishes_met import end_met_wishes
from app.scheduling.services.writing import lock_parties
from app.security.services import record_event

LISTED = (EntryStatus.OFFERED, EntryStatus.WAITING)
A_YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingWish:
    """What somebody waits for. Without a provider any will do; IDs are university IDs."""

    type: str
    first_day: date
    last_day: date
    earliest: time = time(0)
    latest: time = time(23, 59)
    provider: str | None = None
    patient: str | None = None
    reason: str = ""

    @property
    def times(self) -> WaitingTimes:
        """The days and times of day."""
        return WaitingTimes(
            first_day=self.first_day,
            last_day=self.last_day,
            earliest=self.earliest,
            latest=self.latest,
        )


def join_waitlist(actor: Actor, *, wish: WaitingWish) -> EntryView:
    """Wait for a time of one's own, or put a patient on the list at the front desk.

    Raises AlreadyWaiting, BadWait, UnknownType, TypeNotBookable, UnknownProvider,
    UnknownPatient, BadText, and Forbidden when a stranger is named.
    """
    reason = rules.check_reason_text(wish.reason)
    today = local_date(clock.now(), settings().time_zone)
    with transaction() as tx:
        patient, is_own = parties.patient_to_book(actor, wish.patient)
        if not is_own:
            actor.require(Permission.WAITLIST_WRITE)
        wanted = parties.type_to_book(actor, wish.type)
        check_times(wish.times, visit_for=wanted.policy.duration, today=today)
        provider = questions.providers_for(wanted, wish.provider)[0] if wish.provider else None
        lock_parties(tx, [], patient.id)  # one open entry for each patient and kind
        if waitlist.is_waiting_for(patient.id, wanted.id):
            raise AlreadyWaiting()
        practitioner_id = provider.id if provider else None
        number = _store(tx, actor, wish, wanted, patient.id, practitioner_id, reason)
    return _known(number)


def _store(
    tx: Transaction,
    actor: Actor,
    wish: WaitingWish,
    wanted: BookableType,
    patient_id: PatientId,
    practitioner_id: PractitionerId | None,
    reason: str,
) -> int:
    now = clock.now()
    number = tx.execute(
        insert(WaitlistEntry)
        .values(
            patient_id=patient_id,
            type_id=wanted.id,
            practitioner_id=practitioner_id,
            first_day=wish.first_day,
            last_day=wish.last_day,
            earliest=wish.earliest,
            latest=wish.latest,
            reason=reason,
            status=EntryStatus.WAITING.value,
            status_since=now,
            created_at=now,
            created_by_id=actor.user_id,
            channel=actor.channel.value,
        )
        .returning(WaitlistEntry.id)
    ).scalar_one()
    record_event(
        tx,
        actor,
        "scheduling:waitlist:join",
        object_type="WaitlistEntry",
        object_id=number,
        patient_id=patient_id,
    )
    return int(number)


def withdraw_from_waitlist(actor: Actor, *, entry_id: int) -> EntryView:
    """Wait no longer; a time that is kept for it goes to the next one. Twice is harmless.

    Raises UnknownEntry for what is not one's own, and NotWaiting for one that is over.
    """
    with transaction() as tx:
        check_visible_entry(actor, waitlist.entry(entry_id))
        waitlist.locked_status(entry_id)
        entry = check_visible_entry(actor, waitlist.entry(entry_id))
        if entry.status is EntryStatus.WITHDRAWN:
            return entry
        if not entry.is_open:
            raise NotWaiting()
        offer = waitlist.offer(entry.offer_id) if entry.offer_id else None
        if offer is not None:
            close_hold(tx, actor, offer, HoldStatus.WITHDRAWN)
        _end(tx, actor, entry.id, entry.patient.id, EntryStatus.WITHDRAWN)
    return _known(entry_id)


def settle_waitlist(actor: Actor) -> None:
    """What time brings about: whoever booked by themselves waits no longer, offers that lapsed
    go on, kept times are free again, and entries whose last day is over end."""
    try:
        end_met_wishes(actor)
        settle_lapsed_offers(actor)
    finally:
        settle_form_holds(actor)
        _expire_entries(actor)


def _expire_entries(actor: Actor) -> None:
    today = local_date(clock.now(), settings().time_zone)
    with transaction() as tx:
        over = tx.execute(
            update(WaitlistEntry)
            .where(
                WaitlistEntry.status == EntryStatus.WAITING.value, WaitlistEntry.last_day < today
            )
            .values(status=EntryStatus.EXPIRED.value, status_since=clock.now())
            .returning(WaitlistEntry.id, WaitlistEntry.patient_id)
            .execution_options(synchronize_session=False)
        ).all()
        for row in over:
            _note(tx, actor, row.id, PatientId(row.patient_id), EntryStatus.EXPIRED)


def _end(
    tx: Transaction, actor: Actor, entry_id: int, patient_id: PatientId, status: EntryStatus
) -> None:
    tx.execute(
        update(WaitlistEntry)
        .where(WaitlistEntry.id == entry_id)
        .values(status=status.value, status_since=clock.now())
        .execution_options(synchronize_session=False)
    )
    _note(tx, actor, entry_id, patient_id, status)


def _note(
    tx: Transaction, actor: Actor, entry_id: int, patient_id: PatientId, status: EntryStatus
) -> None:
    record_event(
        tx,
        actor,
        f"scheduling:waitlist:{status.value}",
        object_type="WaitlistEntry",
        object_id=entry_id,
        patient_id=patient_id,
    )


def _known(entry_id: int) -> EntryView:
    found = waitlist.entry(entry_id)
    if found is None:
        raise UnknownEntry()
    return found


def check_visible_entry(actor: Actor, entry: EntryView | None) -> EntryView:
    """The entry, when the actor may change it. Raises UnknownEntry or Forbidden (ACC-02)."""
    if entry is not None:
        is_own = entry.patient.user_id == actor.user_id and actor.may(Permission.BOOK_OWN)
        if is_own or actor.may(Permission.WAITLIST_WRITE):
            return entry
    if actor.may(Permission.BOOK_OWN) or entry is None:
        raise UnknownEntry()
    raise Forbidden()


def own_waitlist(actor: Actor, *, page: int = 1, page_size: int = 25) -> EntryPage:
    """What one waits for oneself, over ones included. Raises Forbidden for no patient."""
    actor.require(Permission.BOOK_OWN)
    patient = patients.patient_for_user(actor.user_id) if actor.user_id is not None else None
    if patient is None:
        return EntryPage([], 0, page, page_size)
    return waitlist.entries(patient_id=patient.id, page=page, page_size=page_size)


def waiting_list(
    actor: Actor,
    *,
    statuses: tuple[EntryStatus, ...] = LISTED,
    type_code: str | None = None,
    page: int = 1,
    page_size: int = 25,
) -> EntryPage:
    """Everybody who waits, who came first first; for staff."""
    actor.require(Permission.WAITLIST_READ)
    return waitlist.entries(statuses=statuses, type_code=type_code, page=page, page_size=page_size)


def visible_waitlist(
    actor: Actor, *, patient: str | None = None, page: int = 1, page_size: int = 25
) -> EntryPage:
    """For a patient what is their own; for staff one patient's, or everybody who waits.

    Raises Forbidden for the others, and UnknownPatient.
    """
    if patient is None:
        read = own_waitlist if actor.may(Permission.BOOK_OWN) else waiting_list
        return read(actor, page=page, page_size=page_size)
    actor.require(Permission.WAITLIST_READ)
    card = patients.patient_by_university_id(patient)
    if card is None:
        raise UnknownPatient()
    return waitlist.entries(patient_id=card.id, page=page, page_size=page_size)


def hours_recovered(actor: Actor) -> list[Recovered]:
    """Hours of the last twelve months that went to somebody who waited; for staff."""
    actor.require(Permission.WAITLIST_READ)
    zone = settings().time_zone
    since = clinic_day((local_date(clock.now(), zone) - A_YEAR).replace(day=1), zone).starts_at
    return waitlist.hours_recovered(zone, since=since)
