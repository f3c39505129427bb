"""Which freed time fits which wish of the waiting list (SCH-31)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from app.kernel.period import Period
from app.scheduling.errors.waitlist import BadWait
from app.scheduling.rules.facts import Slot

# Somebody who takes an offer in its last minute still has to come to the clinic.
MARGIN = timedelta(minutes=15)
NO_NOTICE = timedelta(0)
LONGEST_WAIT = timedelta(days=366)
WHOLE_DAY = (time(0), time(23, 59))


class EntryStatus(StrEnum):
    """Where an entry on the waiting list stands."""

    WAITING = "waiting"
    OFFERED = "offered"
    FULFILLED = "fulfilled"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


class HoldStatus(StrEnum):
    """What became of a time that was kept for somebody."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


OPEN_ENTRY = frozenset({EntryStatus.WAITING, EntryStatus.OFFERED})


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTimes:
    """The days and times of day that suit somebody; the clinic's, ends included."""

    first_day: date
    last_day: date
    earliest: time = WHOLE_DAY[0]
    latest: time = WHOLE_DAY[1]

    def suit(self, slot: Slot | Period, zone: ZoneInfo) -> bool:
        """Whether the whole visit lies within them."""
        starts, ends = slot.starts_at.astimezone(zone), slot.ends_at.astimezone(zone)
        return (
            self.first_day <= starts.date() <= self.last_day
            and starts.date() == ends.date()
            and self.earliest <= starts.time()
            and ends.time() <= self.latest
        )


def check_times(times: WaitingTimes, *, visit_for: timedelta, today: date) -> None:
    """Raises BadWait for days that are over, backwards or too far, and for a time of day that
    is shorter than the visit.
    """
    if times.last_day < times.first_day:
        raise BadWait("last_day", "The last day must not lie before the first day.")
    if times.last_day < today:
        raise BadWait("last_day", "Please choose a last day that is not over yet.")
    if times.last_day > today + LONGEST_WAIT:
        raise BadWait("last_day", "Please choose days within the next year.")
    if times.latest <= times.earliest:
        raise BadWait("latest", "The latest time must lie after the earliest time.")
    if _between(times.earliest, times.latest) < visit_for:
        raise BadWait("latest", "The visit does not fit between these times.")


def best_slot(
    slots: Iterable[Slot],
    *,
    freed: Period,
    times: WaitingTimes,
    zone: ZoneInfo,
    not_before: datetime,
    refused: Sequence[Period] = (),
) -> Slot | None:
    """The slot that makes the most of the freed time, or None when none suits.

    `refused` are times of this provider that were offered to the same person before.
    """
    suiting = [
        slot
        for slot in slots
        if slot.starts_at >= not_before
        and times.suit(slot, zone)
        and _shared(slot, freed)
        and not any(_shared(slot, period) for period in refused)
    ]
    return min(suiting, key=lambda slot: (-_shared(slot, freed), slot.starts_at), default=None)


def earliest_offer(now: datetime, *, open_for: timedelta, notice: timedelta) -> datetime:
    """The first start that can be offered: also in its last minute the offer can be taken."""
    return now + open_for + max(notice, MARGIN)


def _shared(slot: Slot, period: Period) -> timedelta:
    shared = period.intersection(Period(slot.starts_at, slot.ends_at))
    return shared.lasts_for if shared else timedelta(0)


def _between(earliest: time, latest: time) -> timedelta:
    day = date(2000, 1, 1)
    return datetime.combine(day, latest) - datetime.combine(day, earliest)
