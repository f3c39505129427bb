"""Which sets are kept: grandfather, father, son (BAK-01)."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

RECENT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Plan:
    """How many days, ISO weeks and months keep their newest set."""

    daily: int = 7
    weekly: int = 4
    monthly: int = 12


@dataclass(frozen=True, slots=True)
class Copy:
    """A set as the plan sees it. Only a proven one counts: it was restored (BAK-02)."""

    name: str
    made_at: datetime
    is_proven: bool
    is_held: bool = False


def reasons_to_keep(copies: Collection[Copy], plan: Plan, zone: ZoneInfo) -> Mapping[str, str]:
    """Why each set is kept; a set without a reason may go.

    The newest proven set of each of the last days, weeks and months that have one is kept. Kept
    besides: what is under a hold (RET-02), what is newer than the newest proven set, because its
    proof may still come, and proven sets of the day before it, so that a backup by hand pushes
    none of them out. While nothing is proven nothing goes.
    """
    proven = sorted((c for c in copies if c.is_proven), key=lambda c: c.made_at, reverse=True)
    reasons: dict[str, str] = {}
    for copy in sorted(copies, key=lambda c: c.made_at):
        if copy.is_held:
            reasons[copy.name] = "on hold"
        elif not proven or copy.made_at > proven[0].made_at:
            reasons[copy.name] = "newer than the last proven set"
    for count, word, period_of in (
        (plan.daily, "day", _day),
        (plan.weekly, "week", _week),
        (plan.monthly, "month", _month),
    ):
        for copy in _newest_of_each(proven, zone, period_of)[:count]:
            reasons.setdefault(copy.name, f"newest of its {word}")
    for copy in proven:
        if copy.made_at > proven[0].made_at - RECENT:
            reasons.setdefault(copy.name, "made within a day of the newest")
    return reasons


def _newest_of_each(
    newest_first: Iterable[Copy], zone: ZoneInfo, period_of: Callable[[date], date]
) -> list[Copy]:
    found: dict[date, Copy] = {}
    for copy in newest_first:
        found.setdefault(period_of(copy.made_at.astimezone(zone).date()), copy)
    return list(found.values())


def _day(day: date) -> date:
    return day


def _week(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _month(day: date) -> date:
    return day.replace(day=1)
