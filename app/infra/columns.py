"""Column types and shorthands that every table uses."""

from datetime import UTC, datetime
from typing import Annotated, Any

from sqlalchemy import BigInteger, DateTime, Identity
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware, kept in UTC. Naive values are refused, not guessed."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Raises ValueError for a naive instant."""
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """The connection speaks UTC; make it Python's own UTC so that comparisons are cheap."""
        return None if value is None else value.replace(tzinfo=UTC) - value.utcoffset()


BigKey = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Key = Annotated[int, mapped_column(Identity(), primary_key=True)]
Instant = Annotated[datetime, mapped_column(UtcDateTime())]
