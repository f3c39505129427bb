"""Seats in group sessions: taking one, giving it back, marking who came (SCH-04)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, update
from sqlalchemy.dialects.postgresql import insert as upsert

from app.infra.db import Transaction, retried, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.clock import local_date
from app.kernel.errors import Forbidden
from app.kernel.ids import PatientId
from app.patients import queries as patients
from app.patients.queries import PatientCard
from app.scheduling import rules
from app.scheduling.errors import PatientBusy
from app.scheduling.errors.sessions import (
    SeatRefused,
    SessionFull,
    UnknownSeat,
    UnknownSession,
)
from app.scheduling.models import Claim, GroupSession, Seat, SeatStation
from app.scheduling.permissions import Permission
from app.scheduling.queries import points, sessions, types
from app.scheduling.queries.facts import PATIENT
from app.scheduling.queries.sessions import SeatView, SessionView
from app.scheduling.rules import sessions as session_rules
from app.scheduling.rules.points import check_own_seat
from app.scheduling.rules.sessions import SeatStatus, SessionStatus
from app.scheduling.services import parties
from app.scheduling.services.freed import seat_freed
from app.scheduling.services.questionnaires import (
    Answered,
    check_wish,
    diverting,
    store_seat_answers,
)
from app.scheduling.services.seat_messages import tell_seat, tell_seat_cancelled
from app.scheduling.services.sessions import known_session
from app.scheduling.services.wish import Answers, Wish
from app.scheduling.services.writing import lock_parties, release_lapsed_holds
from app.security.services import record_event

NO_ANSWERS = Answers()


@dataclass(frozen=True, slots=True)
class Offer:
    """A session as one patient sees it: from when, and what they have of it."""

    session: SessionView
    opens: datetime | None
    seat: SeatStatus | None
    until: datetime
    now: datetime

    @property
    def may_take(self) -> bool:
        """Whether a seat can be taken now."""
        is_open = self.opens is not None and self.opens <= self.now < self.session.starts_at
        is_free = self.session.status is SessionStatus.OPEN and self.session.free > 0
        return is_open and is_free and self.seat is None

    @property
    def may_cancel(self) -> bool:
        """Whether the seat can be given up online."""
        return self.seat is SeatStatus.BOOKED and self.now <= self.until


def take_seat(
    actor: Actor, *, session_id: int, patient: str | None = None, given: Answers = NO_ANSWERS
) -> SeatView:
    """Take a seat for oneself, or at the front desk for a patient. Again, it is the same seat.

    The questions of the type are asked as for a booking (SCH-13). Raises SessionFull with other
    sessions, SessionOver, NotOpenYet, PatientBusy, MissedTooMany, AnswersNeeded, Diverted,
    UnknownPatient, and UnknownSession also for one that is not for the patient who asks.
    """
    card, is_own = parties.patient_to_book(actor, patient)
    with diverting(actor):
        seat_id = retried(
            lambda: _take(actor, session_id, card, given, is_own=is_own),
            refusal=PatientBusy,
            between=release_lapsed_holds,
        )
    return known_seat(seat_id)


def _take(actor: Actor, session_id: int, card: PatientCard, given: Answers, *, is_own: bool) -> int:
    with transaction() as tx:
        lock_parties(tx, [], card.id)
        found = known_session(session_id)
        present = sessions.seat_of_patient(session_id, card.id)
        if present is not None:
            return present.id
        now = clock.now()
        if is_own:
            _check_may_take(actor, found, card, now)
        session_rules.check_takes_seats(found.status, found.ends_at, now)
        answered = _checked(actor, found, card, given, now, is_own=is_own)
        count_up(tx, found, now)
        return _stored(tx, actor, found, card, answered, now)


def take_kept_seat(
    tx: Transaction, actor: Actor, *, session_id: int, patient: str, given: Answers
) -> int:
    """Take the seat that an offer keeps: it is counted already, also after booking has ended.

    The caller holds the patient's calendar and the session. Who took another seat there
    meanwhile keeps that one. Raises what `take_seat` raises for the patient.
    """
    card, is_own = parties.patient_to_book(actor, patient)
    found = known_session(session_id)
    present = sessions.seat_of_patient(session_id, card.id)
    if present is not None:
        _count_down(tx, session_id)
        _tell_who_waits(tx, found, f"seat-left/{present.id}")
        return present.id
    now = clock.now()
    if is_own:
        _check_may_take(actor, found, card, now)
    answered = _checked(actor, found, card, given, now, is_own=is_own)
    return _stored(tx, actor, found, card, answered, now)


def give_back_kept_seat(tx: Transaction, *, session_id: int, offer_id: int) -> None:
    """An offer is over: its seat is free again, for the next one who waits (SCH-31)."""
    _count_down(tx, session_id)
    _tell_who_waits(tx, known_session(session_id), f"seat-offer/{offer_id}")


def _count_down(tx: Transaction, session_id: int) -> None:
    """A session that was called off counts no seats any more (SCH-04)."""
    tx.execute(
        update(GroupSession)
        .where(
            GroupSession.id == session_id,
            GroupSession.taken > 0,
            GroupSession.status != SessionStatus.CANCELLED.value,
        )
        .values(taken=GroupSession.taken - 1)
        .execution_options(synchronize_session=False)
    )


def _tell_who_waits(tx: Transaction, found: SessionView, key: str) -> None:
    if found.status is SessionStatus.OPEN:
        seat_freed(tx, session_id=found.id, starts_at=found.starts_at, key=key)


def _checked(
    actor: Actor,
    found: SessionView,
    card: PatientCard,
    given: Answers,
    now: datetime,
    *,
    is_own: bool,
) -> Answered | None:
    """Whether the patient is free then; returns the checked answers (SCH-13)."""
    if sessions.busy_patients([card.id], found.period, now=now):
        raise PatientBusy("There is another visit at this time. Please change that first.")
    return _answered(actor, found, card, given, is_own=is_own)


def _stored(
    tx: Transaction,
    actor: Actor,
    found: SessionView,
    card: PatientCard,
    answered: Answered | None,
    now: datetime,
) -> int:
    seat_id = _store(tx, actor, found, card, now)
    store_seat_answers(tx, answered, seat_id)
    return seat_id


def _answered(
    actor: Actor, found: SessionView, card: PatientCard, given: Answers, *, is_own: bool
) -> Answered | None:
    """The answers to the questions of the session's type, checked as for a booking (SCH-13)."""
    wish = Wish(type=found.type, starts_at=found.starts_at).answering(given)
    return check_wish(actor, wish, types.type_of(found.type_id), card.id, is_own=is_own)


def _check_may_take(actor: Actor, found: SessionView, card: PatientCard, now: datetime) -> None:
    if not types.type_of(found.type_id).policy.bookable_by & actor.roles:
        raise UnknownSession()  # what is not for a patient is not there (ACC-02)
    opens = _opens(found, card)
    session_rules.check_open_for(opens, found.starts_at, now, _in_words(opens))
    held = points.points_that_count(card.id, now=now)
    check_own_seat(held, parties.points_policy(), starts_at=found.starts_at, now=now)


def _opens(found: SessionView, card: PatientCard) -> datetime | None:
    cohorts = sessions.cohorts_of([found.id]).get(found.id, [])
    return session_rules.opens_for(found.opens_at, cohorts, card.program, card.year_level)


def _in_words(instant: datetime | None) -> str:
    if instant is None:
        return ""
    wall = instant.astimezone(settings().time_zone)
    clock_text = f"{wall.hour % 12 or 12}:{wall:%M} {'AM' if wall.hour < 12 else 'PM'}"
    return f"{wall:%A}, {wall.day} {wall:%B}, {clock_text}"


def count_up(tx: Transaction, found: SessionView, now: datetime) -> None:
    """SCH-04: one guarded UPDATE decides who gets the last seat; nothing is read before."""
    counted = tx.execute(
        update(GroupSession)
        .where(
            GroupSession.id == found.id,
            GroupSession.taken < GroupSession.capacity,
            GroupSession.status == SessionStatus.OPEN.value,
            # Until it is counted up, somebody may move an empty session.
            GroupSession.starts_at == found.starts_at,
            GroupSession.ends_at == found.ends_at,
        )
        .values(taken=GroupSession.taken + 1)
        .execution_options(synchronize_session=False)
    )
    if counted.rowcount == 1:
        return
    fresh = known_session(found.id)
    session_rules.check_takes_seats(fresh.status, fresh.ends_at, now)
    others = sessions.other_open_sessions(found.type_id, besides=found.id, now=now)
    raise SessionFull("Every seat in this session is taken.", alternatives=others)


def _store(
    tx: Transaction, actor: Actor, found: SessionView, card: PatientCard, now: datetime
) -> int:
    """The seat, the patient's time, the audit event and the message."""
    seat = Seat(
        session_id=found.id,
        patient_id=card.id,
        status=SeatStatus.BOOKED.value,
        status_since=now,
        booked_at=now,
        booked_by_id=actor.user_id,
        channel=actor.channel.value,
    )
    tx.add(seat)
    tx.flush()  # the claim names its key
    span = {"starts_at": found.starts_at, "ends_at": found.ends_at}
    held = {"held_from": found.starts_at, "held_until": found.ends_at}
    claim = {"seat_id": seat.id, "resource_kind": PATIENT, "resource_id": card.id, "active": True}
    tx.execute(insert(Claim).values(**span, **held, **claim))
    _note(tx, actor, "take", seat.id, card.id)
    tell_seat(tx, actor, found, seat.id, card)
    return seat.id


def known_seat(seat_id: int) -> SeatView:
    """The seat. Raises UnknownSeat."""
    found = sessions.seat(seat_id)
    if found is None:
        raise UnknownSeat()
    return found


def cancel_seat(
    actor: Actor, *, session_id: int, patient: str | None = None, reason: str = ""
) -> SessionView:
    """Give a seat back, one's own until the cutoff or at the front desk a patient's.

    A second try changes nothing. Raises TooLateForSeat, SeatRefused, UnknownSeat.
    """
    why = rules.check_reason_text(reason)
    card, is_own = parties.patient_to_book(actor, patient)
    with transaction() as tx:
        lock_parties(tx, [], card.id)
        found = known_session(session_id)
        seat = sessions.seat_of_patient(session_id, card.id)
        if seat is None:
            if any(one.patient.id == card.id for one in _ended_seats(session_id)):
                return found
            raise UnknownSeat() if not is_own else UnknownSession()
        session_rules.check_cancel(seat.status, own=is_own, until=_until(found), now=clock.now())
        _give_back(tx, seat, why)
        _tell_who_waits(tx, found, f"seat/{seat.id}")
        _note(tx, actor, "cancel", seat.id, card.id)
        tell_seat_cancelled(tx, actor, found, seat)
    return known_session(session_id)


def _ended_seats(session_id: int) -> list[SeatView]:
    return sessions.seats_of(session_id, with_cancelled=True)


def _until(found: SessionView) -> datetime:
    return found.starts_at - types.type_of(found.type_id).policy.cancel_cutoff


def _give_back(tx: Transaction, seat: SeatView, reason: str) -> None:
    """The count first, as everybody who changes a session does, then the seat (SCH-04)."""
    _count_down(tx, seat.session_id)
    _set_status(tx, seat, SeatStatus.CANCELLED, reason)
    tx.execute(update(Claim).where(Claim.seat_id == seat.id).values(active=False))


def _set_status(tx: Transaction, seat: SeatView, status: SeatStatus, reason: str = "") -> None:
    """One UPDATE guarded by the expected status (SCH-07). Raises SeatRefused, undoing all."""
    changed = tx.execute(
        update(Seat)
        .where(Seat.id == seat.id, Seat.status == seat.status.value)
        .values(status=status.value, status_since=clock.now(), ended_reason=reason)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:
        raise SeatRefused("This seat was changed in the meantime. Please look at it again.")


def mark_seat(actor: Actor, *, seat_id: int, status: SeatStatus) -> SeatView:
    """Say that somebody came or did not, or take that back. The same mark again is harmless.

    Raises SeatRefused, UnknownSeat.
    """
    actor.require(Permission.SESSION_RUN)
    seat = known_seat(seat_id)
    _check_running(seat)
    if seat.status is status:
        return seat
    if SeatStatus.CANCELLED in (status, seat.status):
        raise SeatRefused("A cancelled seat cannot be marked. Give the person a seat again.")
    if seat.passed and status is not SeatStatus.ATTENDED:
        raise SeatRefused("This person has passed a station. Please take that back first.")
    with transaction() as tx:
        _set_status(tx, seat, status)
        _note(tx, actor, status.value, seat.id, seat.patient.id)
    return known_seat(seat_id)


def _check_running(seat: SeatView) -> SessionView:
    """Raises SeatRefused before the day of the session and when it is called off."""
    found = known_session(seat.session_id)
    zone = settings().time_zone
    if found.status is SessionStatus.CANCELLED:
        raise SeatRefused("This session is cancelled.")
    if local_date(clock.now(), zone) < local_date(found.starts_at, zone):
        raise SeatRefused("Attendance is marked from the day of the session on.")
    return found


def pass_station(actor: Actor, *, seat_id: int, position: int, undo: bool = False) -> SeatView:
    """Mark that somebody passed a station, in the order of the stations, or take it back.

    The first station marks the person as present. Raises SeatRefused, UnknownSeat.
    """
    actor.require(Permission.SESSION_RUN)
    seat = known_seat(seat_id)
    _check_running(seat)
    station = next(
        (one for one in sessions.stations_of(seat.session_id) if one.position == position), None
    )
    if station is None or seat.status is SeatStatus.CANCELLED:
        raise UnknownSeat("There is no such station for this person.")
    session_rules.check_station(position, seat.passed, undo=undo)
    with transaction() as tx:
        if undo:
            tx.execute(
                delete(SeatStation).where(
                    SeatStation.seat_id == seat_id, SeatStation.station_id == station.id
                )
            )
        else:
            _pass(tx, actor, seat, station.id)
        _note(tx, actor, "station-undo" if undo else "station", seat.id, seat.patient.id)
    return known_seat(seat_id)


def _pass(tx: Transaction, actor: Actor, seat: SeatView, station_id: int) -> None:
    now = clock.now()
    row = {"seat_id": seat.id, "station_id": station_id, "passed_at": now}
    tx.execute(
        upsert(SeatStation).values(**row, marked_by_id=actor.user_id).on_conflict_do_nothing()
    )
    if seat.status is not SeatStatus.ATTENDED:
        _set_status(tx, seat, SeatStatus.ATTENDED)


def own_sessions(actor: Actor) -> list[Offer]:
    """The sessions to come that are for the actor, or in which they have a seat."""
    card = _me(actor)
    now = clock.now()
    coming = sessions.sessions_to_come(now)
    mine = sessions.seats_of_patient(card.id, now=now)
    cohorts = sessions.cohorts_of([one.id for one in coming])
    offers = []
    for one in coming:
        opens = session_rules.opens_for(
            one.opens_at, cohorts.get(one.id, []), card.program, card.year_level
        )
        policy = types.type_of(one.type_id).policy
        is_mine = opens is not None and policy.bookable_by & actor.roles
        if is_mine or one.id in mine:
            until = one.starts_at - policy.cancel_cutoff
            offers.append(Offer(one, opens, mine.get(one.id), until, now))
    return offers


def own_session(actor: Actor, *, session_id: int) -> Offer:
    """One session as the actor sees it. Raises UnknownSession for what is not for them."""
    card = _me(actor)
    found = known_session(session_id)
    seat = sessions.seat_of_patient(session_id, card.id)
    opens = _opens(found, card)
    policy = types.type_of(found.type_id).policy
    was_mine = seat or any(one.patient.id == card.id for one in _ended_seats(session_id))
    if not was_mine and (opens is None or not policy.bookable_by & actor.roles):
        raise UnknownSession()
    status = seat.status if seat else None
    return Offer(found, opens, status, _until(found), clock.now())


def _me(actor: Actor) -> PatientCard:
    card = patients.patient_for_user(actor.user_id) if actor.user_id is not None else None
    if card is None or not actor.may(Permission.BOOK_OWN):
        raise Forbidden()
    return card


def _note(tx: Transaction, actor: Actor, action: str, seat_id: int, patient_id: PatientId) -> None:
    record_event(
        tx,
        actor,
        f"scheduling:group-session:seat-{action}",
        object_type="Seat",
        object_id=seat_id,
        patient_id=patient_id,
    )
