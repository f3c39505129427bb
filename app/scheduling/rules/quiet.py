"""When the clinic leaves people in peace: nothing is sent that can wait (NOT-03, SCH-31)."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.kernel.clock import local_date
from app.kernel.period import Period

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From one time of day until another, perhaps past midnight; the same twice is none."""

    starts: time
    ends: time
    zone: ZoneInfo

    def around(self, instant: datetime) -> Period | None:
        """The quiet hours that the instant lies in.

        In the night when clocks change they last until every reading of their end is over.
        """
        today = local_date(instant, self.zone)
        # Where midnight itself is skipped, tomorrow's first reading of it is still today.
        for day in (today - A_DAY, today, today + A_DAY):
            if not _exists(day, self.zone):
                continue
            last = day if self.starts < self.ends else day + A_DAY
            begin = min(_readings(datetime.combine(day, self.starts), self.zone))
            end = max(_readings(datetime.combine(last, self.ends), self.zone))
            if self.starts != self.ends and begin <= instant < end:
                return Period(begin, end)
        return None


def _exists(day: date, zone: ZoneInfo) -> bool:
    """Whether the zone has this day: some went over the date line and left one out."""
    noon = datetime.combine(day, time(12))
    return any(local_date(instant, zone) == day for instant in _readings(noon, zone))


def _readings(wall: datetime, zone: ZoneInfo) -> list[datetime]:
    return [wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]


def quiet_until(
    now: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time
) -> datetime | None:
    """When the quiet hours end that `now` lies in, or None outside of them."""
    hours = QuietHours(quiet_from, quiet_until, zone).around(now)
    return hours.ends_at if hours else None
