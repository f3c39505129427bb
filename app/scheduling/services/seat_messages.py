"""Tells patients about their seats, without a word about the service in the e-mail (NOT-02)."""

from app.infra.db import Transaction
from app.kernel.actor import Actor
from app.notifications.rules import CalendarMethod, CalendarPart, Template
from app.notifications.services import Recipient, notify
from app.patients.queries import PatientCard
from app.scheduling.queries.sessions import SeatView, SessionView
from app.scheduling.services.messages import place_of_clinic


def tell_seat(
    tx: Transaction, actor: Actor, found: SessionView, seat_id: int, patient: PatientCard
) -> None:
    """The seat is booked."""
    _tell(tx, actor, found, seat_id, patient, Template.SEAT, "Your place is booked")


def tell_seat_cancelled(
    tx: Transaction, actor: Actor, found: SessionView, seat: SeatView, reason: str = ""
) -> None:
    """The seat is given up, or its session called off."""
    subject = "Your place is cancelled"
    note = f"{found.title}: {' '.join(reason.split())}" if reason else found.title
    _tell(tx, actor, found, seat.id, seat.patient, Template.SEAT_CANCELLED, subject, note)


def remind_of_seat(
    tx: Transaction,
    actor: Actor,
    found: SessionView,
    seat: SeatView,
    *,
    lead: int,
    by_email: bool,
    in_app: bool,
) -> None:
    """The session is soon; the lead in minutes makes each reminder its own (NOT-01)."""
    patient = seat.patient
    notify(
        tx,
        actor,
        event=f"session.{Template.REMINDER.value}",
        entity=f"seat/{seat.id}",
        occurrence=lead,
        recipient=Recipient(
            patient.user_id,
            patient.full_name,
            patient.email if by_email else "",
            by_bell=in_app,
        ),
        subject="A reminder of your appointment",
        template=Template.REMINDER,
        params=_params(found, found.title),
        link=f"/portal/sessions/{found.id}",
        expires_at=found.starts_at,
    )


def _params(found: SessionView, note: str) -> dict[str, str]:
    return {
        "starts_at": found.starts_at.isoformat(),
        "ends_at": found.ends_at.isoformat(),
        "place": place_of_clinic(),
        "note": note,
    }


def _tell(
    tx: Transaction,
    actor: Actor,
    found: SessionView,
    seat_id: int,
    patient: PatientCard,
    template: Template,
    subject: str,
    note: str = "",
) -> None:
    is_over = template is Template.SEAT_CANCELLED
    notify(
        tx,
        actor,
        event=f"session.{template.value}",
        entity=f"seat/{seat_id}",
        occurrence=1,
        recipient=Recipient(patient.user_id, patient.full_name, patient.email),
        subject=subject,
        template=template,
        params=_params(found, note or found.title),
        calendar=CalendarPart(
            entity=f"seat-{seat_id}",
            sequence=1 if is_over else 0,
            method=CalendarMethod.CANCEL if is_over else CalendarMethod.REQUEST,
            period=found.period,
            location=place_of_clinic(),
        ),
        link=f"/portal/sessions/{found.id}",
    )
