"""Sealing the audit trail, and verifying its chain (AUD-02, EVD-01).

Sealing is a job and no part of the deed: a chain has one end, so every booking of the clinic would
wait for the one before it (docs/adr/0018).
"""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Table, func, insert, select, text

from app.infra.db import Transaction, transaction
from app.infra.locks import LockSpace, lock
from app.infra.snapshot import snapshot
from app.kernel import clock
from app.kernel.actor import Actor
from app.security.errors import TrailBroken
from app.security.models import AuditSeal
from app.security.permissions import Permission
from app.security.rules import (
    GENESIS,
    LATEST_ARRIVAL,
    AuditKeys,
    ChainCheck,
    EventFacts,
    Head,
    SealedLine,
    seal_hash,
)
from app.security.services.audit import record_event
from app.security.services.seal_keys import (
    add_audit_key,
    audit_keys,
    known_head,
    move_beginnings,
    note_head,
)

log = logging.getLogger(__name__)

BATCH = 2_000
AT_ONCE = 100_000
# So many events are not written while one transaction is under way.
LOOK_BACK = 100_000
READ_AHEAD = 2_000
SEALS: Table = AuditSeal.__table__  # type: ignore[assignment]

_COLUMNS = ", ".join(f"e.{name}" for name in EventFacts._fields[:-1])
_EVENT = f"{_COLUMNS}, CAST(e.details AS text) AS details"
# The next events by their keys, and whether each is sealed: two indexes, however long the trail is.
_NEXT = text(
    f"SELECT {_EVENT}, s.seq FROM"  # noqa: S608
    " (SELECT * FROM security_audit_event WHERE id > :after ORDER BY id LIMIT :most) e"
    " LEFT JOIN security_audit_seal s ON s.event_id = e.id ORDER BY e.id"
)
_HORIZON = text(
    "SELECT coalesce((SELECT event_id FROM security_audit_seal WHERE sealed_at < :moment"
    " ORDER BY event_id DESC LIMIT 1), 0)"
)
_CHAIN = text(
    "SELECT s.seq, s.event_id, s.key_id, s.prev_hash, s.hash, s.sealed_at,"  # noqa: S608
    f" {_EVENT} FROM security_audit_seal s"
    " LEFT JOIN security_audit_event e ON e.id = s.event_id ORDER BY s.seq"
)
# The same for sealing, which need not look back further than LOOK_BACK keys.
_SETTLED = text(
    "SELECT coalesce((SELECT event_id FROM security_audit_seal WHERE sealed_at < :moment"
    " AND event_id > :lowest ORDER BY event_id DESC LIMIT 1), :lowest)"
)
_BEHIND = text(
    "SELECT e.id FROM security_audit_event e WHERE e.id <= :horizon AND NOT EXISTS"
    " (SELECT FROM security_audit_seal s WHERE s.event_id = e.id) ORDER BY e.id"
)
_WAITING = text(
    "SELECT count(*) FROM security_audit_event e WHERE NOT EXISTS"
    " (SELECT FROM security_audit_seal s WHERE s.event_id = e.id)"
)


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a walk along the chain found. `waiting` events were written since the last sealing."""

    sealed: int
    waiting: int
    head: Head | None
    problem_count: int
    problems: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return self.problem_count == 0


def seal_events(*, most: int = AT_ONCE) -> int:
    """Seal the events that have no seal yet, at most so many; returns how many.

    Safe to run at once and twice: one process seals at a time, each batch is a transaction. An
    event that was committed late, with a lower key than sealed ones, still gets its seal.
    Raises NoAuditKey.
    """
    known = known_head()
    count, after, head = 0, None, None
    while count < most:
        with transaction() as tx:
            lock(tx, LockSpace.AUDIT, [0])
            keys = audit_keys()  # under the lock: another process may have begun a new one
            seen = _next_events(tx, _settled(tx) if after is None else after)
            unsealed = [event for event, is_sealed in seen if not is_sealed][: most - count]
            head = _store(tx, keys, unsealed)
            is_ours = _contains(tx, known)
        count += len(unsealed)
        if len(seen) < BATCH:
            break
        after = seen[-1][0].id
    _keep(head, known, is_ours=is_ours)
    return count


def _settled(tx: Transaction) -> int:
    """Events up to this key were sealed long ago, or were not written by us."""
    newest = tx.execute(select(func.max(AuditSeal.event_id))).scalar() or 0
    values = {"moment": clock.now() - LATEST_ARRIVAL, "lowest": max(newest - LOOK_BACK, 0)}
    return int(tx.session.execute(_SETTLED, values).scalar_one())


def _next_events(tx: Transaction, after: int) -> list[tuple[EventFacts, bool]]:
    """The next events behind this key, and whether each has its seal."""
    rows = tx.session.execute(_NEXT, {"after": after, "most": BATCH})
    return [(EventFacts(*row[:-1]), row.seq is not None) for row in rows]


def _last(tx: Transaction) -> Head | None:
    """The end of the chain."""
    last = tx.execute(
        select(AuditSeal.seq, AuditSeal.hash).order_by(AuditSeal.seq.desc()).limit(1)
    ).one_or_none()
    return Head(last.seq, bytes(last.hash)) if last else None


def _store(tx: Transaction, keys: AuditKeys, events: Sequence[EventFacts]) -> Head | None:
    """Add the seals behind the last one; returns the last one then."""
    last = _last(tx)
    seq, link = (last.seq, last.hash) if last else (0, GENESIS)
    now, key = clock.now(), keys.keys[keys.primary]
    rows = []
    for event in events:
        seq, before = seq + 1, link
        link = seal_hash(key, prev_hash=before, seq=seq, sealed_at=now, event=event)
        rows.append(
            {
                "seq": seq,
                "event_id": event.id,
                "key_id": keys.primary,
                "prev_hash": before,
                "hash": link,
                "sealed_at": now,
            }
        )
    if rows:
        tx.execute(insert(SEALS), rows)
    return Head(seq, link) if seq else None


def _contains(tx: Transaction, head: Head | None) -> bool:
    """Whether the chain still holds a seal that was noted elsewhere."""
    if head is None:
        return True
    found = tx.execute(select(AuditSeal.hash).where(AuditSeal.seq == head.seq)).scalar()
    return bool(found == head.hash)


def _keep(head: Head | None, known: Head | None, *, is_ours: bool) -> None:
    """Note the new end beside the keys, unless the old note proves that something was cut off."""
    if not is_ours:
        log.error("the audit trail no longer holds the seal that was noted beside its key")
    elif head is not None and (known is None or head.seq > known.seq):
        note_head(head)


def verify_audit(actor: Actor, *, heads: Sequence[Head] = ()) -> ChainReport:
    """Walk along the whole chain, from its first line to the one written a moment ago.

    Finds lines that were changed, removed, added or moved, and with the head that was noted
    beside the key, or one from a letter or a report (`heads`), also that the end was cut off.
    Raises Forbidden, NoAuditKey.
    """
    actor.require(Permission.AUDIT_VERIFY)
    seal_events()
    noted = known_head()
    with snapshot() as connection:
        known = [*heads, *([noted] if noted else [])]
        found = verify_chain(connection, heads=known, is_live=True)
    with transaction() as tx:
        record_event(
            tx,
            actor,
            "security:audit-event:verify",
            object_type="AuditEvent",
            object_id="*",
            outcome="success" if found.holds else "failed",
            details={"sealed": found.sealed, "problems": found.problem_count},
        )
    return found


def verify_chain(
    connection: Connection, *, heads: Sequence[Head] = (), is_live: bool = False
) -> ChainReport:
    """The same for any database that holds the trail, such as a restored copy; writes nothing.

    In the live one the keys have their places (`is_live`). Memory stays the same, however long
    the trail is. Raises NoAuditKey.
    """
    check = ChainCheck(audit_keys(), heads, is_live=is_live)
    newest = None
    for line in _lines(connection):
        check.see(line)
        newest = line.sealed_at if newest is None else max(newest, line.sealed_at)
    check.finish()
    if newest is not None:
        moment = newest - LATEST_ARRIVAL
        horizon = connection.execute(_HORIZON, {"moment": moment}).scalar_one()
        for event_id in connection.execute(_BEHIND, {"horizon": horizon}).scalars():
            check.note(f"Event {event_id} was added behind the end of the chain.")
    return ChainReport(
        sealed=check.sealed,
        waiting=int(connection.execute(_WAITING).scalar_one()),
        head=check.head,
        problem_count=check.problem_count,
        problems=tuple(check.problems),
    )


def _lines(connection: Connection) -> Iterator[SealedLine]:
    found = connection.execute(
        _CHAIN, execution_options={"stream_results": True, "yield_per": READ_AHEAD}
    )
    for row in found:
        yield _line(tuple(row))


def _line(row: Sequence[Any]) -> SealedLine:
    event = EventFacts(*row[6:]) if row[6] is not None else None
    return SealedLine(row[0], row[1], row[2], bytes(row[3]), bytes(row[4]), row[5], event)


def accept_chain(actor: Actor, *, reason: str) -> Head | None:
    """Take the chain as it is now for the right one, after a restore or an investigation.

    Writes down who did so and why, and which head was noted before. Returns the new head.
    """
    actor.require(Permission.AUDIT_VERIFY)
    noted = known_head()
    with transaction() as tx:
        record_event(
            tx,
            actor,
            "security:audit-event:accept",
            object_type="AuditEvent",
            object_id="*",
            reason=reason,
            details={"noted_head": str(noted) if noted else ""},
        )
    note_head(None)
    with transaction() as tx:
        lock(tx, LockSpace.AUDIT, [0])
        move_beginnings(lambda head: _contains(tx, head), _last(tx))
    seal_events()
    return known_head()


def change_audit_key(actor: Actor, *, reason: str) -> str:
    """Seal with a new key from now on; returns its name. The older ones still verify (AUD-02).

    The last seal of the old key is noted beside the new one: whoever holds the old key can make
    no seal behind it, and none before it that fits. Raises Forbidden, NoAuditKey, TrailBroken.
    """
    actor.require(Permission.AUDIT_VERIFY)
    _record_change(actor, "retire", audit_keys().primary, reason)
    seal_events()
    with transaction() as tx:
        lock(tx, LockSpace.AUDIT, [0])
        last = _last(tx)
        if last is None or not _contains(tx, known_head()):
            raise TrailBroken()
        name = add_audit_key(last)
    _record_change(actor, "begin", name, reason)
    seal_events()
    return name


def _record_change(actor: Actor, action: str, key_id: str, reason: str) -> None:
    with transaction() as tx:
        record_event(
            tx,
            actor,
            f"security:audit-key:{action}",
            object_type="AuditKey",
            object_id=key_id,
            reason=reason,
        )
