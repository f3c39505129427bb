"""When a breach must be notified, and how much of the 72 hours is left (DPA-01, DPA-03)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from app.privacy.errors import MustNotify, NotJudged, NotNow, OddValue

NOTICE_WITHIN: Final = timedelta(hours=72)
WARN_BEFORE: Final = timedelta(hours=24)
LONGEST_WINDOW: Final = timedelta(days=3_660)


class BreachKind(StrEnum):
    """What happened to the data."""

    CONFIDENTIALITY = "confidentiality"
    INTEGRITY = "integrity"
    AVAILABILITY = "availability"


KIND_NAMES: Mapping[BreachKind, str] = {
    BreachKind.CONFIDENTIALITY: "Seen or taken",
    BreachKind.INTEGRITY: "Changed",
    BreachKind.AVAILABILITY: "Lost or out of reach",
}


class BreachStatus(StrEnum):
    """Where a breach stands."""

    OPEN = "open"
    NOTIFIED = "notified"
    NOT_NOTIFIABLE = "not-notifiable"
    CLOSED = "closed"


class Addressee(StrEnum):
    """Who is told of a breach."""

    COMMISSION = "commission"
    PERSONS = "persons"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The three questions on which a duty to notify depends; None is not answered yet."""

    is_sensitive: bool | None = None
    was_acquired: bool | None = None
    has_real_risk: bool | None = None

    @property
    def answers(self) -> tuple[bool | None, bool | None, bool | None]:
        """All three."""
        return (self.is_sensitive, self.was_acquired, self.has_real_risk)

    @property
    def must_notify(self) -> bool | None:
        """DPA-01: sensitive, acquired by somebody without right, real risk of serious harm.

        One No decides; None while an answer that could decide is missing.
        """
        if False in self.answers:
            return False
        return None if None in self.answers else True


@dataclass(frozen=True, slots=True)
class Countdown:
    """What is left of the 72 hours."""

    ends_at: datetime
    left: timedelta

    @property
    def is_over(self) -> bool:
        """Whether the time ran out."""
        return self.left <= timedelta(0)

    @property
    def is_short(self) -> bool:
        """Whether a day or less is left."""
        return self.left <= WARN_BEFORE

    @property
    def sentence(self) -> str:
        """Hours and minutes, or since when it is over."""
        minutes = int(abs(self.left).total_seconds()) // 60
        told = f"{minutes // 60} h {minutes % 60:02d} min"
        return f"Over for {told}" if self.is_over else f"{told} left"


def countdown(detected_at: datetime, *, now: datetime) -> Countdown:
    """The countdown begins with the knowledge of the breach (DPA-03)."""
    ends_at = detected_at + NOTICE_WITHIN
    return Countdown(ends_at, ends_at - now)


def check_detected(detected_at: datetime, *, now: datetime) -> None:
    """Raises OddValue for a future that nobody can know, and for another age."""
    if detected_at > now:
        raise OddValue("detected", "A breach cannot have been detected in the future.")
    if now - detected_at > timedelta(days=3_660):
        raise OddValue("detected", "A breach from more than ten years ago cannot be entered.")


def check_told(told_at: datetime, *, detected_at: datetime, now: datetime) -> None:
    """A notice leaves after the detection and not in the future. Raises OddValue."""
    if not detected_at <= told_at <= now:
        raise OddValue("told", "A notice is sent after the breach was detected, and not later.")


def check_not_notifiable(status: BreachStatus, judgement: Judgement) -> None:
    """Raises NotNow, NotJudged, MustNotify."""
    if status is not BreachStatus.OPEN:
        raise NotNow("It was decided already whether this breach is notified.")
    if judgement.must_notify is None:
        raise NotJudged()
    if judgement.must_notify:
        raise MustNotify()


def check_open(status: BreachStatus) -> None:
    """Facts change until a breach is closed. Raises NotNow."""
    if status is BreachStatus.CLOSED:
        raise NotNow("This breach is closed.")


def check_closable(status: BreachStatus) -> None:
    """Raises NotNow."""
    if status is BreachStatus.OPEN:
        raise NotNow("Notify this breach, or decide that it need not be, before you close it.")
    check_open(status)


def check_window(since: datetime | None, until: datetime | None) -> None:
    """Raises OddValue for a window that ends before it begins."""
    if since and until and until <= since:
        raise OddValue("until", "The end must lie after the beginning.")


@dataclass(frozen=True, slots=True)
class Told:
    """What the yearly summary needs of one breach."""

    kind: BreachKind
    status: BreachStatus
    is_exercise: bool
    detected_at: datetime
    commission_told_at: datetime | None
    persons: int | None


@dataclass(frozen=True, slots=True)
class YearLine:
    """One kind of breach in one year."""

    kind: BreachKind
    breaches: int
    notified: int
    in_time: int
    persons: int
    longest: timedelta | None


def yearly(breaches: Sequence[Told]) -> list[YearLine]:
    """The yearly summary, kind by kind; exercises are counted apart from it (DPA-01)."""
    return [
        _line(kind, [one for one in breaches if one.kind is kind and not one.is_exercise])
        for kind in BreachKind
    ]


def _line(kind: BreachKind, breaches: Sequence[Told]) -> YearLine:
    times = [
        one.commission_told_at - one.detected_at
        for one in breaches
        if one.commission_told_at is not None
    ]
    return YearLine(
        kind,
        len(breaches),
        len(times),
        sum(time <= NOTICE_WITHIN for time in times),
        sum(one.persons or 0 for one in breaches),
        max(times, default=None),
    )
