"""What people may ask, how long an answer may take, and which step follows which (DPA-02)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from app.kernel.clock import clinic_day, local_date
from app.kernel.states import check_move
from app.privacy.errors import KeepingDuty, NeedsOnePerson, NotErasedYet, NotNow, OddValue
from app.retention.rules import Verdict

SHORTEST_WORDS: Final = 10
LONGEST_WORDS: Final = 4_000


class RequestKind(StrEnum):
    """What somebody wants done with their data."""

    ACCESS = "access"
    RECTIFICATION = "rectification"
    OBJECTION = "objection"
    ERASURE = "erasure"
    PORTABILITY = "portability"


KIND_NAMES: Mapping[RequestKind, str] = {
    RequestKind.ACCESS: "Copy of the data",
    RequestKind.RECTIFICATION: "Correction",
    RequestKind.OBJECTION: "Objection",
    RequestKind.ERASURE: "Erasure or blocking",
    RequestKind.PORTABILITY: "Data to take along",
}


class RequestStatus(StrEnum):
    """Where a request stands."""

    RECEIVED = "received"
    IN_WORK = "in-work"
    ANSWERED = "answered"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


ENDED: Final = frozenset({RequestStatus.ANSWERED, RequestStatus.REFUSED, RequestStatus.WITHDRAWN})
OPEN: Final = frozenset(RequestStatus) - ENDED
MOVES: Mapping[RequestStatus, frozenset[RequestStatus]] = {
    RequestStatus.RECEIVED: frozenset({RequestStatus.IN_WORK, RequestStatus.WITHDRAWN}),
    RequestStatus.IN_WORK: ENDED,
}


@dataclass(frozen=True, slots=True)
class Clock:
    """How much time is left for an answer, in civil days of the clinic."""

    due_on: date
    days_left: int
    is_overdue: bool

    @property
    def sentence(self) -> str:
        """For the one who must answer."""
        if self.is_overdue:
            return f"{_days(-self.days_left)} overdue"
        return "Due today" if self.days_left == 0 else f"{_days(self.days_left)} left"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def due_at(received_at: datetime, *, days: int, zone: ZoneInfo) -> datetime:
    """The end of the civil day on which an answer is due: `days` after the day of receipt."""
    last = local_date(received_at, zone) + timedelta(days=days)
    return clinic_day(last, zone).ends_at


def clock_of(due: datetime, *, now: datetime, zone: ZoneInfo) -> Clock:
    """The clock of an open request. `due` is the midnight after the last day."""
    due_on = local_date(due - timedelta(microseconds=1), zone)
    left = (due_on - local_date(now, zone)).days
    return Clock(due_on, left, is_overdue=now >= due)


def check_person(university_id: str, stranger: str) -> None:
    """Exactly one of both. Raises NeedsOnePerson."""
    if bool(university_id) == bool(stranger):
        raise NeedsOnePerson()


def check_received(received_at: datetime, *, now: datetime) -> None:
    """A request was received in the past, and not in another age. Raises OddValue."""
    if received_at > now:
        raise OddValue("received", "A request cannot have been received in the future.")
    if now - received_at > timedelta(days=366):
        raise OddValue("received", "A request from more than a year ago cannot be entered.")


def check_step(source: RequestStatus, target: RequestStatus) -> None:
    """Raises NotNow, with a sentence that says what comes first."""
    if source in ENDED:
        raise NotNow("This request is over already.")
    if source is RequestStatus.RECEIVED and target in ENDED - {RequestStatus.WITHDRAWN}:
        raise NotNow("Somebody must take this request into work first.")
    if target is source:
        raise NotNow("This request is in work already.")
    check_move(MOVES, source, target)


def check_erasure(verdict: Verdict | None) -> None:
    """Whether an erasure may be answered; None when no record is left, or there never was one.

    Refused while a duty or a hold keeps the records; else they end by a list of disposal, which
    two others approve. Raises KeepingDuty, NotErasedYet.
    """
    if verdict is None:
        return
    if not verdict.is_due:
        raise KeepingDuty(verdict.sentence)
    raise NotErasedYet()


def refusal_words(words: str, verdict: Verdict | None) -> str:
    """The reason of a refusal; of an erasure it says until when what keeps the records (DPA-02)."""
    if verdict is None or verdict.is_due:
        return words
    return f"{words} {verdict.sentence}"


def checked_words(
    text: str, field: str, *, shortest: int = SHORTEST_WORDS, longest: int = LONGEST_WORDS
) -> str:
    """Words that say something. Raises OddValue."""
    words = text.replace("\r\n", "\n").strip()[:longest]
    if len(words) < shortest:
        raise OddValue(field, f"Please write at least {shortest} characters here.")
    return words
