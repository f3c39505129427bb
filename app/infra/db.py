"""The database: one metadata with FAB's tables, one session, and the only place that commits."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from flask_appbuilder import Model as FabModel
from flask_sqlalchemy import SQLAlchemy
from psycopg2 import errorcodes
from sqlalchemy import Engine, Executable, TextClause, create_engine
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.pool import NullPool

from app.infra.prepared import Statement, run_prepared, run_together

# Set before FAB's security models are imported, so that their constraints get names too.
FabModel.metadata.naming_convention = {  # type: ignore[assignment]
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}

T = TypeVar("T")

db = SQLAlchemy(model_class=FabModel)

# What the database says when two people want the same thing at once (SCH-03).
CLASHES = frozenset(
    {
        errorcodes.EXCLUSION_VIOLATION,
        errorcodes.DEADLOCK_DETECTED,
        errorcodes.SERIALIZATION_FAILURE,
    }
)


class Base(DeclarativeBase):
    """Base of our tables: typed, and on FAB's metadata so that there is one history."""

    metadata = FabModel.metadata


_reader: ContextVar[Session | None] = ContextVar("reader", default=None)


def session() -> Session:
    """The session of the present request, job or command."""
    return _reader.get() or db.session()


@contextmanager
def reading_from(reader: Session) -> Iterator[None]:
    """All reads in here go through another session; a transaction in here is a bug."""
    token = _reader.set(reader)
    try:
        yield
    finally:
        _reader.reset(token)


def has_written() -> bool:
    """Whether this request, job or command has stored something already."""
    return "written" in session().info


def plain(statement: Statement, values: Mapping[str, Any] | None = None) -> Any:
    """Run a statement of the hot path: planned once per connection, and past the ORM."""
    return run_prepared(session().connection(), statement, dict(values or {}))


class Transaction:
    """One unit of work. What is written through it is stored together or not at all."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._waiting: list[tuple[Statement, dict[str, Any]]] = []

    def add(self, row: Any) -> None:
        """Store a new row with the transaction."""
        self.session.add(row)

    def execute(self, statement: Executable, values: Any = None) -> Any:
        """Run one statement inside the transaction and return its result."""
        if isinstance(statement, TextClause):
            return plain(statement, values)
        return self.session.execute(statement, values)

    def later(self, statement: Statement, values: dict[str, Any]) -> None:
        """Write a row whose result nobody needs, together with the others at the end.

        All of them travel to the database in one round trip: a booking writes eight rows.
        """
        self._waiting.append((statement, values))

    def flush(self) -> None:
        """Send pending rows now, because the next line needs them."""
        self.session.flush()
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            run_together(self.session.connection(), waiting)


@contextmanager
def transaction() -> Iterator[Transaction]:
    """One use case, one transaction. An inner use case joins the outer one."""
    if _reader.get() is not None:
        raise RuntimeError("A report only reads: no transaction begins inside of it.")
    current = session()
    joined = current.info.get("transaction")
    if joined is not None:
        yield joined
        return
    current.info["transaction"] = opened = Transaction(current)
    try:
        yield opened
        opened.flush()
        current.commit()
        current.info["written"] = True
    except BaseException:
        current.rollback()
        raise
    finally:
        current.info.pop("transaction", None)


def in_transaction() -> bool:
    """Whether a use case is already under way in this session."""
    return "transaction" in session().info


def sqlstate(error: DBAPIError) -> str:
    """PostgreSQL's five-letter code of an error, or an empty text."""
    return str(getattr(error.orig, "pgcode", "") or "")


def violated_constraint(error: DBAPIError) -> str:
    """The name of the constraint that refused a row, or an empty text."""
    diagnosis = getattr(error.orig, "diag", None)
    return str(getattr(diagnosis, "constraint_name", "") or "")


def retried(
    use_case: Callable[[], T],
    *,
    refusal: Callable[[], Exception],
    between: Callable[[], None] = lambda: None,
) -> T:
    """Run a use case; after a clash run it once more, then raise `refusal` (SCH-03).

    `between` clears away what may have caused the clash. Inside an outer transaction nothing
    can be repeated: the clash becomes the refusal at once.
    """
    for is_last in (in_transaction(), True):
        try:
            return use_case()
        except DBAPIError as error:
            if sqlstate(error) not in CLASHES:
                raise
            if is_last:
                raise refusal() from error
            between()
    raise AssertionError("the loop above returns or raises")


def is_unavailable(error: Exception) -> bool:
    """Whether the database is gone, locked or too slow, and a later try may work."""
    if isinstance(error, PoolTimeout):
        return True
    if not isinstance(error, DBAPIError):
        return False
    return (
        error.connection_invalidated
        or isinstance(error, OperationalError)
        or sqlstate(error) in {errorcodes.LOCK_NOT_AVAILABLE, errorcodes.QUERY_CANCELED}
    )


@contextmanager
def working_on(url: str) -> Iterator[None]:
    """Let every use case in here work on another database of our schema (a restored copy).

    For a process that does nothing else meanwhile: the whole application changes its engine.
    """
    db.session.remove()
    engines, live = cast("dict[str | None, Engine]", db.engines), db.engine
    other = create_engine(url, poolclass=NullPool, hide_parameters=True)
    engines[None] = other
    try:
        yield
    finally:
        db.session.remove()
        engines[None] = live


def let_go() -> None:
    """Close every connection of this process; the next use opens a new one."""
    db.session.remove()
    db.engine.dispose()
