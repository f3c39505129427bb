"""How long records are kept, who may be disposed of, and who may approve it (RET-01, RET-02)."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.integrity.rules import canonical
from app.retention.errors import NeedsOtherPerson, ReasonTooShort

OF_AGE: Final = 18
LONGEST_LIST: Final = 5_000
SHORTEST_REASON: Final = 10


class Kind(StrEnum):
    """A kind of record with a time of its own (RET-01)."""

    OUTPATIENT = "outpatient"
    INPATIENT = "inpatient"
    AUDIT = "audit"
    FINANCE = "finance"
    IMMUNIZATION = "immunization"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """Years that each kind is kept; immunization has none, because it is kept for ever."""

    outpatient: int = 7
    inpatient: int = 10
    audit: int = 6
    finance: int = 10

    def years(self, kind: Kind) -> int | None:
        """Years, or None for ever."""
        return None if kind is Kind.IMMUNIZATION else int(getattr(self, kind.value))


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What decides about one record. Days are the clinic's.

    `obstacles` are sentences: holds, visits to come, and whatever else forbids disposal.
    """

    first_known_on: date
    born_on: date | None = None
    last_consultation_on: date | None = None
    last_activity_on: date | None = None
    kinds: frozenset[Kind] = frozenset({Kind.OUTPATIENT})
    obstacles: tuple[str, ...] = ()

    @property
    def since(self) -> date:
        """The last thing that happened: a consultation, a booking, a sign-in, or being entered.

        The duty counts from the last consultation; whoever still comes by is no former patient.
        """
        known = (self.last_consultation_on, self.last_activity_on, self.first_known_on)
        return max(day for day in known if day is not None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a record is due. `kept_until` is the last day of the duty; None means for ever."""

    kept_until: date | None
    why: str
    obstacles: tuple[str, ...]
    is_due: bool

    @property
    def sentence(self) -> str:
        """For the one who asks why a record stays, or goes."""
        return " ".join((self.why, *self.obstacles))


def years_after(day: date, years: int) -> date:
    """The same day of a later year; 29 February becomes 1 March where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)


def kept_until(
    kind: Kind, schedule: Schedule, *, since: date, born_on: date | None, first_known_on: date
) -> date | None:
    """The last day of the duty to keep, or None for ever (RET-01).

    Of minors max(normal, age 18 + normal): the later one of the two holds for everybody, because
    an adult's 18th birthday lies before. Without a birth date the first day on which the person
    was known stands for it, which is never too short.
    """
    years = schedule.years(kind)
    if years is None:
        return None
    of_age = years_after(min(born_on or first_known_on, since), OF_AGE)
    return max(years_after(since, years), years_after(of_age, years))


def judge(person: Person, schedule: Schedule, *, today: date) -> Verdict:
    """Whether the record may be disposed of today: after the last day, and nothing forbids it."""
    days = {
        kind: kept_until(
            kind,
            schedule,
            since=person.since,
            born_on=person.born_on,
            first_known_on=person.first_known_on,
        )
        for kind in person.kinds
    }
    forever = next((kind for kind, day in days.items() if day is None), None)
    if forever is not None:
        return Verdict(None, f"Records of {forever.value} are kept for ever.", (), False)
    kind, last = max(
        ((kind, day) for kind, day in days.items() if day is not None),
        key=lambda pair: (pair[1], pair[0]),
    )
    why = _why(kind, schedule, person, last)
    return Verdict(last, why, person.obstacles, today > last and not person.obstacles)


def _why(kind: Kind, schedule: Schedule, person: Person, last: date) -> str:
    years = schedule.years(kind) or 0
    base = f"Kept until {last}: {kind.value} records {years} years"
    if last == years_after(person.since, years):
        what = "consultation" if person.since == person.last_consultation_on else "activity"
        return f"{base} after the last {what} on {person.since}."
    if person.born_on is None:
        return f"{base} after coming of age at the latest possible day; no birth date is known."
    return f"{base} after coming of age."


class DisposalStatus(StrEnum):
    """Where a list stands."""

    DRAWING = "drawing"
    PROPOSED = "proposed"
    APPROVED = "approved"
    RUNNING = "running"
    DONE = "done"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What became of one person on a list."""

    LISTED = "listed"
    DISPOSED = "disposed"
    LEFT_OUT = "left-out"


MOVES: Mapping[DisposalStatus, frozenset[DisposalStatus]] = {
    DisposalStatus.DRAWING: frozenset({DisposalStatus.PROPOSED, DisposalStatus.WITHDRAWN}),
    DisposalStatus.PROPOSED: frozenset({DisposalStatus.APPROVED, DisposalStatus.WITHDRAWN}),
    DisposalStatus.APPROVED: frozenset({DisposalStatus.RUNNING, DisposalStatus.WITHDRAWN}),
    DisposalStatus.RUNNING: frozenset({DisposalStatus.DONE}),
}
UNDER_WAY = frozenset(DisposalStatus) - {DisposalStatus.DONE, DisposalStatus.WITHDRAWN}


def check_approver(
    user_id: int | None, *, drafted_by_id: int | None, first_approver_id: int | None
) -> None:
    """RET-02: two different people approve, and neither drew up the list. Raises NeedsOtherPerson.

    The system itself approves nothing.
    """
    if user_id is None:
        raise NeedsOtherPerson("Only people approve a list.")
    if user_id == drafted_by_id:
        raise NeedsOtherPerson("You drew up this list, so two other people must approve it.")
    if user_id == first_approver_id:
        raise NeedsOtherPerson("You approved this list already; somebody else must be the second.")


def checked_reason(reason: str, field: str = "reason") -> str:
    """The reason on one line. Raises ReasonTooShort."""
    text = " ".join(reason.split())[:500]
    if len(text) < SHORTEST_REASON:
        raise ReasonTooShort(field)
    return text


def list_hash(lines: Iterable[tuple[int, date]]) -> str:
    """The SHA-256 of who is on a list and until when each was kept: what is approved."""
    stated = [[person, str(day)] for person, day in sorted(lines)]
    return hashlib.sha256(canonical({"list": stated})).hexdigest()
