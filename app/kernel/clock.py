"""The only reader of the system clock."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.kernel.period import Period

_pretended: ContextVar[datetime | None] = ContextVar("pretended_now", default=None)


def now() -> datetime:
    """The present instant, aware, in UTC. Read it once per use case."""
    return _pretended.get() or datetime.now(UTC)


@contextmanager
def pretend(instant: datetime) -> Iterator[None]:
    """Make `now()` answer `instant`, to load demo history through the real services."""
    token = _pretended.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _pretended.reset(token)


def clinic_day(day: date, zone: ZoneInfo) -> Period:
    """The civil day in the clinic's zone as instants; 23 to 25 hours long."""
    midnight = datetime.combine(day, time.min, zone)
    next_midnight = datetime.combine(day + timedelta(days=1), time.min, zone)
    return Period(midnight.astimezone(UTC), next_midnight.astimezone(UTC))


def clinic_days(first: date, last: date, zone: ZoneInfo) -> Period:
    """The civil days `first` to `last`, both included, as instants."""
    return Period(clinic_day(first, zone).starts_at, clinic_day(last, zone).ends_at)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The civil date of an instant in the clinic's zone."""
    return instant.astimezone(zone).date()
