"""Tells the patient and the provider what became of an appointment (SCH-30)."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime

from app.infra.db import Transaction
from app.infra.runtime import settings
from app.kernel.actor import Actor
from app.kernel.ids import AppointmentId, UserId
from app.kernel.period import Period
from app.notifications.rules import CalendarMethod, CalendarPart, Template
from app.notifications.services import Recipient, notify
from app.patients.queries import PatientCard

PATIENT_SUBJECTS = {
    Template.CONFIRMED: "Your appointment is confirmed",
    Template.PENDING: "We have received your request",
    Template.CHANGED: "Your appointment has changed",
    Template.CANCELLED: "Your appointment is cancelled",
    Template.DECLINED: "Your request could not be accepted",
    Template.MISSED: "You missed your appointment",
}
PROVIDER_SUBJECTS = {
    Template.CONFIRMED: "New appointment",
    Template.PENDING: "A request waits for approval",
    Template.CHANGED: "An appointment was moved",
    Template.CANCELLED: "An appointment was cancelled",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What became of one appointment. `occurrence` counts its changes (NOT-01)."""

    template: Template
    appointment_id: AppointmentId
    uid: str
    sequence: int
    occurrence: int
    period: Period
    type_name: str
    patient: PatientCard
    provider_user_id: UserId
    expires_at: datetime | None = None


_GATHERED: ContextVar[list[News] | None] = ContextVar("gathered", default=None)


@contextmanager
def gathered() -> Iterator[list[News]]:
    """Collects the news of many visits instead of telling each, for one message (SCH-32)."""
    found: list[News] = []
    token = _GATHERED.set(found)
    try:
        yield found
    finally:
        _GATHERED.reset(token)


def tell_everybody(tx: Transaction, actor: Actor, news: News) -> None:
    """The patient by e-mail and bell, the provider by bell unless they did it themselves."""
    collected = _GATHERED.get()
    if collected is not None:
        collected.append(news)
        return
    _tell_patient(tx, actor, news)
    if news.template in PROVIDER_SUBJECTS and news.provider_user_id != actor.user_id:
        _tell_provider(tx, actor, news)


def _tell_patient(tx: Transaction, actor: Actor, news: News) -> None:
    patient = news.patient
    notify(
        tx,
        actor,
        event=f"appointment.{news.template.value}",
        entity=f"appointment/{news.uid}",
        occurrence=news.occurrence,
        recipient=Recipient(patient.user_id, patient.full_name, patient.email),
        subject=PATIENT_SUBJECTS[news.template],
        template=news.template,
        params=_params(news),
        calendar=calendar_part(news),
        link=f"/portal/appointments/{news.appointment_id}",
        expires_at=news.expires_at,
    )


def _tell_provider(tx: Transaction, actor: Actor, news: News) -> None:
    """By bell only, without the patient's name: the list behind the link has it."""
    notify(
        tx,
        actor,
        event=f"appointment.{news.template.value}",
        entity=f"appointment/{news.uid}",
        occurrence=news.occurrence,
        recipient=Recipient(news.provider_user_id, "", ""),
        subject=PROVIDER_SUBJECTS[news.template],
        template=news.template,
        params=_params(news),
        link=f"/appointments/show/{news.appointment_id}",
        expires_at=news.expires_at,
    )


def _params(news: News) -> dict[str, str]:
    return {
        "starts_at": news.period.starts_at.isoformat(),
        "ends_at": news.period.ends_at.isoformat(),
        "place": place_of_clinic(),
        "note": news.type_name,
    }


def calendar_part(news: News) -> CalendarPart | None:
    """An invitation, or its cancellation; a request is not in the calendar yet.

    A move that was declined was there before, at its old time: that entry goes.
    """
    was_moved = news.template is Template.DECLINED and news.sequence > 0
    if news.template in (Template.PENDING, Template.DECLINED, Template.MISSED) and not was_moved:
        return None
    is_over = was_moved or news.template is Template.CANCELLED
    return CalendarPart(
        entity=news.uid,
        sequence=news.sequence,
        method=CalendarMethod.CANCEL if is_over else CalendarMethod.REQUEST,
        period=news.period,
        location=place_of_clinic(),
    )


def place_of_clinic() -> str:
    """The place of every visit, as messages and calendars name it."""
    config = settings()
    return f"{config.institution_name} {config.clinic_name}"
