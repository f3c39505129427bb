"""The report as rows of cells, for tables and files alike."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.analytics.queries.scheduling import Group, SchedulingReport
from app.analytics.rules import WEEKDAYS

Cell = str | int | float | None

OUTCOME_HEADER = (
    "Visits",
    "Seen",
    "Missed",
    "Left unseen",
    "Cancelled",
    "Late cancelled",
    "No-show rate",
    "Cancellation rate",
)


@dataclass(frozen=True, slots=True)
class Table:
    """One table with its heading; cells are text, whole numbers, or shares from 0 to 1."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[Cell, ...]]


def percent(share: float | None) -> str:
    """37 %, or a dash where there is nothing to say."""
    return "–" if share is None else f"{share * 100:.0f} %"


def minutes(count: float | None) -> str:
    """Whole minutes, or a dash."""
    return "–" if count is None else f"{count:.0f} min"


def tables(report: SchedulingReport) -> list[Table]:
    """Every table of the report, in the order of the page."""
    return [
        _groups("By kind of visit", "Kind of visit", report.by_type),
        _groups("By provider", "Provider", report.by_provider),
        _groups("By weekday", "Weekday", report.by_weekday),
        _groups("By lead time", "Booked ahead", report.by_lead),
        Table(
            "Use of time",
            ("Who or what", "Kind", "Held minutes", "Open minutes", "Utilisation"),
            [
                (one.name, one.kind, round(one.held), round(one.open), one.share)
                for one in report.use
            ],
        ),
        Table(
            "Waiting times",
            (
                "Kind of visit",
                "Seen",
                "Walk-ins",
                "Late entries",
                "Median wait (min)",
                "Longest tenth (min)",
                "Median length (min)",
            ),
            [
                (
                    one.name,
                    one.visits,
                    one.walk_ins,
                    one.late_entries,
                    _rounded(one.median_wait),
                    _rounded(one.long_wait),
                    _rounded(one.median_length),
                )
                for one in report.waits
            ],
        ),
        _heat(report),
    ]


def _groups(title: str, name: str, groups: list[Group]) -> Table:
    rows = [
        (
            group.name,
            outcomes.booked,
            outcomes.kept,
            outcomes.missed,
            outcomes.left,
            outcomes.cancelled,
            outcomes.late,
            outcomes.no_show_rate,
            outcomes.cancellation_rate,
        )
        for group in groups
        for outcomes in (group.outcomes,)
    ]
    return Table(title, (name, *OUTCOME_HEADER), rows)


def _rounded(minutes: float | None) -> int | None:
    return None if minutes is None else round(minutes)


def _heat(report: SchedulingReport) -> Table:
    rows: list[tuple[Cell, ...]] = [
        (day, *(report.heat.get((number, hour), 0) for hour in report.hours))
        for number, day in enumerate(WEEKDAYS)
        if any((number, hour) in report.heat for hour in report.hours)
    ]
    return Table("Visits by weekday and hour", ("Weekday", *map(hour_name, report.hours)), rows)


def hour_name(hour: int) -> str:
    """9 AM."""
    return f"{hour % 12 or 12} {'AM' if hour < 12 else 'PM'}"
