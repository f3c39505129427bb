"""Creates and drops whole databases."""

import time
from typing import Final

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

TRIES: Final = 10
PAUSE_SECONDS: Final = 1
OUT: Final = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
    " AND backend_type = 'client backend' AND pg_has_role(usesysid, 'MEMBER')"
)


def quoted(name: str) -> str:
    """A name as PostgreSQL wants it, whatever it holds."""
    return '"' + name.replace('"', '""') + '"'


def create_database(server_url: str, name: str, *, template: str | None = None) -> str:
    """A new database beside the one of the URL, perhaps a copy. Returns its URL."""
    source = f" TEMPLATE {quoted(template)}" if template else ""
    _administer(server_url, f"CREATE DATABASE {quoted(name)}{source}")
    return make_url(server_url).set(database=name).render_as_string(hide_password=False)


def drop_database(server_url: str, name: str) -> None:
    """Throw everybody out of a database and remove it; one that is gone already is fine.

    Not WITH (FORCE): that refuses everybody but a superuser while a vacuum worker of the server is
    inside. Without it PostgreSQL ends the worker itself. Who comes back meanwhile is thrown out
    again, and only the last refusal is raised.
    """
    for tries_left in reversed(range(TRIES)):
        try:
            _administer(server_url, OUT, name=name)
            _administer(server_url, f"DROP DATABASE IF EXISTS {quoted(name)}")
            return
        except (ProgrammingError, OperationalError):
            if not tries_left:
                raise
            time.sleep(PAUSE_SECONDS)


def _administer(server_url: str, statement: str, **values: str) -> None:
    """CREATE and DROP DATABASE run outside of transactions."""
    engine = create_engine(server_url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(statement), values)
