"""Group sessions: planning them, changing them, calling them off, closing them (SCH-04)."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from app.infra.db import Transaction, retried, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import Invalid
from app.scheduling import rules
from app.scheduling.errors import ReasonRequired, UnknownProvider, UnknownType
from app.scheduling.errors.sessions import (
    SeatRefused,
    SessionClash,
    StaleSession,
    TimesAreFixed,
    TooFewSeats,
    UnknownSession,
)
from app.scheduling.models import (
    Claim,
    GroupSession,
    Resource,
    Seat,
    SeatStation,
    SessionCohort,
    SessionStation,
)
from app.scheduling.permissions import Permission
from app.scheduling.queries import sessions, types
from app.scheduling.queries.facts import PROVIDER, ROOM
from app.scheduling.queries.sessions import SessionView
from app.scheduling.queries.types import BookableType, Provider
from app.scheduling.rules.sessions import SeatStatus, SessionDraft, SessionStatus, check_draft
from app.scheduling.services.freed import seat_freed
from app.scheduling.services.seat_messages import tell_seat_cancelled
from app.scheduling.services.session_hours import override_of_hours
from app.scheduling.services.writing import lock_parties, release_lapsed_holds
from app.security.services import record_event


def save_session(
    actor: Actor,
    *,
    draft: SessionDraft,
    session_id: int | None = None,
    version: int | None = None,
) -> int:
    """Plan a session, or change one; it claims its provider and room (SCH-01).

    Raises Invalid naming the fields, SessionClash with what is in the way, SessionOutsideHours
    unless an `override_reason` sets the hours aside, TooFewSeats, TimesAreFixed, StaleSession,
    UnknownSession, UnknownType, UnknownProvider.
    """
    actor.require(Permission.SESSION_WRITE)
    check_draft(draft)
    return retried(
        lambda: _save(actor, draft, session_id, version),
        refusal=SessionClash,
        between=release_lapsed_holds,
    )


def _save(actor: Actor, draft: SessionDraft, session_id: int | None, version: int | None) -> int:
    with transaction() as tx:
        wanted = types.bookable_type(draft.type)
        if wanted is None:
            raise UnknownType()
        provider = next(iter(wanted.providers_named(draft.provider)), None)
        if provider is None:
            raise UnknownProvider()
        kind = _resource_kind(tx, draft.resource_id)
        lock_parties(tx, [provider.id], None, [draft.resource_id] if draft.resource_id else [])
        values = _values(draft, wanted, provider)
        held = [(PROVIDER, int(provider.id))]
        held += [(kind, draft.resource_id)] if draft.resource_id else []
        _check_free(draft, wanted, held, session_id)
        override = override_of_hours(actor, draft, wanted, provider, session_id)
        if session_id is None:
            key = _insert(tx, actor, values)
        else:
            key = _update(tx, session_id, version, values)
        _claim(tx, key, draft, wanted, held)
        _store_cohorts(tx, key, draft)
        _store_stations(tx, key, draft.stations)
        _note(tx, actor, "save", key, override)
        if session_id is not None:
            _tell_who_waits(tx, key)  # there may be more seats, or for more people
    return key


def _resource_kind(tx: Transaction, resource_id: int | None) -> int:
    if resource_id is None:
        return ROOM
    kind = tx.execute(
        select(Resource.kind).where(Resource.id == resource_id, Resource.is_active)
    ).scalar_one_or_none()
    if kind is None:
        raise Invalid("There is no such room.", errors={"resource_id": ["Please choose a room."]})
    return int(kind)


def _values(draft: SessionDraft, wanted: BookableType, provider: Provider) -> dict[str, object]:
    capacity = draft.capacity or sessions.proposed_capacity(wanted.id)
    if capacity is None:
        sentence = "Please say how many seats there are."
        raise Invalid(sentence, errors={"capacity": [sentence]})
    return {
        "type_id": wanted.id,
        "practitioner_id": provider.id,
        "resource_id": draft.resource_id,
        "title": draft.title.strip(),
        "starts_at": draft.starts_at,
        "ends_at": draft.ends_at,
        "campus": draft.campus,
        "capacity": capacity,
        "opens_at": draft.opens_at,
        "note": draft.note.strip(),
    }


def _check_free(
    draft: SessionDraft,
    wanted: BookableType,
    held: Sequence[tuple[int, int]],
    session_id: int | None,
) -> None:
    """Raises SessionClash saying which visits or other things are in the way."""
    policy = wanted.policy
    found = sessions.in_the_way(
        {
            "kinds": [kind for kind, _ in held],
            "keys": [key for _, key in held],
            "session_id": session_id,
            "starts_at": draft.starts_at,
            "ends_at": draft.ends_at,
            "held_from": draft.starts_at - policy.buffer_before,
            "held_until": draft.ends_at + policy.buffer_after,
            "now": clock.now(),
        }
    )
    if not found:
        return
    zone = settings().time_zone
    whose = "provider" if any(row.resource_kind == PROVIDER for row in found) else "room"
    visits = {row.appointment_id for row in found if row.appointment_id is not None}
    what = f"{len(visits)} visit{'s' if len(visits) != 1 else ''}" if visits else "something else"
    times = ", ".join(dict.fromkeys(f"{row.starts_at.astimezone(zone):%H:%M}" for row in found))
    raise SessionClash(
        f"The {whose} has {what} at this time ({times}). "
        "Please move that first or choose another time."
    )


def _insert(tx: Transaction, actor: Actor, values: dict[str, object]) -> int:
    now = clock.now()
    row = GroupSession(**values, created_at=now, changed_at=now, created_by_id=actor.user_id)
    tx.add(row)
    tx.flush()  # claims, cohorts and stations name its key
    return row.id


def _update(
    tx: Transaction, session_id: int, version: int | None, values: dict[str, object]
) -> int:
    """One UPDATE guarded by version, seats and time; no seat is ever lost by it (SCH-04)."""
    capacity, starts_at, ends_at = (values[name] for name in ("capacity", "starts_at", "ends_at"))
    same_time = (GroupSession.starts_at == starts_at) & (GroupSession.ends_at == ends_at)
    guards = [
        GroupSession.id == session_id,
        GroupSession.status.in_(("open", "closed")),
        GroupSession.taken <= capacity,
        same_time | (GroupSession.taken == 0),
    ]
    if version is not None:
        guards.append(GroupSession.version == version)
    changed = tx.execute(
        update(GroupSession)
        .where(*guards)
        .values(version=GroupSession.version + 1, changed_at=clock.now(), **values)
        .execution_options(synchronize_session=False)
    )
    if changed.rowcount != 1:
        raise _why_not_changed(session_id, version, capacity)
    tx.execute(update(Claim).where(Claim.session_id == session_id).values(active=False))
    return session_id


def _why_not_changed(session_id: int, version: int | None, capacity: object) -> Exception:
    present = known_session(session_id)
    if present.status not in (SessionStatus.OPEN, SessionStatus.CLOSED):
        return SeatRefused("This session is over or cancelled, so it cannot be changed.")
    if version is not None and present.version != version:
        return StaleSession()
    if isinstance(capacity, int) and present.taken > capacity:
        return TooFewSeats(present.taken)
    return TimesAreFixed()


def _claim(
    tx: Transaction,
    session_id: int,
    draft: SessionDraft,
    wanted: BookableType,
    held: Sequence[tuple[int, int]],
) -> None:
    """The session holds its provider and room, with the buffers of its type (SCH-01, SCH-14)."""
    for kind, key in held:
        tx.execute(
            insert(Claim).values(
                session_id=session_id,
                resource_kind=kind,
                resource_id=key,
                starts_at=draft.starts_at,
                ends_at=draft.ends_at,
                held_from=draft.starts_at - wanted.policy.buffer_before,
                held_until=draft.ends_at + wanted.policy.buffer_after,
                active=True,
            )
        )


def _store_cohorts(tx: Transaction, session_id: int, draft: SessionDraft) -> None:
    tx.execute(delete(SessionCohort).where(SessionCohort.session_id == session_id))
    groups = {(one.program, one.year_level): one for one in draft.cohorts}
    for one in groups.values():
        tx.execute(
            insert(SessionCohort).values(
                session_id=session_id,
                program=one.program,
                year_level=one.year_level,
                opens_at=one.opens_at,
            )
        )


def _store_stations(tx: Transaction, session_id: int, names: Sequence[str]) -> None:
    """Stations keep their place and may be renamed; one that was passed stays."""
    present = sessions.stations_of(session_id)
    for position, name in enumerate(names, start=1):
        if position <= len(present):
            row = SessionStation.id == present[position - 1].id
            tx.execute(update(SessionStation).where(row).values(name=name))
        else:
            tx.add(SessionStation(session_id=session_id, position=position, name=name))
    surplus = [one.id for one in present[len(names) :]]
    is_used = select(SeatStation.seat_id).where(SeatStation.station_id.in_(surplus)).limit(1)
    if surplus and tx.execute(is_used).first():
        sentence = "A station that people have passed cannot be removed."
        raise Invalid(sentence, errors={"stations": [sentence]})
    tx.execute(delete(SessionStation).where(SessionStation.id.in_(surplus)))


def known_session(session_id: int) -> SessionView:
    """The session. Raises UnknownSession."""
    found = sessions.group_session(session_id)
    if found is None:
        raise UnknownSession()
    return found


def cancel_session(actor: Actor, *, session_id: int, reason: str) -> int:
    """Call a session off: all seats end, everybody is told, the time is free again.

    Returns how many seats there were. A second try changes nothing. Raises ReasonRequired,
    SeatRefused for a session that took place, UnknownSession.
    """
    actor.require(Permission.SESSION_WRITE)
    why = rules.check_reason_text(reason)
    if not why:
        raise ReasonRequired()
    with transaction() as tx:
        found = _settle(tx, session_id, SessionStatus.CANCELLED)
        if found is None:
            return 0
        now = clock.now()
        note = f"Cancelled: {' '.join(why.split())}"[:300]
        row = GroupSession.id == session_id
        tx.execute(update(GroupSession).where(row).values(taken=0, note=note))
        seats = sessions.seats_of(session_id)
        _end_seats(tx, session_id, SeatStatus.CANCELLED, now, why)
        mine = select(Seat.id).where(Seat.session_id == session_id)
        held = (Claim.session_id == session_id) | Claim.seat_id.in_(mine)
        tx.execute(
            update(Claim)
            .where(held)
            .values(active=False)
            .execution_options(synchronize_session=False)
        )
        for seat in seats:
            tell_seat_cancelled(tx, actor, found, seat, why)
        _note(tx, actor, "cancel", session_id)
    return len(seats)


def close_session(actor: Actor, *, session_id: int) -> int:
    """End a session that took place: who was not marked has missed it. Returns how many.

    Raises SeatRefused before it has begun and for one that is cancelled, UnknownSession.
    """
    actor.require(Permission.SESSION_RUN)
    if known_session(session_id).starts_at > clock.now():
        raise SeatRefused("This session has not begun yet.")
    with transaction() as tx:
        if _settle(tx, session_id, SessionStatus.DONE) is None:
            return 0
        missed = _end_seats(tx, session_id, SeatStatus.MISSED, clock.now(), "")
        _note(tx, actor, "close", session_id)
    return missed


def set_booking_open(actor: Actor, *, session_id: int, is_open: bool) -> None:
    """Stop giving out seats, or go on. Raises SeatRefused for a session that is settled."""
    actor.require(Permission.SESSION_WRITE)
    source, target = ("closed", "open") if is_open else ("open", "closed")
    with transaction() as tx:
        changed = tx.execute(
            update(GroupSession)
            .where(GroupSession.id == session_id, GroupSession.status == source)
            .values(status=target, version=GroupSession.version + 1, changed_at=clock.now())
            .execution_options(synchronize_session=False)
        )
        if changed.rowcount:
            _note(tx, actor, "open" if is_open else "stop", session_id)
            _tell_who_waits(tx, session_id)
        elif known_session(session_id).status != target:
            raise SeatRefused("This session is over or cancelled.")


def _tell_who_waits(tx: Transaction, session_id: int) -> None:
    """Seats that a change of the session makes free are offered like given back ones (SCH-31)."""
    tx.flush()  # what is read below is the session after the change
    found = known_session(session_id)
    if found.free > 0 and found.status is SessionStatus.OPEN:
        seat_freed(
            tx,
            session_id=session_id,
            starts_at=found.starts_at,
            key=f"session/{session_id}/{found.version}",
        )


def _settle(tx: Transaction, session_id: int, target: SessionStatus) -> SessionView | None:
    """The session with its last status, its row locked; None when it has that already."""
    changed = tx.execute(
        update(GroupSession)
        .where(GroupSession.id == session_id, GroupSession.status.in_(("open", "closed")))
        .values(status=target.value, version=GroupSession.version + 1, changed_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    found = known_session(session_id)
    if changed.rowcount == 1:
        return found
    if found.status is target:
        return None
    raise SeatRefused(f"This session is {found.status.value} already.")


def _end_seats(
    tx: Transaction, session_id: int, status: SeatStatus, now: datetime, reason: str
) -> int:
    """Seats that nobody marked get this status; those of a cancelled session all."""
    still = ["booked"] if status is SeatStatus.MISSED else ["booked", "attended", "missed"]
    changed = tx.execute(
        update(Seat)
        .where(Seat.session_id == session_id, Seat.status.in_(still))
        .values(status=status.value, status_since=now, ended_reason=reason)
        .execution_options(synchronize_session=False)
    )
    return int(changed.rowcount)


def _note(tx: Transaction, actor: Actor, action: str, session_id: int, reason: str = "") -> None:
    record_event(
        tx,
        actor,
        f"scheduling:group-session:{action}",
        object_type="GroupSession",
        object_id=session_id,
        reason=reason,
    )
