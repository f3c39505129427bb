"""Which visits the sample clinic had and will have. Decides only; `story` makes them happen.

Every provider's opening time is filled from left to right. Chance is drawn from a source named
after the provider and the day, so that the same day always looks the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

from app.kernel.clock import local_date
from app.kernel.period import Period

MINUTE: Final = timedelta(minutes=1)
A_DAY: Final = timedelta(days=1)
NO_TIME: Final = timedelta(0)
HISTORY: Final = 28 * A_DAY
AHEAD: Final = 14 * A_DAY
ANSWERED_BEFORE: Final = 3 * A_DAY
# How much of the opening time is booked; less the further ahead.
BUSY_SO_FAR, BUSY_TODAY, BUSY_NEXT, BUSY_LAST = 0.18, 0.42, 0.3, 0.1


class Ending(StrEnum):
    """What becomes of a visit."""

    COMPLETED = "completed"
    NO_SHOW = "no-show"
    CANCELLED = "cancelled"
    LEFT = "left"
    MOVED = "moved"
    DECLINED = "declined"


# Out of a hundred visits; DECLINED comes on top for those that ask for approval.
ENDINGS: Final = {
    Ending.COMPLETED: 76,
    Ending.NO_SHOW: 8,
    Ending.CANCELLED: 10,
    Ending.MOVED: 4,
    Ending.LEFT: 2,
}


@dataclass(frozen=True, slots=True)
class Offer:
    """A kind of visit as the planner needs it. `weight` is how often it is wanted."""

    code: str
    lasts_for: timedelta
    step: timedelta
    gap: timedelta
    notice: timedelta
    weight: int
    needs_approval: bool = False
    reasons: tuple[str, ...] = ("",)


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """A visit that is to be booked at `booked_at` and to end as `ending`.

    Without an ending it stays as it was booked: a request that nobody has answered yet, or a
    visit that is still to come.
    """

    starts_at: datetime
    provider: str
    offer: Offer
    student: str
    booked_at: datetime
    by_desk: bool
    ending: Ending | None
    reason: str


@dataclass(frozen=True, slots=True)
class Frame:
    """The time that the plan is told in."""

    now: datetime
    zone: ZoneInfo
    history: timedelta = HISTORY
    ahead: timedelta = AHEAD

    @property
    def today(self) -> date:
        """The clinic's day."""
        return local_date(self.now, self.zone)

    @property
    def first(self) -> date:
        """The first day of the history."""
        return self.today - self.history

    @property
    def last(self) -> date:
        """The last day with bookings."""
        return self.today + self.ahead

    def days(self) -> list[date]:
        """All days, today included."""
        return [self.first + A_DAY * i for i in range((self.last - self.first).days + 1)]


def plan_visits(
    frame: Frame,
    opening: Mapping[str, Mapping[date, Sequence[Period]]],
    offers: Mapping[str, Sequence[Offer]],
    students: Sequence[str],
) -> list[PlannedVisit]:
    """The visits of every provider and day, by the instant of their booking."""
    queue = _Queue(students)
    visits = [
        visit
        for day in frame.days()
        for provider, by_day in opening.items()
        for visit in _day_of(frame, day, provider, by_day.get(day, ()), offers[provider], queue)
    ]
    return sorted(visits, key=lambda visit: (visit.booked_at, visit.starts_at, visit.provider))


class _Queue:
    """Students in a mixed order, round and round: nobody comes twice within days."""

    def __init__(self, students: Sequence[str]) -> None:
        self.students = list(students)
        Random("queue").shuffle(self.students)  # noqa: S311 - sample data, not secrets
        self.place = 0

    def next(self) -> str:
        self.place += 1
        return self.students[self.place % len(self.students)]


def _day_of(
    frame: Frame,
    day: date,
    provider: str,
    opening: Iterable[Period],
    offers: Sequence[Offer],
    queue: _Queue,
) -> list[PlannedVisit]:
    rng = Random(f"{provider}/{day.isoformat()}")  # noqa: S311 - sample data, not secrets
    busy = _share_booked(frame, day)
    gap = max(offer.gap for offer in offers)  # the larger of two buffers, kept after each visit
    wishes = _requests(frame, day, offers)
    visits: list[PlannedVisit] = []
    for span in opening:
        free_from = span.starts_at
        while (chosen := _next_visit(rng, span, free_from, wishes or offers)) is not None:
            offer, starts_at = chosen
            is_booked = bool(wishes) or rng.random() < busy
            wishes = []
            if is_booked:
                visits.append(_visit(rng, frame, provider, offer, starts_at, queue))
            free_from = starts_at + offer.lasts_for + (gap if is_booked else NO_TIME)
    return visits


def _share_booked(frame: Frame, day: date) -> float:
    ahead = (day - frame.today) / frame.ahead
    if ahead <= 0:
        return BUSY_TODAY if ahead == 0 else BUSY_SO_FAR
    return BUSY_NEXT + (BUSY_LAST - BUSY_NEXT) * ahead


def _requests(frame: Frame, day: date, offers: Sequence[Offer]) -> list[Offer]:
    """Every other day ahead begins with a request, so that some always wait for an answer."""
    if day - frame.today < ANSWERED_BEFORE + A_DAY or day.toordinal() % 2:
        return []
    return [offer for offer in offers if offer.needs_approval]


def _next_visit(
    rng: Random, span: Period, free_from: datetime, offers: Sequence[Offer]
) -> tuple[Offer, datetime] | None:
    """A kind of visit that still fits, at the first start of its grid (SCH-16)."""
    fitting = []
    for offer in offers:
        steps = -(-(free_from - span.starts_at) // offer.step)  # rounded up
        starts_at = span.starts_at + steps * offer.step
        if starts_at + offer.lasts_for <= span.ends_at:
            fitting.append((offer, starts_at))
    if not fitting:
        return None
    return rng.choices(fitting, [offer.weight for offer, _ in fitting])[0]


def _visit(
    rng: Random,
    frame: Frame,
    provider: str,
    offer: Offer,
    starts_at: datetime,
    queue: _Queue,
) -> PlannedVisit:
    """One visit and its story."""
    is_ahead = starts_at > frame.now
    waits = is_ahead and offer.needs_approval and starts_at > frame.now + ANSWERED_BEFORE
    by_desk = not offer.needs_approval and rng.random() < 0.3
    booked_at = _booked_at(rng, frame, offer, starts_at, within=A_DAY if waits else 9 * A_DAY)
    return PlannedVisit(
        starts_at=starts_at,
        provider=provider,
        offer=offer,
        student=queue.next(),
        booked_at=booked_at,
        by_desk=by_desk,
        ending=None if waits else _ending(rng, offer),
        reason=rng.choice(offer.reasons),
    )


def _booked_at(
    rng: Random, frame: Frame, offer: Offer, starts_at: datetime, *, within: timedelta
) -> datetime:
    """A waking hour at most `within` before the visit or before now, in time for the notice."""
    latest = min(starts_at - offer.notice - 5 * MINUTE, frame.now - 5 * MINUTE)
    for _ in range(6):
        wanted = latest - within * (rng.random() ** 2)
        wall = wanted.astimezone(frame.zone)
        if time(7) <= wall.time() < time(21):
            return wanted.replace(microsecond=0)
    return latest.replace(microsecond=0)


def _ending(rng: Random, offer: Offer) -> Ending:
    if offer.needs_approval and rng.random() < 0.12:
        return Ending.DECLINED
    return rng.choices(list(ENDINGS), list(ENDINGS.values()))[0]
