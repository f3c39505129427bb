"""What becomes of a kept time when it is used, or nobody needs it any more."""

from sqlalchemy import update

from app.infra.db import Transaction
from app.kernel import clock
from app.kernel.ids import AppointmentId
from app.kernel.period import Period
from app.scheduling.models import Claim, Hold
from app.scheduling.queries.form_holds import KeptTime, open_form_hold
from app.scheduling.rules import Question
from app.scheduling.rules.waitlist import HoldStatus
from app.scheduling.services.freed import time_freed
from app.scheduling.services.writing import NewAppointment


def use_up(tx: Transaction, question: Question, new: NewAppointment) -> None:
    """The visit that is about to be written takes the place of what its patient kept.

    Called before the visit's claims reach the database, which would not have both (SCH-02).
    """
    hold_id = question.patient.hold_id if question.patient else None
    kept = open_form_hold(hold_id) if hold_id is not None else None
    if kept is None:
        return
    _free_claims(tx, kept.id)
    tx.flush()  # the kept time names the visit, which must be there first
    is_it = (kept.practitioner_id, kept.starts_at) == (new.practitioner_id, new.starts_at)
    if is_it:
        _settle(tx, kept.id, HoldStatus.ACCEPTED, new.id)
    else:
        end_kept(tx, kept, HoldStatus.WITHDRAWN)


def give_up(tx: Transaction, question: Question) -> None:
    """Whoever moves a visit needs what they kept for a booking no more."""
    hold_id = question.patient.hold_id if question.patient else None
    kept = open_form_hold(hold_id) if hold_id is not None else None
    if kept is not None:
        end_kept(tx, kept, HoldStatus.WITHDRAWN)


def end_kept(tx: Transaction, kept: KeptTime, status: HoldStatus) -> None:
    """The time is free again, and whoever waits hears of it. Twice is harmless."""
    if not _settle(tx, kept.id, status, None):
        return
    _free_claims(tx, kept.id)
    time_freed(
        tx,
        practitioner_id=kept.practitioner_id,
        period=Period(kept.starts_at, kept.ends_at),
        released_by=None,
        key=f"hold/{kept.id}",
    )


def _free_claims(tx: Transaction, hold_id: int) -> None:
    tx.execute(
        update(Claim)
        .where(Claim.hold_id == hold_id, Claim.active)
        .values(active=False)
        .execution_options(synchronize_session=False)
    )


def _settle(
    tx: Transaction, hold_id: int, status: HoldStatus, appointment_id: AppointmentId | None
) -> bool:
    changed = tx.execute(
        update(Hold)
        .where(Hold.id == hold_id, Hold.status == HoldStatus.OPEN.value)
        .values(status=status.value, settled_at=clock.now(), appointment_id=appointment_id)
        .execution_options(synchronize_session=False)
    )
    return bool(changed.rowcount == 1)
