"""The life of a copy of everything that is held about a person (DPA-02)."""

from datetime import datetime, timedelta
from enum import StrEnum


class CopyStatus(StrEnum):
    """Where a copy stands. What was removed keeps its hash."""

    WAITING = "waiting"
    READY = "ready"
    REMOVED = "removed"


def expires_at(made_at: datetime, *, days: int) -> datetime:
    """When the file goes."""
    return made_at + timedelta(days=days)
