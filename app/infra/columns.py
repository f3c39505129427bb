"""Column types and shorthands that every table uses."""

from datetime import datetime
from typing import Annotated

from sqlalchemy import BigInteger, DateTime, Identity
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import mapped_column
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """An instant: aware, kept in UTC. Naive values are refused, not guessed.

    Values come back in Python's own UTC, because every connection speaks UTC (config/flask.py).
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Raises ValueError for a naive instant."""
        if value is not None and value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        return value


BigKey = Annotated[int, mapped_column(BigInteger, Identity(), primary_key=True)]
Key = Annotated[int, mapped_column(Identity(), primary_key=True)]
Instant = Annotated[datetime, mapped_column(UtcDateTime())]
