"""When the clinic leaves people in peace: nothing is sent that can wait (SCH-31, NOT-05)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


def quiet_until(
    now: datetime, zone: ZoneInfo, quiet_from: time, quiet_until: time
) -> datetime | None:
    """When the quiet hours end that `now` lies in, or None outside of them.

    They may run past midnight; the same time twice means that there are none.
    """
    wall = now.astimezone(zone)
    moment = wall.time().replace(tzinfo=None)
    if quiet_from <= quiet_until:
        is_quiet, days = quiet_from <= moment < quiet_until, 0
    else:
        is_quiet, days = moment >= quiet_from or moment < quiet_until, int(moment >= quiet_from)
    if not is_quiet:
        return None
    day = wall.date() + timedelta(days=days)
    return datetime.combine(day, quiet_until, zone).astimezone(UTC)
