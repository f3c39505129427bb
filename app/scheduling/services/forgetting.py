"""Takes the words of people whose records are no longer kept out of their bookings (RET-02)."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Executable, case, delete, or_, select, update

from app.infra.db import Transaction
from app.kernel.ids import PatientId, UserId
from app.notifications.rules import Template
from app.scheduling.models import (
    Appointment,
    AppointmentEvent,
    BookingAnswers,
    Diversion,
    Feed,
    Hold,
    NoShowPoint,
    OutageItem,
    ReminderWish,
    Seat,
    Series,
    TimetableEntry,
    WaitlistEntry,
)

# series_messages.py writes "series/7/series_changed".
SERIES_ENTITIES = tuple(
    f"/{template.value}"
    for template in (Template.SERIES, Template.SERIES_CHANGED, Template.SERIES_CANCELLED)
)


@dataclass(frozen=True, slots=True)
class ForgottenBookings:
    """Under which names messages were written about them, and how many rows were erased."""

    entities: tuple[str, ...]
    counts: Mapping[str, int]


def forget_bookings(
    tx: Transaction, pseudonyms: Mapping[PatientId, str], accounts: Mapping[PatientId, UserId]
) -> ForgottenBookings:
    """Reasons, answers, wishes and timetables go; that there was a visit stays, for statistics.

    The records themselves must be disposed of already: the database lets the words of nobody
    else out of the history.
    """
    ids = list(pseudonyms)
    visits = tx.execute(
        select(Appointment.id, Appointment.uid).where(Appointment.patient_id.in_(ids))
    ).all()
    entities = _entities(tx, ids) + [f"appointment/{row.uid}" for row in visits]
    counts = {
        "bookings": len(visits),
        "lines of the history of bookings": _forget_history(
            tx,
            [row.id for row in visits],
            {
                accounts[key]: f"Person {name}"
                for key, name in pseudonyms.items()
                if key in accounts
            },
        ),
        "answers to questions": _run(
            tx,
            delete(BookingAnswers).where(
                BookingAnswers.appointment_id.in_([row.id for row in visits])
            ),
        ),
        "timetable entries": _run(
            tx, delete(TimetableEntry).where(TimetableEntry.patient_id.in_(ids))
        ),
        "calendar feeds": _run(tx, delete(Feed).where(Feed.user_id.in_(list(accounts.values())))),
    }
    _blank_words(tx, ids, [row.id for row in visits])
    return ForgottenBookings(tuple(entities), counts)


def _entities(tx: Transaction, ids: Collection[PatientId]) -> list[str]:
    """The names of seats, wishes, offers, points and series in messages."""
    wishes = select(WaitlistEntry.id).where(WaitlistEntry.patient_id.in_(ids))
    named = {
        "seat": select(Seat.id).where(Seat.patient_id.in_(ids)),
        "waitlist": wishes,
        "offer": select(Hold.id).where(or_(Hold.patient_id.in_(ids), Hold.entry_id.in_(wishes))),
        "no-show-point": select(NoShowPoint.id).where(NoShowPoint.patient_id.in_(ids)),
        "series": select(Series.id).where(Series.patient_id.in_(ids)),
    }
    found = [(name, key) for name, keys in named.items() for key in tx.execute(keys).scalars()]
    return [
        f"{name}/{key}{more}"
        for name, key in found
        for more in (SERIES_ENTITIES if name == "series" else ("",))
    ]


def _forget_history(
    tx: Transaction, appointment_ids: Collection[int], names: Mapping[UserId, str]
) -> int:
    """The person's own name and everybody's words; the database refuses any other change."""
    name: ColumnElement[str] = AppointmentEvent.actor_name.expression
    if names:
        name = case(dict(names), value=AppointmentEvent.actor_id, else_=name)
    theirs = AppointmentEvent.appointment_id.in_(appointment_ids)
    return _run(tx, update(AppointmentEvent).where(theirs).values(actor_name=name, reason=""))


def _blank_words(
    tx: Transaction, ids: Collection[PatientId], appointment_ids: Collection[int]
) -> None:
    for statement in (
        update(Appointment)
        .where(Appointment.id.in_(appointment_ids))
        .values(reason="", ended_reason="", override_reason=""),
        update(OutageItem).where(OutageItem.appointment_id.in_(appointment_ids)).values(note=""),
        update(Seat).where(Seat.patient_id.in_(ids)).values(ended_reason=""),
        update(WaitlistEntry).where(WaitlistEntry.patient_id.in_(ids)).values(reason=""),
        update(NoShowPoint)
        .where(NoShowPoint.patient_id.in_(ids))
        .values(objection="", decision=""),
        update(Diversion).where(Diversion.patient_id.in_(ids)).values(flags=[]),
        delete(ReminderWish).where(ReminderWish.patient_id.in_(ids)),
    ):
        _run(tx, statement)


def _run(tx: Transaction, statement: Executable) -> int:
    quietly = statement.execution_options(synchronize_session=False)
    return int(tx.execute(quietly).rowcount)
