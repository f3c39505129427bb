"""Notes how each periodic job goes and tells the watcher outside (BAK-04)."""

import logging
import time
from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy.exc import SQLAlchemyError

from app.infra import error_reports, heartbeat
from app.infra.db import Transaction
from app.infra.pings import Signal, ping
from app.infra.runtime import settings
from app.kernel.actor import system_actor
from app.operations import services
from worker.schedule import EVERY, wanted

log = logging.getLogger(__name__)

# A run that ends by its time-out still has to write down that it failed.
LEASE_MARGIN = timedelta(seconds=30)


def expect(timeouts: Mapping[str, timedelta]) -> None:
    """Let the checks know what runs when, and how long each may take."""
    heartbeat.enter_checks(
        {
            name: (period, timeouts[name] + LEASE_MARGIN)
            for name, period in wanted(EVERY, settings()).items()
        }
    )


def look_around() -> None:
    """The checks that ask no other machine, from the relay: the worker may be dead (BAK-04).

    Raises SQLAlchemyError while the database is away; a bug in a check must not stop the relay.
    """
    try:
        services.check_system(system_actor(), with_slow=False)
    except SQLAlchemyError:
        raise
    except Exception as error:
        log.error("the relay could not look around", exc_info=error)
        error_reports.note_error(error, door="relay")


class Run:
    """One run of a job; one that is not periodic leaves no trace here."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_watched = name in EVERY
        self.began = time.monotonic()

    @property
    def took(self) -> timedelta:
        """How long the run takes so far."""
        return timedelta(seconds=time.monotonic() - self.began)

    def tell_start(self) -> None:
        """The watcher outside measures how long it takes."""
        self._tell(Signal.START)

    def succeeded(self, tx: Transaction) -> None:
        """The work is done; stored with it."""
        if self.is_watched:
            heartbeat.note_success(tx, self.name, self.took)

    def tell_success(self) -> None:
        """After the commit: what was not stored did not happen."""
        self._tell(Signal.SUCCESS)

    def delayed(self) -> None:
        """The run asked to come back later: no success, no failure, and over."""
        if self.is_watched:
            heartbeat.note_end(self.name)

    def failed(self) -> None:
        """The run failed, whatever comes next."""
        if self.is_watched:
            heartbeat.note_failure(self.name, self.took)
        self._tell(Signal.FAIL)

    def _tell(self, signal: Signal) -> None:
        if self.is_watched:
            ping(self.name, signal)
