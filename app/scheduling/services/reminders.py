"""Sends reminders, exactly one each, and keeps how patients want them (SCH-30, NOT-03)."""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta

from sqlalchemy.dialects.postgresql import insert

from app.infra import signing
from app.infra.db import Base, Transaction, transaction
from app.infra.one_by_one import one_by_one
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import AppointmentId, PatientId
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify
from app.patients import queries as patients
from app.scheduling.errors import UnknownPatient
from app.scheduling.models import Reminder, ReminderWish
from app.scheduling.permissions import Permission
from app.scheduling.queries import appointments, reminders
from app.scheduling.queries.appointments import AppointmentView
from app.scheduling.queries.reminders import Due, WishView
from app.scheduling.rules import AppointmentStatus
from app.scheduling.rules.quiet import QuietHours
from app.scheduling.rules.reminders import (
    LONGEST_LEAD,
    check_leads,
    due_lead,
    look_ahead,
)
from app.scheduling.services.attendance import PURPOSE
from app.scheduling.services.messages import place_of_clinic
from app.security.services import record_event

# Quiet hours put a reminder off by a day at most.
REACH = LONGEST_LEAD + timedelta(days=2)


def quiet_hours() -> QuietHours:
    """When the clinic leaves people in peace, from the settings."""
    config = settings()
    return QuietHours(config.quiet_from, config.quiet_until, config.time_zone)


def send_reminders(actor: Actor) -> int:
    """Send every reminder that is due now; returns how many.

    A row per visit and lead decides who sends, so that two workers send each one once; a moved
    visit is a new one with reminders of its own. A visit that breaks stops no other; then
    SomeFailed is raised at the end.
    """
    return send_due(actor, "reminders", reminders.visits_due, _remind)


def send_due(
    actor: Actor,
    name: str,
    found: Callable[..., Iterable[Due]],
    remind: Callable[[Actor, Due, int, datetime], bool],
) -> int:
    """Send each reminder of what `found` reads that is due now; returns how many."""
    actor.require(Permission.RUN_DESK)
    now, quiet = clock.now(), quiet_hours()
    planned_until = look_ahead(now, quiet)
    if planned_until is None:
        return 0

    def send(one: Due) -> bool:
        lead = due_lead(
            one.leads, starts_at=one.starts_at, created_at=one.created_at, now=now, quiet=quiet
        )
        return lead is not None and remind(actor, one, lead, now)

    return one_by_one(
        name, list(found(now=now, planned_until=planned_until, until=now + REACH)), send
    )


def _remind(actor: Actor, one: Due, lead: int, now: datetime) -> bool:
    with transaction() as tx:
        row = appointments.appointment_for_update(AppointmentId(one.id))
        if row is None or row.status != AppointmentStatus.CONFIRMED:
            return False  # cancelled or moved since it was read
        if not is_first(tx, Reminder, appointment_id=one.id, lead_minutes=lead, sent_at=now):
            return False
        visit = appointments.known_appointment(AppointmentId(one.id))
        _tell(tx, actor, visit, lead, one)
    return True


def is_first(tx: Transaction, table: type[Base], **row: object) -> bool:
    """Whether nobody else has stored this reminder: who stores it sends it."""
    stored = tx.execute(insert(table).values(**row).on_conflict_do_nothing())
    return bool(stored.rowcount)


def _tell(tx: Transaction, actor: Actor, visit: AppointmentView, lead: int, wish: Due) -> None:
    patient = visit.patient
    token = signing.sign(PURPOSE, {"visit": visit.id})
    notify(
        tx,
        actor,
        event=f"appointment.{Template.REMINDER.value}",
        entity=f"appointment/{visit.uid}",
        # A moved visit keeps its uid; its reminders are others (NOT-01).
        occurrence=visit.sequence * 100_000 + lead,
        recipient=Recipient(
            patient.user_id,
            patient.full_name,
            patient.email if wish.by_email else "",
            by_bell=wish.in_app,
        ),
        subject="A reminder of your appointment",
        template=Template.REMINDER,
        params={
            "starts_at": visit.starts_at.isoformat(),
            "ends_at": visit.ends_at.isoformat(),
            "place": place_of_clinic(),
            "note": visit.type_name,
            "choices": [
                ["I will come", f"/answer/{token}/"],
                ["I cannot come", f"/answer/{token}/?say=no"],
            ],
        },
        link=f"/portal/appointments/{visit.id}",
        expires_at=visit.starts_at,
    )


def own_wish(actor: Actor) -> WishView:
    """How one wants to be reminded."""
    return reminders.wish_of(_own_record(actor))


def save_reminder_wish(
    actor: Actor, *, by_email: bool, in_app: bool, lead_minutes: Collection[int] | None
) -> None:
    """Keep how one wants to be reminded; no leads at all means no reminders.

    Raises Invalid for too many leads or odd ones.
    """
    patient_id = _own_record(actor)
    values = {
        "by_email": by_email,
        "in_app": in_app,
        "lead_minutes": check_leads(lead_minutes),
        "changed_at": clock.now(),
    }
    with transaction() as tx:
        tx.execute(
            insert(ReminderWish)
            .values(patient_id=patient_id, **values)
            .on_conflict_do_update(index_elements=["patient_id"], set_=values)
        )
        record_event(
            tx,
            actor,
            "scheduling:reminder-wish:save",
            object_type="ReminderWish",
            object_id=patient_id,
            patient_id=patient_id,
        )


def _own_record(actor: Actor) -> PatientId:
    actor.require(Permission.BOOK_OWN)
    own = patients.patient_for_user(actor.user_id) if actor.user_id is not None else None
    if own is None:
        raise UnknownPatient("Your account is not linked to a patient record yet.")
    return own.id
