"""When providers work: weekly hours, other hours on a date, time off (SCH-10 to SCH-12).

Every change flags the visits that no longer fit, and promises what it opens to those who wait,
in the same transaction (SCH-19, SCH-31).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import select

from app.infra.db import Transaction, transaction
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import Forbidden, Invalid
from app.kernel.ids import PractitionerId, UserId
from app.scheduling.errors import UnknownProvider
from app.scheduling.models import DateOverride, Practitioner, TimeOff, WeeklyHours
from app.scheduling.permissions import Permission
from app.scheduling.rules import facts
from app.scheduling.services.flags import flag_affected
from app.scheduling.services.gained import OpenHours, hours_before, hours_gained
from app.scheduling.services.writing import lock_parties
from app.security.services import record_event

MAXIMUM_NOTE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Weekly hours as somebody typed them."""

    weekday: int
    starts: time
    ends: time
    valid_from: date | None = None
    valid_to: date | None = None
    campus: str = ""


def save_weekly_hours(
    actor: Actor, *, practitioner_id: PractitionerId, span: Span, hours_id: int | None = None
) -> int:
    """Add or change a span of the week; returns how many visits no longer fit.

    Raises Invalid for an empty span or one that overlaps another of the same weekday.
    """
    facts.WeeklyHours(  # refuses an empty span, an odd weekday, a backwards validity
        span.weekday, span.starts, span.ends, span.valid_from, span.valid_to, span.campus
    )
    with transaction() as tx:
        before = _authorised(tx, actor, practitioner_id)
        _check_overlap(tx, practitioner_id, span, hours_id)
        row = tx.session.get(WeeklyHours, hours_id) if hours_id else WeeklyHours()
        if row is None or (hours_id and row.practitioner_id != practitioner_id):
            raise UnknownProvider("These hours do not belong to this provider.")
        row.practitioner_id = practitioner_id
        row.weekday, row.starts, row.ends = span.weekday, span.starts, span.ends
        row.valid_from, row.valid_to, row.campus = span.valid_from, span.valid_to, span.campus
        tx.add(row)
        return _changed(tx, actor, practitioner_id, "hours", before)


def remove_weekly_hours(actor: Actor, *, practitioner_id: PractitionerId, hours_id: int) -> int:
    """Remove a span of the week; returns how many visits no longer fit."""
    with transaction() as tx:
        before = _authorised(tx, actor, practitioner_id)
        _remove(tx, WeeklyHours, hours_id, practitioner_id)
        return _changed(tx, actor, practitioner_id, "hours", before)


def copy_day(
    actor: Actor, *, practitioner_id: PractitionerId, weekday: int, to: Collection[int]
) -> int:
    """Give other weekdays the hours of one; what they had is replaced.

    Returns how many visits no longer fit. Raises Invalid when there is no day to copy to.
    """
    others = sorted(set(to) - {weekday})
    if not others or not set(others) <= set(range(7)):
        sentence = "Please choose the days that are to get these hours."
        raise Invalid(sentence, errors={"to": [sentence]})
    with transaction() as tx:
        before = _authorised(tx, actor, practitioner_id)
        rows = tx.execute(
            select(WeeklyHours).where(WeeklyHours.practitioner_id == practitioner_id)
        ).scalars()
        model = []
        for row in rows.all():
            if row.weekday == weekday:
                model.append(row)
            elif row.weekday in others:
                tx.session.delete(row)
        for day in others:
            tx.session.add_all(_copies(model, day))
        return _changed(tx, actor, practitioner_id, "hours", before)


def _copies(rows: Sequence[WeeklyHours], weekday: int) -> list[WeeklyHours]:
    return [
        WeeklyHours(
            practitioner_id=row.practitioner_id,
            weekday=weekday,
            starts=row.starts,
            ends=row.ends,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
            campus=row.campus,
        )
        for row in rows
    ]


def save_override(
    actor: Actor,
    *,
    practitioner_id: PractitionerId,
    on_date: date,
    spans: list[tuple[time, time]],
    campus: str = "",
    note: str = "",
) -> int:
    """Replace a date's hours; no spans make it a day off (SCH-11).

    Returns how many visits no longer fit. Raises Invalid for an empty or past span.
    """
    facts.DateOverride(on_date, tuple(spans))  # refuses empty spans
    _check_not_past(on_date)
    with transaction() as tx:
        before = _authorised(tx, actor, practitioner_id)
        _remove_date(tx, practitioner_id, on_date)
        without_hours: list[tuple[time | None, time | None]] = [(None, None)]
        for starts, ends in spans or without_hours:
            tx.add(
                DateOverride(
                    practitioner_id=practitioner_id,
                    on_date=on_date,
                    starts=starts,
                    ends=ends,
                    campus=campus,
                    note=_short(note),
                )
            )
        return _changed(tx, actor, practitioner_id, "override", before)


def remove_override(actor: Actor, *, practitioner_id: PractitionerId, on_date: date) -> int:
    """Go back to the weekly hours on a date; returns how many visits no longer fit."""
    with transaction() as tx:
        before = _authorised(tx, actor, practitioner_id)
        _remove_date(tx, practitioner_id, on_date)
        return _changed(tx, actor, practitioner_id, "override", before)


def add_time_off(
    actor: Actor,
    *,
    practitioner_id: PractitionerId,
    starts_at: datetime,
    ends_at: datetime,
    note: str = "",
) -> int:
    """Take a provider out for a time of any length (SCH-12); returns how many visits it hits."""
    if starts_at >= ends_at:
        sentence = "Time off must end after it starts."
        raise Invalid(sentence, errors={"ends_at": [sentence]})
    with transaction() as tx:
        before = _authorised(tx, actor, practitioner_id)
        tx.add(
            TimeOff(
                practitioner_id=practitioner_id,
                starts_at=starts_at,
                ends_at=ends_at,
                note=_short(note),
            )
        )
        return _changed(tx, actor, practitioner_id, "time-off", before)


def remove_time_off(actor: Actor, *, practitioner_id: PractitionerId, time_off_id: int) -> int:
    """The provider is there after all; returns how many visits still do not fit."""
    with transaction() as tx:
        before = _authorised(tx, actor, practitioner_id)
        _remove(tx, TimeOff, time_off_id, practitioner_id)
        return _changed(tx, actor, practitioner_id, "time-off", before)


def may_change_schedule(actor: Actor, provider_user_id: UserId) -> bool:
    """Whether the actor may change this provider's schedule: anybody's, or their own."""
    is_own = actor.user_id == provider_user_id
    return actor.may(Permission.SCHEDULE_WRITE) or (
        is_own and actor.may(Permission.SCHEDULE_WRITE_OWN)
    )


def _authorised(tx: Transaction, actor: Actor, practitioner_id: PractitionerId) -> OpenHours | None:
    """What is open before the change. Raises UnknownProvider, or Forbidden for somebody else's
    schedule.
    """
    provider = tx.session.get(Practitioner, practitioner_id)
    if provider is None:
        raise UnknownProvider()
    if not may_change_schedule(actor, UserId(provider.user_id)):
        raise Forbidden("You may change only your own schedule.")
    # A booking that reads these hours now must be stored before, or read the new ones (SCH-19).
    lock_parties(tx, [practitioner_id], None)
    return hours_before([practitioner_id])


def _check_overlap(
    tx: Transaction, practitioner_id: PractitionerId, span: Span, hours_id: int | None
) -> None:
    """Two spans of a weekday that share time are a slip of the pen; touching ones are fine."""
    others = tx.execute(
        select(WeeklyHours).where(
            WeeklyHours.practitioner_id == practitioner_id,
            WeeklyHours.weekday == span.weekday,
            WeeklyHours.id != (hours_id or 0),
        )
    ).scalars()
    for other in others:
        if _share_days(span, other) and _share_time(span, other):
            theirs = f"{_spoken(other.starts)} to {_spoken(other.ends)}"
            sentence = f"These hours overlap with {theirs}."
            raise Invalid(sentence, errors={"starts": [sentence]})


def _share_days(span: Span, other: WeeklyHours) -> bool:
    starts = max(span.valid_from or date.min, other.valid_from or date.min)
    return starts <= min(span.valid_to or date.max, other.valid_to or date.max)


def _share_time(span: Span, other: WeeklyHours) -> bool:
    mine, theirs = _minutes(span.starts, span.ends), _minutes(other.starts, other.ends)
    return mine[0] < theirs[1] and theirs[0] < mine[1]


def _minutes(starts: time, ends: time) -> tuple[int, int]:
    first, last = starts.hour * 60 + starts.minute, ends.hour * 60 + ends.minute
    return first, last if last > first else last + 24 * 60


def _spoken(moment: time) -> str:
    """9:00 AM, as people here say it."""
    return f"{moment.hour % 12 or 12}:{moment.minute:02d} {'AM' if moment.hour < 12 else 'PM'}"


def _check_not_past(on_date: date) -> None:
    if on_date < clock.local_date(clock.now(), settings().time_zone):
        sentence = "This day has passed; what happened then stays as it is."
        raise Invalid(sentence, errors={"on_date": [sentence]})


def _remove(
    tx: Transaction,
    table: type[WeeklyHours] | type[TimeOff],
    row_id: int,
    practitioner_id: PractitionerId,
) -> None:
    row: Any = tx.session.get(table, row_id)
    if row is None or row.practitioner_id != practitioner_id:
        raise UnknownProvider("This entry does not belong to this provider.")
    tx.session.delete(row)


def _remove_date(tx: Transaction, practitioner_id: PractitionerId, on_date: date) -> None:
    rows = tx.execute(
        select(DateOverride).where(
            DateOverride.practitioner_id == practitioner_id, DateOverride.on_date == on_date
        )
    ).scalars()
    for row in rows.all():
        tx.session.delete(row)


def _changed(
    tx: Transaction,
    actor: Actor,
    practitioner_id: PractitionerId,
    what: str,
    before: OpenHours | None,
) -> int:
    tx.flush()  # the flags below read the new schedule
    hours_gained(tx, before)
    record_event(
        tx,
        actor,
        f"scheduling:schedule:{what}",
        object_type="Practitioner",
        object_id=practitioner_id,
    )
    return flag_affected(tx, practitioner_ids=[practitioner_id])


def _short(note: str) -> str:
    text = note.strip()
    if len(text) > MAXIMUM_NOTE or not text.isprintable():
        sentence = f"Please use at most {MAXIMUM_NOTE} plain characters."
        raise Invalid(sentence, errors={"note": [sentence]})
    return text
