"""Once on every civil day, at one time of the clinic's clock (JOB-01)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class DailyAt:
    """A time of day in a zone.

    On a day that skips this time it comes as much later as the clock jumped; on a day that has it
    twice only the first one counts.
    """

    at: time
    zone: ZoneInfo

    def after(self, instant: datetime) -> datetime:
        """The first such time after the instant, in UTC."""
        day = instant.astimezone(self.zone).date()
        # A jump of the clock can put the time of the day before behind the instant.
        times = (self._on(day + timedelta(days=days)) for days in (-1, 0, 1, 2))
        return next(found for found in times if found > instant)

    def _on(self, day: date) -> datetime:
        return datetime.combine(day, self.at.replace(fold=0), self.zone).astimezone(UTC)
