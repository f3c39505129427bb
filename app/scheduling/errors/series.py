"""What recurring series refuse (SCH-32)."""

from datetime import datetime

from app.kernel.errors import Conflict, Invalid, NotFound


class BadSeries(Invalid):
    """The rule of a series makes no sense. The sentence says why, beside its field."""

    code = "scheduling.bad_series"

    def __init__(self, message: str, *, field: str) -> None:
        super().__init__(message, errors={field: [message]})


class NothingToBook(Invalid):
    """Every occurrence was skipped."""

    code = "scheduling.series_empty"

    def __init__(self) -> None:
        super().__init__("All visits of this series are skipped, so there is nothing to book.")


class NothingToMove(Invalid):
    """Every visit of the rest keeps its old time."""

    code = "scheduling.series_kept"

    def __init__(self) -> None:
        super().__init__("All visits keep their old time, so there is nothing to move.")


class SeriesClash(Conflict):
    """One occurrence cannot be had, so none was booked or moved. `number` names it."""

    code = "scheduling.series_clash"

    def __init__(self, number: int, starts_at: datetime, why: str) -> None:
        day = f"{starts_at:%a} {starts_at.day} {starts_at:%b %Y}"
        clock = (
            f"{starts_at.hour % 12 or 12}:{starts_at:%M} {'AM' if starts_at.hour < 12 else 'PM'}"
        )
        super().__init__(f"Visit {number} on {day}, {clock}: {why} Nothing was changed.")
        self.number = number


class UnknownSeries(NotFound):
    """There is no such series."""

    code = "scheduling.unknown_series"

    def __init__(self, message: str = "There is no such series.") -> None:
        super().__init__(message)


class SeriesOver(Conflict):
    """No visit of the series is still to come."""

    code = "scheduling.series_over"

    def __init__(self) -> None:
        super().__init__("No visit of this series from here on can still be changed.")
