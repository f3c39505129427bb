"""When a provider's clinic is open: weekly hours, overrides, time off and closures (SCH-10..12).

A span belongs to the civil day on which it starts, also when it runs past midnight.
"""

from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from app.kernel.period import Period
from app.scheduling.rules.facts import Closure, ProviderFacts
from app.scheduling.rules.instants import at, micros, midnight, wall

ONE_DAY = timedelta(days=1)


class Stretch(NamedTuple):
    """Open time on one grid, in microseconds since 1970.

    Visits start at `origin` plus whole steps, in `[starts, ends)`; the clinic stays open
    without a break until `open_until`. The grid keeps the origin of the whole span when a
    closure cuts a piece out of it (SCH-16).
    """

    origin: int
    starts: int
    ends: int
    open_until: int
    campus: str


class Span(NamedTuple):
    """Working hours that started on one civil day, before anything is cut out."""

    starts: int
    ends: int
    campus: str
    origin: int


def opening(
    provider: ProviderFacts,
    closures: Iterable[Closure],
    first: date,
    last: date,
    zone: ZoneInfo,
) -> list[Period]:
    """The open periods that meet the clinic days `first` to `last`, sorted and merged.

    A period that runs over the edge of the window is given whole.
    """
    opens, closes = midnight(first, zone), midnight(last + ONE_DAY, zone)
    found = united(
        (stretch.starts, stretch.ends)
        for stretch in stretches(provider, closures, first, last, zone)
    )
    return [Period(at(start), at(end)) for start, end in found if start < closes and opens < end]


def opening_by_day(
    provider: ProviderFacts,
    closures: Iterable[Closure],
    first: date,
    last: date,
    zone: ZoneInfo,
) -> dict[date, list[Period]]:
    """The open periods of each clinic day, cut at midnight: what a calendar shows."""
    found = opening(provider, closures, first, last, zone)
    result: dict[date, list[Period]] = {}
    for day, begins, ends in _days(first, last, zone):
        result[day] = [
            Period(max(period.starts_at, at(begins)), min(period.ends_at, at(ends)))
            for period in found
            if period.starts_at < at(ends) and at(begins) < period.ends_at
        ]
    return result


def stretches(
    provider: ProviderFacts,
    closures: Iterable[Closure],
    first: date,
    last: date,
    zone: ZoneInfo,
) -> list[Stretch]:
    """Open time and its grids, sorted. The days before and after the window are read too,
    because spans of the one reach into it and visits that start in it run into the other.
    """
    spans = _spans(provider, first - ONE_DAY, last + ONE_DAY, zone)
    away = [(micros(period.starts_at), micros(period.ends_at)) for period in provider.time_off]
    shut = [(micros(c.period.starts_at), micros(c.period.ends_at)) for c in closures]
    open_runs = _cut(_runs(spans), united(away + shut))
    return _on_grids(open_runs, spans)


def united(intervals: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same numbers as sorted half-open intervals that neither overlap nor touch."""
    result: list[tuple[int, int]] = []
    start = end = None
    for low, high in sorted(intervals):
        if end is None or start is None:
            start, end = low, high
        elif low <= end:
            end = max(end, high)
        else:
            result.append((start, end))
            start, end = low, high
    if start is not None and end is not None:
        result.append((start, end))
    return result


def _days(first: date, last: date, zone: ZoneInfo) -> list[tuple[date, int, int]]:
    """Each clinic day with its first instant and that of the next day."""
    dates = [first + timedelta(days=i) for i in range((last - first).days + 2)]
    return [
        (day, midnight(day, zone), midnight(next_day, zone)) for day, next_day in pairwise(dates)
    ]


def _spans(provider: ProviderFacts, first: date, last: date, zone: ZoneInfo) -> list[Span]:
    """Disjoint spans in order. Where two days overlap, the earlier day's grid goes on."""
    found = [
        span
        for i in range((last - first).days + 1)
        for span in _spans_of_day(provider, first + timedelta(days=i), zone)
    ]
    result: list[Span] = []
    for span in sorted(found):
        covered = result[-1].ends if result else span.starts
        if span.ends > covered:
            result.append(span._replace(starts=max(span.starts, covered)))
    return result


def _spans_of_day(provider: ProviderFacts, day: date, zone: ZoneInfo) -> list[Span]:
    """What starts on this day, touching spans of one campus merged (SCH-10).

    Days are merged one by one, so that the grid of a clinic that never closes does not
    depend on where the window begins.
    """
    result: list[Span] = []
    for starts, ends, campus in sorted(_wall_spans(provider, day)):
        start = wall(day, starts, zone)
        end = wall(day if starts < ends else day + ONE_DAY, ends, zone)
        if start >= end:  # the clock skipped all of it
            continue
        if result and result[-1].campus == campus and start <= result[-1].ends:
            result[-1] = result[-1]._replace(ends=max(end, result[-1].ends))
        else:
            result.append(Span(start, end, campus, start))
    return result


def _wall_spans(provider: ProviderFacts, day: date) -> list[tuple[time, time, str]]:
    """Weekly hours, or what the day's overrides put in their place (SCH-11)."""
    overrides = [override for override in provider.overrides if override.on == day]
    if overrides:
        return [(*span, override.campus) for override in overrides for span in override.spans]
    return [
        (hours.starts, hours.ends, hours.campus) for hours in provider.weekly if hours.apply_on(day)
    ]


def _runs(spans: Sequence[Span]) -> list[tuple[int, int, str]]:
    """Time open without a break on one campus: nobody moves campus in the middle of a visit."""
    result: list[tuple[int, int, str]] = []
    for span in spans:
        if result and result[-1][1] == span.starts and result[-1][2] == span.campus:
            result[-1] = (result[-1][0], span.ends, span.campus)
        else:
            result.append((span.starts, span.ends, span.campus))
    return result


def _cut(
    runs: Sequence[tuple[int, int, str]], holes: Sequence[tuple[int, int]]
) -> list[tuple[int, int, str]]:
    """The runs without the holes; both sorted, one sweep (SCH-12)."""
    result: list[tuple[int, int, str]] = []
    past = 0
    for start, end, campus in runs:
        while past < len(holes) and holes[past][1] <= start:
            past += 1
        i = past
        while i < len(holes) and holes[i][0] < end:
            if start < holes[i][0]:
                result.append((start, holes[i][0], campus))
            start = holes[i][1]
            i += 1
        if start < end:
            result.append((start, end, campus))
    return result


def _on_grids(runs: Sequence[tuple[int, int, str]], spans: Sequence[Span]) -> list[Stretch]:
    """Give each open run the grids of the spans it lies on; both sorted, one sweep."""
    result: list[Stretch] = []
    past = 0
    for start, end, campus in runs:
        while spans[past].ends <= start:
            past += 1
        i = past
        while i < len(spans) and spans[i].starts < end:
            span = spans[i]
            result.append(
                Stretch(span.origin, max(start, span.starts), min(end, span.ends), end, campus)
            )
            i += 1
    return result
