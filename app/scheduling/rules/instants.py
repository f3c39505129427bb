"""Wall time to instants, as whole microseconds since 1970 in UTC: sweeps count in integers.

One convention, also that of RFC 5545 for repeats: a wall time that occurs twice means its
first occurrence, and a wall time that the clock skips means the instant after the gap.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = 1_000_000
DAY_SECONDS = 86_400


def micros(instant: datetime) -> int:
    """Microseconds since 1970. Raises TypeError for a naive datetime."""
    elapsed = instant - EPOCH
    return (elapsed.days * DAY_SECONDS + elapsed.seconds) * SECOND + elapsed.microseconds


def length(duration: timedelta) -> int:
    """Elapsed time in microseconds; unlike an instant it may be timedelta.max."""
    return (duration.days * DAY_SECONDS + duration.seconds) * SECOND + duration.microseconds


def at(count: int) -> datetime:
    """The instant that `micros` came from, aware and in UTC."""
    return EPOCH + timedelta(microseconds=count)


@lru_cache(maxsize=8192)
def wall(day: date, clock_shows: time, zone: ZoneInfo) -> int:
    """When the clock in the zone shows this time on this civil day (SCH-16)."""
    first = datetime.combine(day, clock_shows, zone).replace(fold=0)
    second = first.replace(fold=1)
    # Fold 0 counts with the offset before a change, fold 1 with the one after; the offset
    # grows exactly where the clock skips the time.
    if _offset(first) < _offset(second):
        return _change_between(micros(second.astimezone(UTC)), micros(first.astimezone(UTC)), zone)
    return micros(first.astimezone(UTC))


def midnight(day: date, zone: ZoneInfo) -> int:
    """The first instant of the civil day."""
    return wall(day, time.min, zone)


def _offset(local: datetime) -> timedelta:
    return local.utcoffset() or timedelta(0)


def _change_between(before: int, after: int, zone: ZoneInfo) -> int:
    """The instant of the clock change in `(before, after]`, found by halving whole seconds."""
    old = _offset(at(before).astimezone(zone))
    low, high = before // SECOND, after // SECOND
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(at(middle * SECOND).astimezone(zone)) == old:
            low = middle
        else:
            high = middle
    return high * SECOND
