"""An appointment follows what a paper form of an outage says, hours or days later (SCH-07).

It walks along the same table of statuses, so its history has no gap; the caller has asked for
the permission to enter forms.
"""

from sqlalchemy import update

from app.infra.db import Transaction
from app.kernel.actor import Actor
from app.kernel.ids import AppointmentId
from app.scheduling.models import NoShowPoint
from app.scheduling.queries import appointments
from app.scheduling.rules import AppointmentStatus
from app.scheduling.rules.points import COUNTING, PointStatus
from app.scheduling.services.changes import change_status

TO = AppointmentStatus
PATHS = {
    TO.COMPLETED: (TO.CHECKED_IN, TO.IN_PROGRESS, TO.COMPLETED),
    TO.LEFT: (TO.CHECKED_IN, TO.LEFT),
    TO.NO_SHOW: (TO.NO_SHOW,),
}
WAYS_BACK = {
    TO.COMPLETED: (TO.IN_PROGRESS, TO.CHECKED_IN, TO.CONFIRMED),
    TO.LEFT: (TO.CHECKED_IN, TO.CONFIRMED),
    TO.NO_SHOW: (TO.CHECKED_IN, TO.CONFIRMED),
}


def follow_paper(
    actor: Actor, *, appointment_id: AppointmentId, status: AppointmentStatus, reason: str
) -> None:
    """Bring an appointment that was expected, or marked as missed, to where the form says.

    A point for missing it goes away with that (SCH-35). Raises TransitionRefused, and SlotTaken
    or the clash itself when somebody else holds its time by now (SCH-01).
    """
    present = appointments.known_appointment(appointment_id).status
    if present is status is TO.NO_SHOW:
        return  # the clinic's own job was faster; anything else is refused by the table
    _walk(actor, appointment_id, PATHS[status], reason)


def unfollow_paper(actor: Actor, *, appointment_id: AppointmentId, reason: str) -> None:
    """Take that back: the appointment is expected again, and missed if its time is over."""
    present = appointments.known_appointment(appointment_id).status
    _walk(actor, appointment_id, WAYS_BACK.get(present, ()), reason)


def _walk(
    actor: Actor, appointment_id: AppointmentId, path: tuple[AppointmentStatus, ...], reason: str
) -> None:
    for status in path:
        change_status(
            actor, appointment_id=appointment_id, status=status, reason=reason, from_paper=True
        )


def forgive_missed(tx: Transaction, *, appointment_id: AppointmentId) -> None:
    """The patient came, although the appointment has to stay missed: its point counts no more."""
    tx.execute(
        update(NoShowPoint)
        .where(
            NoShowPoint.appointment_id == appointment_id,
            NoShowPoint.status.in_([status.value for status in COUNTING]),
        )
        .values(status=PointStatus.VOID.value, decided_at=None, decided_by_id=None)
        .execution_options(synchronize_session=False)
    )
