"""Long lists of small deeds: one that breaks must not keep the others from being done."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from app.infra.db import in_transaction, is_unavailable, session
from app.infra.error_reports import note_error
from app.infra.outbox import RetryLater

log = logging.getLogger(__name__)
T = TypeVar("T")


class SomeFailed(Exception):
    """Some deeds of a list broke. All others are done; running the list again is safe."""

    def __init__(self, failed: int, done: int) -> None:
        super().__init__(f"{failed} failed, {done} done; the log names each")


def one_by_one(name: str, items: Iterable[T], deed: Callable[[T], bool]) -> int:
    """Do a deed with each, in a transaction of its own; returns how many times it was done.

    What breaks is logged, the list goes on, and at its end SomeFailed makes the job fail, so
    that it is seen and comes back. A database that is away ends the list at once, and so does
    RetryLater. Inside an outer transaction nothing can go on: the first error is raised.
    """
    done = failed = 0
    for item in items:
        try:
            done += bool(deed(item))
        except RetryLater:
            raise
        except Exception as error:
            if in_transaction() or is_unavailable(error):
                raise
            session().rollback()
            failed += 1
            log.error("%s: one of the list failed: %s", name, _label(item), exc_info=error)
            note_error(error, door=name)
    if failed:
        raise SomeFailed(failed, done)
    return done


def _label(item: object) -> object:
    """A number that finds the row again. Nothing else: a log names nobody."""
    for key in ("id", "entry_id"):
        if (found := getattr(item, key, None)) is not None:
            return found
    return item if isinstance(item, int) else type(item).__name__
