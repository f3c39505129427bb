"""Creates and drops whole databases, for the self-test and the tests."""

import time
from typing import Final

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, ProgrammingError

TRIES: Final = 10
PAUSE_SECONDS: Final = 1


def create_database(server_url: str, name: str, *, template: str | None = None) -> str:
    """A new database beside the one of the URL, perhaps a copy. Returns its URL."""
    source = f' TEMPLATE "{template}"' if template else ""
    _administer(server_url, f'CREATE DATABASE "{name}"{source}')
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def drop_database(server_url: str, name: str) -> None:
    """Throw everybody out of a database and remove it; one that is gone already is fine.

    A vacuum worker of the server itself lets nobody but a superuser throw it out. It ends by
    itself in a moment, so the refusal is waited for and only the last one raised.
    """
    for tries_left in reversed(range(TRIES)):
        try:
            _administer(server_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            return
        except (ProgrammingError, OperationalError):
            if not tries_left:
                raise
            time.sleep(PAUSE_SECONDS)


def _administer(server_url: str, statement: str) -> None:
    """CREATE and DROP DATABASE run outside of transactions."""
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            connection.execute(text(statement))
    finally:
        engine.dispose()
