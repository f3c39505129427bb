"""Half-open periods of time `[starts_at, ends_at)`, aware and in UTC."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, order=True, slots=True)
class Period:
    """A stretch of time that contains its start but not its end. Never empty.

    Raises ValueError for naive instants and for an end that is not after the start.
    """

    starts_at: datetime
    ends_at: datetime

    def __post_init__(self) -> None:
        if self.starts_at.tzinfo is None or self.ends_at.tzinfo is None:
            raise ValueError("a period needs instants with a time zone")
        # Python subtracts and compares two datetimes of one zone by wall time (SCH-16): keep UTC.
        if self.starts_at.tzinfo is not UTC:
            object.__setattr__(self, "starts_at", self.starts_at.astimezone(UTC))
        if self.ends_at.tzinfo is not UTC:
            object.__setattr__(self, "ends_at", self.ends_at.astimezone(UTC))
        if self.starts_at >= self.ends_at:
            raise ValueError("a period must end after it starts")

    @property
    def lasts_for(self) -> timedelta:
        """Elapsed time between start and end."""
        return self.ends_at - self.starts_at

    def overlaps(self, other: "Period") -> bool:
        """Half-open: a 09:00 visit may begin exactly when an 08:30 visit ends."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def contains(self, other: "Period") -> bool:
        """Whether the other lies wholly inside; equal periods contain each other."""
        return self.starts_at <= other.starts_at and other.ends_at <= self.ends_at

    def holds(self, instant: datetime) -> bool:
        """Whether the instant lies inside; the start does, the end does not."""
        return self.starts_at <= instant < self.ends_at

    def intersection(self, other: "Period") -> "Period | None":
        """What both share, or None."""
        start, end = max(self.starts_at, other.starts_at), min(self.ends_at, other.ends_at)
        return Period(start, end) if start < end else None

    def widened(self, *, before: timedelta, after: timedelta) -> "Period":
        """The period with time added in front and behind."""
        return Period(self.starts_at - before, self.ends_at + after)


def merged(periods: Iterable[Period]) -> list[Period]:
    """The same time as sorted periods that neither overlap nor touch (SCH-10)."""
    result: list[Period] = []
    for period in sorted(periods):
        if result and period.starts_at <= result[-1].ends_at:
            if period.ends_at > result[-1].ends_at:
                result[-1] = Period(result[-1].starts_at, period.ends_at)
        else:
            result.append(period)
    return result


def minus(periods: Iterable[Period], removed: Iterable[Period]) -> list[Period]:
    """The time of `periods` that no `removed` period covers, sorted, by one sweep."""
    holes = merged(removed)
    result: list[Period] = []
    past = 0
    for period in merged(periods):
        while past < len(holes) and holes[past].ends_at <= period.starts_at:
            past += 1
        start, i = period.starts_at, past
        # Counting up instead of slicing: a slice would copy all later holes for each period.
        while i < len(holes) and holes[i].starts_at < period.ends_at:
            if start < holes[i].starts_at:
                result.append(Period(start, holes[i].starts_at))
            start = holes[i].ends_at
            i += 1
        if start < period.ends_at:
            result.append(Period(start, period.ends_at))
    return result
