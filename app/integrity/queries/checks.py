"""Asks a database whether the invariants hold: the clinic's own, or a restored copy (BAK-02)."""

import time
from collections.abc import Callable, Iterable

from psycopg2 import errorcodes
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from app.infra.db import sqlstate
from app.integrity.queries.catalogue import all_invariants
from app.integrity.rules import SHOWN_ROWS, Finding
from app.kernel.invariant import Invariant

SECONDS_EACH = 120


def _nothing(_done: int) -> None:
    """Nobody watches."""


def check_invariants(
    connection: Connection,
    invariants: Iterable[Invariant] | None = None,
    *,
    seconds_each: int = SECONDS_EACH,
    done: Callable[[int], None] = _nothing,
) -> list[Finding]:
    """Ask each invariant in a savepoint of its own; writes nothing.

    One that takes too long or cannot be asked is a finding too, and stops no other.
    """
    findings: list[Finding] = []
    for invariant in all_invariants() if invariants is None else invariants:
        findings.append(_check(connection, invariant, seconds_each))
        done(len(findings))
    return findings


def broken_invariants(
    connection: Connection, invariants: Iterable[Invariant] | None = None
) -> list[Finding]:
    """Those that do not hold on this database, or could not be asked."""
    return [found for found in check_invariants(connection, invariants) if not found.holds]


def _check(connection: Connection, invariant: Invariant, seconds: int) -> Finding:
    began = time.monotonic()
    asked = invariant.counterexamples.replace(":", "\\:")
    statement = f"SELECT q.name, count(*) OVER () FROM ({asked}) AS q(name) LIMIT {SHOWN_ROWS}"  # noqa: S608
    try:
        with connection.begin_nested():
            connection.execute(text(f"SET LOCAL statement_timeout = {seconds * 1000:d}"))
            rows = connection.execute(text(statement)).all()
    except DBAPIError as error:
        return Finding(invariant, problem=_why(error, seconds), seconds=time.monotonic() - began)
    count = int(rows[0][1]) if rows else 0
    names = tuple(str(row[0]) for row in rows)
    return Finding(invariant, count, names, time.monotonic() - began)


def _why(error: DBAPIError, seconds: int) -> str:
    """Without the text of the error, which may hold values of patients (INP-01)."""
    if sqlstate(error) == errorcodes.QUERY_CANCELED:
        return f"It took longer than {seconds} seconds."
    return f"It could not be asked ({sqlstate(error) or type(error).__name__})."
