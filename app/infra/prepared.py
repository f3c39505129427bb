"""Statements of the hot path that the database parses and plans once per connection.

Parsing and planning eight inserts and three reads took a sixth of a booking's time. psycopg2 has
no prepared statements of its own, so PREPARE and EXECUTE are sent as SQL (docs/adr/0014).
"""

import re
import zlib
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Insert, Select, TextClause

Statement = Insert | Select[Any] | TextClause
PLACE = re.compile(r"%\((\w+)\)s")
KNOWN = "prepared statements"


def run_prepared(connection: Connection, statement: Statement, values: dict[str, Any]) -> Any:
    """Run one statement and return its result."""
    return connection.exec_driver_sql(*_call(connection, statement, values))


def run_together(connection: Connection, waiting: list[tuple[Statement, dict[str, Any]]]) -> None:
    """One round trip for many statements whose results nobody needs."""
    calls = [_call(connection, statement, values) for statement, values in waiting]
    cursor: Any = connection.connection.cursor()
    joined = b";\n".join(cursor.mogrify(sql, bound) for sql, bound in calls).decode()
    cursor.close()
    connection.exec_driver_sql(joined.replace("%", "%%"), {})


def _call(
    connection: Connection, statement: Statement, values: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """The EXECUTE of a statement, which is prepared first where this connection is new."""
    compiled, name, prepare, execute = _known(statement, tuple(values), connection.dialect)
    prepared = connection.info.setdefault(KNOWN, set())
    if name not in prepared:
        # A prepared statement outlives a rollback, so it is noted at once.
        connection.exec_driver_sql(prepare)
        prepared.add(name)
    processors = compiled._bind_processors
    bound = {
        key: processors[key](value) if key in processors else value
        for key, value in compiled.construct_params(values).items()
    }
    return execute, bound


@lru_cache(maxsize=200)
def _known(
    statement: Statement, columns: tuple[str, ...], dialect: Dialect
) -> tuple[Any, str, str, str]:
    """The compiled statement, its name, its PREPARE and its EXECUTE; made once per statement."""
    compiled: Any = statement.compile(dialect=dialect, column_keys=list(columns))
    sql = str(compiled)
    places = list(dict.fromkeys(PLACE.findall(sql)))
    numbered = PLACE.sub(lambda found: f"${places.index(found[1]) + 1}", sql)
    name = f"uscpis_{zlib.crc32(sql.encode()):08x}"
    arguments = ", ".join(f"%({place})s" for place in places)
    call = f"EXECUTE {name}({arguments})" if places else f"EXECUTE {name}"
    return compiled, name, f"PREPARE {name} AS {numbered}", call
