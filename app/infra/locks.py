"""Locks, always taken in one agreed order so that two use cases cannot block each other."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum

from sqlalchemy import text

from app.infra.db import Transaction, session


class LockSpace(IntEnum):
    """The first key of an advisory lock: what kind of thing the second key names."""

    RESOURCE = 1
    MIGRATION = 2
    SCHEDULE = 3
    IMPORT = 4
    ROLES = 5
    BACKUP = 6
    AUDIT = 9
    RETENTION = 11
    PAPER = 12
    RECOVERY = 14


# One statement locks all of them, in the order of the sorted array: unnest keeps it.
_LOCK = text(
    "SELECT pg_advisory_xact_lock(:space, key) FROM unnest(CAST(:keys AS integer[])) AS key"
)
_LOCK_AND_NUMBER = text(
    "SELECT count(pg_advisory_xact_lock(:space, key)), nextval(CAST(:sequence AS regclass))"
    " FROM unnest(CAST(:keys AS integer[])) AS key"
)


def lock(tx: Transaction, space: LockSpace, keys: Iterable[int]) -> None:
    """Hold these until the transaction ends; waits for others (SCH-03). Sorted here."""
    tx.execute(_LOCK, {"space": int(space), "keys": sorted(set(keys))})


def lock_and_number(
    tx: Transaction, space: LockSpace, keys: Iterable[int], *, sequence: str
) -> int:
    """The same, and the next number of a sequence with it: one round trip on the hot path."""
    values = {"space": int(space), "keys": sorted(set(keys)), "sequence": sequence}
    return int(tx.execute(_LOCK_AND_NUMBER, values).one()[1])


@contextmanager
def alone(space: LockSpace) -> Iterator[None]:
    """Hold off every other process that does the same, over several transactions.

    The lock lives on a connection of its own, which ends it whatever happens.
    """
    with session().get_bind().engine.connect() as connection:
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:space, 0)"), {"space": int(space)})
        yield


@contextmanager
def first_come(space: LockSpace) -> Iterator[bool]:
    """The same for those who do not wait: whether nobody else is at it (JOB-01)."""
    with session().get_bind().engine.connect() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        taken = text("SELECT pg_try_advisory_xact_lock(:space, 0)")
        yield bool(connection.scalar(taken, {"space": int(space)}))
