"""The copy of the database for reports: is it there, how far behind, and reading from it.

Nothing is ever written there, and nobody who has just written reads there: a copy is a moment late.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from flask import current_app
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from app.infra.db import has_written, in_transaction, reading_from
from app.infra.runtime import settings

T = TypeVar("T")
log = logging.getLogger(__name__)

# Reports of a copy that is further behind than this come from the main database.
MAX_LAG = timedelta(seconds=60)
# A copy that failed is left alone for a while, so that not every report waits for it.
REST_SECONDS = 30.0
EXTENSION = "uscpis_replica"

# Everything that was received is also replayed: up to date, but only while somebody sends.
_LAG = text(
    "SELECT pg_is_in_recovery(), CASE"
    " WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()"
    " AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN interval '0'"
    " ELSE coalesce(clock_timestamp() - pg_last_xact_replay_timestamp(), interval '0') END"
)


class ReplicaAway(Exception):
    """The copy cannot be reached, is no copy, or is too far behind."""


def lag_of(url: str) -> timedelta | None:
    """How far a copy is behind; None when the server follows nobody. Raises ReplicaAway."""
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 3})
    try:
        with engine.connect() as connection:
            return _lag(connection)
    except SQLAlchemyError as error:
        raise ReplicaAway() from error
    finally:
        engine.dispose()


def _lag(connection: Connection) -> timedelta | None:
    is_copy, lag = connection.execute(_LAG).one()
    return lag if is_copy else None


def read_from_replica(read: Callable[[], T]) -> T:
    """Run reads on the copy, all of them at one moment; on the main database when it cannot serve.

    It cannot when there is none, when it is away or more than a minute behind, and for whoever has
    written something in this request. `read` may run twice, so it must do nothing but read.
    """
    copy = _copy_of_site()
    if copy is None or copy.rests() or in_transaction() or has_written():
        return read()
    try:
        with copy.engine.connect() as connection:
            _check_lag(connection)
            connection.rollback()  # the report's transaction begins after the question
            with Session(connection) as session, reading_from(session):
                return read()
    except (ReplicaAway, SQLAlchemyError) as error:
        copy.rest()
        log.warning("reports read from the main database: %s", _reason(error))
    return read()


def _check_lag(connection: Connection) -> None:
    lag = _lag(connection)
    if lag is None:
        raise ReplicaAway("the server of DATABASE_REPLICA_URL is no copy")
    if lag > MAX_LAG:
        raise ReplicaAway(f"the copy is {lag.total_seconds():.0f} seconds behind")


def _reason(error: Exception) -> str:
    """Without the statement: nothing of what was asked belongs into a log."""
    return str(error) if isinstance(error, ReplicaAway) else f"{type(error).__name__} of the copy"


class _Copy:
    """The connections to the copy, and until when it is left alone."""

    def __init__(self, url: str) -> None:
        options = current_app.config["SQLALCHEMY_ENGINE_OPTIONS"]
        # A copy lets nobody write anyway, so only the one moment has to be asked for.
        self.engine: Engine = create_engine(
            url, **options, pool_pre_ping=True, isolation_level="REPEATABLE READ"
        )
        self._rests_until = 0.0

    def rest(self) -> None:
        """It failed; ask again later."""
        self._rests_until = time.monotonic() + REST_SECONDS

    def rests(self) -> bool:
        """Whether it failed a moment ago."""
        return time.monotonic() < self._rests_until


def _copy_of_site() -> _Copy | None:
    url = settings().database_replica_url
    if not url:
        return None
    copies: dict[str, _Copy] = current_app.extensions.setdefault(EXTENSION, {})
    # A forked web process makes its own: the first report comes after the fork.
    if url not in copies:
        copies[url] = _Copy(url)
    return copies[url]
