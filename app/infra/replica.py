"""Is the copy of the database for reports there, and how far behind?"""

from datetime import timedelta

from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

_LAG = text(
    "SELECT pg_is_in_recovery(), CASE WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()"
    " THEN interval '0' ELSE coalesce(now() - pg_last_xact_replay_timestamp(), interval '0') END"
)


class ReplicaAway(Exception):
    """The copy cannot be reached."""


def lag_of(url: str) -> timedelta | None:
    """How far a copy is behind; None when the server follows nobody. Raises ReplicaAway."""
    engine = create_engine(url, poolclass=NullPool, connect_args={"connect_timeout": 3})
    try:
        with engine.connect() as connection:
            is_copy, lag = connection.execute(_LAG).one()
    except SQLAlchemyError as error:
        raise ReplicaAway() from error
    finally:
        engine.dispose()
    return lag if is_copy else None
