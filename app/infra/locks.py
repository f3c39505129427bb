"""Locks, always taken in one agreed order so that two use cases cannot block each other."""

from collections.abc import Iterable
from enum import IntEnum

from sqlalchemy import text

from app.infra.db import Transaction


class LockSpace(IntEnum):
    """The first key of an advisory lock: what kind of thing the second key names."""

    RESOURCE = 1
    MIGRATION = 2
    SCHEDULE = 3
    IMPORT = 4


# One statement locks all of them, in the order of the sorted array: unnest keeps it.
_LOCK = text(
    "SELECT pg_advisory_xact_lock(:space, key) FROM unnest(CAST(:keys AS integer[])) AS key"
)


def lock(tx: Transaction, space: LockSpace, keys: Iterable[int]) -> None:
    """Hold these until the transaction ends; waits for others (SCH-03). Sorted here."""
    tx.execute(_LOCK, {"space": int(space), "keys": sorted(set(keys))})
