"""One moment of the whole database, for reading it through without changing anything."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, text

from app.infra.db import session


@contextmanager
def snapshot() -> Iterator[Connection]:
    """A connection of its own: all its statements see the same moment, and none can write.

    Reading may pause for long; statements have no limit but those that the caller sets.
    """
    with session().get_bind().engine.connect() as connection:
        reader = connection.execution_options(
            isolation_level="REPEATABLE READ", postgresql_readonly=True
        )
        with reader.begin():
            reader.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            reader.execute(text("SET LOCAL statement_timeout = 0"))
            yield reader
