"""What the database server says about itself: size, big tables, slow statements, versions.

Statements are shown without any value: our driver writes values into them, and a value may be
a patient's name.
"""

import re
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text

from app.infra.db import session

LONGEST_STATEMENT = 160
_VALUE = re.compile(
    r"(?:[EeBbXxNn]|U&)?'(?:[^'\\]|''|\\.)*(?:'|$)|\$(\w*)\$.*|\b\d+(?:\.\d+)?\b", re.S
)
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Table:
    """A table with what belongs to it, in bytes, and about how many rows it has."""

    name: str
    size: int
    rows: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that runs now, or kinds of statements and their mean time."""

    text: str
    took: timedelta
    calls: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Server:
    """The server: its version, the revision of our schema, the size of our database."""

    version: str
    revision: str
    size: int
    connections: int
    has_statements: bool


_SERVER = text(
    "SELECT current_setting('server_version'), (SELECT max(version_num) FROM alembic_version),"
    " pg_database_size(current_database()),"
    " (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()),"
    " EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'pg_stat_statements')"
)
_TABLES = text(
    "SELECT relname, pg_total_relation_size(oid), greatest(reltuples, 0)::bigint FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    " ORDER BY 2 DESC, 1 LIMIT 10"
)
_RUNNING = text(
    "SELECT query, clock_timestamp() - query_start, 1,"
    " CASE WHEN wait_event_type = 'Lock' THEN 'waits for a lock' ELSE state END"
    " FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND state <> 'idle' AND clock_timestamp() - query_start > interval '1 second'"
    " ORDER BY query_start LIMIT 10"
)
_MEASURED = text(
    "SELECT query, make_interval(secs => mean_exec_time / 1000), calls, ''"
    " FROM pg_stat_statements JOIN pg_database d ON d.oid = dbid"
    " WHERE d.datname = current_database() ORDER BY mean_exec_time DESC LIMIT 10"
)


def server() -> Server:
    """The server and our database on it, in one statement."""
    return Server(*session().execute(_SERVER).one())


def biggest_tables() -> list[Table]:
    """The ten tables that take most room."""
    return [Table(*row) for row in session().execute(_TABLES)]


def running_statements() -> list[Statement]:
    """What has been running for longer than a second."""
    return _statements(_RUNNING)


def measured_statements() -> list[Statement]:
    """The slowest kinds of statements, where the server measures them."""
    return _statements(_MEASURED)


def _statements(asked: object) -> list[Statement]:
    return [
        Statement(without_values(row[0]), row[1], row[2], row[3] or "")
        for row in session().execute(asked)  # type: ignore[call-overload]
    ]


def without_values(statement: str) -> str:
    """The statement with every text and number in it replaced, on one short line (EVD-03)."""
    bare = _SPACE.sub(" ", _VALUE.sub("?", statement)).strip()
    return bare if len(bare) <= LONGEST_STATEMENT else bare[: LONGEST_STATEMENT - 1] + "…"
