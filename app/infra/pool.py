"""Keeps a connection that was idle from failing the first request after a restart.

SQLAlchemy's own ping asks at every use; a busy site would ask hundreds of times a second whether
the database is there that it has just heard from.
"""

import time
from typing import Any

from psycopg2 import Error
from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError

IDLE_SECONDS = 3
SEEN = "last seen"


def ping_when_idle(engine: Engine) -> None:
    """Ask a connection that rested for some seconds whether it still works, before its next use."""
    event.listen(engine, "checkin", _note)
    event.listen(engine, "checkout", _ping)


def _note(connection: Any, record: Any) -> None:
    record.info[SEEN] = time.monotonic()


def _ping(connection: Any, record: Any, proxy: Any) -> None:
    """Raises DisconnectionError for a dead one, and SQLAlchemy takes a fresh connection."""
    if time.monotonic() - record.info.get(SEEN, time.monotonic()) < IDLE_SECONDS:
        return
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        connection.rollback()
    except Error as error:
        raise DisconnectionError() from error
