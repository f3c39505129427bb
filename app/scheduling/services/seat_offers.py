"""Offers of seats in group sessions, made by a job and kept for a while (SCH-31).

A kept seat is counted as taken from the offer on, by the same guarded UPDATE that gives seats
out (SCH-04); who takes the offer takes that very seat.
"""

from collections.abc import Sequence

from app.infra.db import retried, transaction
from app.infra.one_by_one import one_by_one
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling.errors.points import MissedTooMany
from app.scheduling.errors.sessions import SessionFull, SessionOver
from app.scheduling.permissions import Permission
from app.scheduling.queries import points, seat_offers, sessions, waitlist
from app.scheduling.queries.sessions import SessionView
from app.scheduling.queries.waitlist import Candidate
from app.scheduling.rules.points import check_own_seat
from app.scheduling.rules.sessions import Cohort, opens_for
from app.scheduling.rules.waitlist import NO_NOTICE, EntryStatus, earliest_offer
from app.scheduling.services import parties
from app.scheduling.services.offering import announce, check_awake, open_for, store_offer
from app.scheduling.services.seats import count_up
from app.scheduling.services.sessions import known_session
from app.scheduling.services.writing import lock_parties

SUBJECT = "A place has become free for you"


def offer_freed_seats(actor: Actor, *, session_id: int) -> int:
    """Offer the free seats of a session to those who wait, first come first served.

    Returns how many offers. Each is a transaction of its own. Raises RetryLater in quiet hours,
    UnknownSession.
    """
    actor.require(Permission.WAITLIST_WRITE)
    now, zone = clock.now(), settings().time_zone
    check_awake(now)
    found = known_session(session_id)
    if found.starts_at < earliest_offer(now, open_for=open_for(), notice=NO_NOTICE):
        return 0  # nobody could take it in the offer's last minute and still come
    cohorts = sessions.cohorts_of([found.id]).get(found.id, [])
    waiting = seat_offers.candidates(found, day=local_date(found.starts_at, zone), zone=zone)
    are_gone = False

    def offer(candidate: Candidate) -> bool:
        nonlocal are_gone
        if are_gone or not candidate.times.suit(found.period, zone):
            return False
        try:
            return retried(lambda: _offer(actor, found, cohorts, candidate), refusal=SessionFull)
        except (SessionFull, SessionOver):
            are_gone = True
            return False

    return one_by_one("offers of seats", waiting, offer)


def _offer(
    actor: Actor, found: SessionView, cohorts: Sequence[Cohort], candidate: Candidate
) -> bool:
    """Keep a seat for one who waits, if it is for them. Raises SessionFull, SessionOver."""
    patient = patients.patient_card(candidate.patient_id)
    if patient is None or not patient.is_active:
        return False
    with transaction() as tx:
        now = clock.now()
        lock_parties(tx, [], patient.id)
        if waitlist.locked_status(candidate.entry_id) is not EntryStatus.WAITING:
            return False
        if not _may_have(found, cohorts, patient):
            return False
        count_up(tx, found, now)
        offer_id = store_offer(
            tx,
            entry_id=candidate.entry_id,
            practitioner_id=found.practitioner_id,
            period=found.period,
            campus=found.campus,
            now=now,
            session_id=found.id,
        )
        announce(
            tx,
            actor,
            offer_id,
            subject=SUBJECT,
            period=found.period,
            note=found.title,
            patient=patient,
            now=now,
        )
    return True


def _may_have(found: SessionView, cohorts: Sequence[Cohort], patient: PatientCard) -> bool:
    """Whether the patient could take a seat for themselves: those who cannot are not asked."""
    now = clock.now()
    opens = opens_for(found.opens_at, cohorts, patient.program, patient.year_level)
    if opens is None or opens > now or sessions.seat_of_patient(found.id, patient.id):
        return False
    try:
        held = points.points_that_count(patient.id, now=now)
        check_own_seat(held, parties.points_policy(), starts_at=found.starts_at, now=now)
    except MissedTooMany:
        return False
    return not sessions.busy_patients([patient.id], found.period, now=now)
