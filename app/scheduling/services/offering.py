"""What offers of freed times and of freed seats have in common (SCH-31)."""

from datetime import datetime, timedelta

from sqlalchemy import insert, update

from app.infra.db import Transaction
from app.infra.outbox import RetryLater
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import AppointmentId
from app.kernel.period import Period
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify
from app.patients.queries import PatientCard
from app.scheduling.models import Hold, WaitlistEntry
from app.scheduling.rules.quiet import quiet_until
from app.scheduling.rules.waitlist import EntryStatus, HoldStatus
from app.scheduling.services.messages import place_of_clinic
from app.security.services import record_event


def open_for() -> timedelta:
    """How long an offer is kept."""
    return timedelta(minutes=settings().offer_minutes)


def check_awake(now: datetime) -> None:
    """Raises RetryLater in quiet hours: nobody is woken by an offer (NOT-03)."""
    config = settings()
    if quiet := quiet_until(now, config.time_zone, config.quiet_from, config.quiet_until):
        raise RetryLater("quiet hours", quiet - now)


def store_offer(
    tx: Transaction,
    *,
    entry_id: int,
    practitioner_id: int,
    period: Period,
    campus: str,
    now: datetime,
    released_by: AppointmentId | None = None,
    session_id: int | None = None,
) -> int:
    """Keep a time, or a seat in a session, for one who waits; returns the key of the offer."""
    number = tx.execute(
        insert(Hold)
        .values(
            entry_id=entry_id,
            practitioner_id=practitioner_id,
            starts_at=period.starts_at,
            ends_at=period.ends_at,
            campus=campus,
            status=HoldStatus.OPEN.value,
            created_at=now,
            expires_at=now + open_for(),
            released_by_id=released_by,
            session_id=session_id,
        )
        .returning(Hold.id)
    ).scalar_one()
    set_entry(tx, entry_id, EntryStatus.OFFERED)
    return int(number)


def set_entry(
    tx: Transaction,
    entry_id: int,
    status: EntryStatus,
    *,
    appointment_id: AppointmentId | None = None,
    seat_id: int | None = None,
) -> None:
    """Where the entry stands now; the caller has locked it."""
    tx.execute(
        update(WaitlistEntry)
        .where(WaitlistEntry.id == entry_id)
        .values(
            status=status.value,
            status_since=clock.now(),
            appointment_id=appointment_id,
            seat_id=seat_id,
        )
        .execution_options(synchronize_session=False)
    )


def announce(
    tx: Transaction,
    actor: Actor,
    offer_id: int,
    *,
    subject: str,
    period: Period,
    note: str,
    patient: PatientCard,
    now: datetime,
) -> None:
    """Tell the one whom it is kept for, by bell and e-mail."""
    note_offer(tx, actor, offer_id, "offer", patient)
    notify(
        tx,
        actor,
        event="waitlist.offer",
        entity=f"offer/{offer_id}",
        occurrence=1,
        recipient=Recipient(patient.user_id, patient.full_name, patient.email),
        subject=subject,
        template=Template.OFFER,
        params=offer_params(period, note),
        link=f"/portal/waitlist/offers/{offer_id}",
        expires_at=now + open_for(),
    )


def offer_params(period: Period, note: str) -> dict[str, str]:
    """What a message about an offer says."""
    return {
        "starts_at": period.starts_at.isoformat(),
        "ends_at": period.ends_at.isoformat(),
        "place": place_of_clinic(),
        "note": note,
    }


def note_offer(
    tx: Transaction, actor: Actor, offer_id: int, deed: str, patient: PatientCard
) -> None:
    """The audit event of what happened to an offer."""
    record_event(
        tx,
        actor,
        f"scheduling:waitlist-offer:{deed}",
        object_type="Hold",
        object_id=offer_id,
        patient_id=patient.id,
    )
