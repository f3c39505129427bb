"""Ends the wait of those who booked what they waited for by themselves (SCH-31)."""

from functools import partial

from sqlalchemy import update

from app.infra.db import Transaction, transaction
from app.infra.one_by_one import one_by_one
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify
from app.scheduling.models import WaitlistEntry
from app.scheduling.permissions import Permission
from app.scheduling.queries import waitlist
from app.scheduling.queries.waitlist import EntryView
from app.scheduling.queries.wishes_met import WishMet, wishes_met
from app.scheduling.rules.waitlist import EntryStatus, HoldStatus
from app.scheduling.services.messages import place_of_clinic
from app.scheduling.services.offer_answers import close_hold
from app.security.services import record_event

SUBJECT = "You have a visit now, so you wait no longer"


def end_met_wishes(actor: Actor) -> int:
    """End the open entries whose patients have booked such a visit since; returns how many.

    A time that is kept for one of them goes to the next one.
    """
    actor.require(Permission.WAITLIST_WRITE)
    return one_by_one("met wishes", wishes_met(settings().time_zone), partial(_end, actor))


def _end(actor: Actor, met: WishMet) -> bool:
    with transaction() as tx:
        waitlist.locked_status(met.entry_id)
        entry = waitlist.entry(met.entry_id)
        still = wishes_met(settings().time_zone, entry_id=met.entry_id)
        if entry is None or not entry.is_open or not still:
            return False  # answered, withdrawn, or the visit given up since it was read
        offer = waitlist.offer(entry.offer_id) if entry.offer_id else None
        if offer is not None:
            close_hold(tx, actor, offer, HoldStatus.WITHDRAWN)
        _fulfil(tx, actor, entry, still[0])
        _tell(tx, actor, entry, still[0])
    return True


def _fulfil(tx: Transaction, actor: Actor, entry: EntryView, met: WishMet) -> None:
    tx.execute(
        update(WaitlistEntry)
        .where(WaitlistEntry.id == entry.id)
        .values(
            status=EntryStatus.FULFILLED.value,
            status_since=clock.now(),
            appointment_id=met.appointment_id,
            seat_id=met.seat_id,
        )
        .execution_options(synchronize_session=False)
    )
    record_event(
        tx,
        actor,
        "scheduling:waitlist:met",
        object_type="WaitlistEntry",
        object_id=entry.id,
        patient_id=entry.patient.id,
    )


def _tell(tx: Transaction, actor: Actor, entry: EntryView, met: WishMet) -> None:
    """In the bell only: the e-mail about the visit itself has left already."""
    patient = entry.patient
    notify(
        tx,
        actor,
        event="waitlist.met",
        entity=f"waitlist/{entry.id}",
        occurrence=1,
        recipient=Recipient(patient.user_id, patient.full_name, ""),
        subject=SUBJECT,
        template=Template.CONFIRMED,
        params={
            "starts_at": met.starts_at.isoformat(),
            "ends_at": met.ends_at.isoformat(),
            "place": place_of_clinic(),
            "note": entry.type_name,
        },
        link=f"/portal/sessions/{met.session_id}"
        if met.session_id
        else f"/portal/appointments/{met.appointment_id}",
    )
