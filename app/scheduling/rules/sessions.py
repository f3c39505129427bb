"""Group sessions: who may take a seat and when, drafts, class lists (SCH-04)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from app.kernel.errors import Invalid
from app.kernel.period import Period
from app.scheduling.errors.sessions import (
    NotOpenYet,
    SeatRefused,
    SessionOver,
    TooLateForSeat,
    UnknownSession,
)

LONGEST = timedelta(hours=12)
MOST_SEATS, MOST_STATIONS, MOST_COHORTS, MOST_LINES = 1000, 12, 20, 500
LONGEST_ID = 32
HEADS = frozenset({"university_id", "university id", "id", "id number", "student id", "no", "no."})


class SessionStatus(StrEnum):
    """Seats are given out while a session is open; a session that took place is done."""

    OPEN = "open"
    CLOSED = "closed"
    CANCELLED = "cancelled"
    DONE = "done"


class SeatStatus(StrEnum):
    """What became of a seat."""

    BOOKED = "booked"
    ATTENDED = "attended"
    MISSED = "missed"
    CANCELLED = "cancelled"


# An offer of a seat outlives the end of booking, but not the session.
SEATS_ARE_KEPT = frozenset({SessionStatus.OPEN, SessionStatus.CLOSED})


@dataclass(frozen=True, slots=True)
class Cohort:
    """Who may take a seat from when; an empty program or year level is any."""

    opens_at: datetime
    program: str = ""
    year_level: str = ""

    def holds(self, program: str, year_level: str) -> bool:
        """Whether somebody of this program and year level belongs to it."""
        return (not self.program or self.program.lower() == program.lower()) and (
            not self.year_level or self.year_level.lower() == year_level.lower()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionDraft:
    """A session as staff describe it. Without a capacity the type proposes one.

    `override_reason` sets opening hours aside, for those who may.
    """

    type: str
    provider: str
    title: str
    starts_at: datetime
    ends_at: datetime
    capacity: int | None
    opens_at: datetime
    resource_id: int | None = None
    campus: str = ""
    note: str = ""
    cohorts: tuple[Cohort, ...] = ()
    stations: tuple[str, ...] = ()
    override_reason: str = ""

    @property
    def period(self) -> Period:
        """When it takes place."""
        return Period(self.starts_at, self.ends_at)


def check_draft(draft: SessionDraft) -> None:
    """Raises Invalid naming the fields."""
    errors: dict[str, list[str]] = {}
    for name, longest in (("title", 120), ("note", 300)):
        text = getattr(draft, name)
        if len(text) > longest or not text.isprintable():
            errors[name] = [f"Please use at most {longest} plain characters, on one line."]
    if not draft.title.strip():
        errors["title"] = ["Please give the session a title."]
    if not timedelta(0) < draft.ends_at - draft.starts_at <= LONGEST:
        errors["ends_at"] = ["A session must end after it starts, within twelve hours."]
    if draft.capacity is not None and not 1 <= draft.capacity <= MOST_SEATS:
        errors["capacity"] = [f"Please use a number from 1 to {MOST_SEATS}."]
    if len(draft.cohorts) > MOST_COHORTS or any(
        len(one.program) > 20 or len(one.year_level) > 10 for one in draft.cohorts
    ):
        errors["cohorts"] = [f"Please name at most {MOST_COHORTS} groups, with short names."]
    if len(draft.stations) > MOST_STATIONS or not all(
        0 < len(name) <= 80 and name.isprintable() for name in draft.stations
    ):
        errors["stations"] = [f"Please name at most {MOST_STATIONS} stations, one per line."]
    if errors:
        raise Invalid("Please correct the marked fields.", errors=errors)


def opens_for(
    opens_at: datetime, cohorts: Sequence[Cohort], program: str, year_level: str
) -> datetime | None:
    """From when somebody may take a seat; None for those whom the session is not for."""
    if not cohorts:
        return opens_at
    mine = [one.opens_at for one in cohorts if one.holds(program, year_level)]
    return min(mine, default=None)


def check_takes_seats(status: SessionStatus, ends_at: datetime, now: datetime) -> None:
    """Raises SessionOver when seats are given out no more."""
    if status is SessionStatus.CANCELLED:
        raise SessionOver("This session is cancelled.")
    if status is not SessionStatus.OPEN or ends_at <= now:
        raise SessionOver()


def check_open_for(opens: datetime | None, starts_at: datetime, now: datetime, when: str) -> None:
    """Whether a patient may take a seat for themselves now; `when` is the opening in words.

    Raises NotOpenYet, SessionOver, and UnknownSession for other programs or year levels: to
    those the session does not exist (ACC-02).
    """
    if opens is None:
        raise UnknownSession()
    if now < opens:
        raise NotOpenYet(f"Seats in this session can be booked from {when}.")
    if starts_at <= now:
        raise SessionOver("This session has begun. Please ask the front desk for a seat.")


def check_cancel(status: SeatStatus, *, own: bool, until: datetime, now: datetime) -> None:
    """Raises SeatRefused for a seat that was used, TooLateForSeat after the cutoff."""
    if status is not SeatStatus.BOOKED:
        raise SeatRefused("This seat was marked already, so it cannot be cancelled.")
    if own and now > until:
        raise TooLateForSeat()


def check_station(position: int, passed: Iterable[int], *, undo: bool) -> None:
    """Stations are passed in their order, and taken back from the last one on.

    Raises SeatRefused.
    """
    done = set(passed)
    if not undo and any(earlier not in done for earlier in range(1, position)):
        raise SeatRefused("The stations before this one come first.")
    if undo and any(later > position for later in done):
        raise SeatRefused("Please take the later stations back first.")


def class_list(text: str) -> list[tuple[int, str]]:
    """The university IDs of a pasted list or a CSV file, each with its line; a head is skipped.

    Raises Invalid for none and for too many lines.
    """
    found: list[tuple[int, str]] = []
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), start=1):
        first = re.split(r"[,;\t]", line, maxsplit=1)[0].strip().strip('"').strip()
        if first and not (first.lower() in HEADS and not found):
            found.append((number, first[:LONGEST_ID]))
    if not found:
        raise Invalid("The list is empty.", errors={"ids": ["Please paste university IDs."]})
    if len(found) > MOST_LINES:
        sentence = f"Please use at most {MOST_LINES} lines at once."
        raise Invalid(sentence, errors={"ids": [sentence]})
    return found
