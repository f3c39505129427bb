"""One message for all visits of a series that were booked, moved or cancelled (SCH-32)."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from app.infra.db import Transaction
from app.kernel.actor import Actor
from app.kernel.ids import UserId
from app.notifications.rules import CalendarParts, Template
from app.notifications.services import Recipient, notify
from app.scheduling.services.messages import (
    News,
    calendar_part,
    place_of_clinic,
    tell_everybody,
)

OF_SERIES = {
    Template.CONFIRMED: Template.SERIES,
    Template.CHANGED: Template.SERIES_CHANGED,
    Template.CANCELLED: Template.SERIES_CANCELLED,
}
PATIENT_SUBJECTS = {
    Template.SERIES: "Your appointments are confirmed",
    Template.SERIES_CHANGED: "Your appointments have changed",
    Template.SERIES_CANCELLED: "Your appointments are cancelled",
}
PROVIDER_SUBJECTS = {
    Template.SERIES: "New appointments of a series",
    Template.SERIES_CHANGED: "Appointments of a series were moved",
    Template.SERIES_CANCELLED: "Appointments of a series were cancelled",
}


def tell_series(tx: Transaction, actor: Actor, series_id: int, news: Sequence[News]) -> None:
    """The patient by one e-mail and one bell, each provider by one bell.

    What is no news of several visits, such as a single one, is told as always.
    """
    by_template = sorted(news, key=lambda one: (one.template.value, one.period.starts_at))
    for template, some in groupby(by_template, key=lambda one: one.template):
        visits = list(some)
        if len(visits) == 1 or template not in OF_SERIES:
            for one in visits:
                tell_everybody(tx, actor, one)
            continue
        _tell_patient(tx, actor, series_id, OF_SERIES[template], visits)
        _tell_providers(tx, actor, series_id, OF_SERIES[template], visits)


def _tell_patient(
    tx: Transaction, actor: Actor, series_id: int, template: Template, visits: list[News]
) -> None:
    patient = visits[0].patient
    notify(
        tx,
        actor,
        **_message(series_id, template, visits),
        recipient=Recipient(patient.user_id, patient.full_name, patient.email),
        subject=PATIENT_SUBJECTS[template],
        calendar=CalendarParts(tuple(part for one in visits if (part := calendar_part(one)))),
        link="/portal/appointments",
    )


def _tell_providers(
    tx: Transaction, actor: Actor, series_id: int, template: Template, visits: list[News]
) -> None:
    """By bell only, without the patient's name, and not who did it."""
    by_provider: dict[UserId, list[News]] = {}
    for one in visits:
        by_provider.setdefault(one.provider_user_id, []).append(one)
    by_provider.pop(actor.user_id, None) if actor.user_id is not None else None
    for user_id, own in by_provider.items():
        notify(
            tx,
            actor,
            **_message(series_id, template, own),
            recipient=Recipient(user_id, "", ""),
            subject=PROVIDER_SUBJECTS[template],
            link=f"/series/{series_id}/",
        )


def _message(series_id: int, template: Template, visits: list[News]) -> dict[str, Any]:
    """What all who are told have in common. A later message about the rest takes nothing back:
    the visits before it stay (NOT-01).
    """
    first = visits[0]
    return {
        "event": f"appointment.{template.value}",
        "entity": f"series/{series_id}/{template.value}",
        "occurrence": max(one.occurrence for one in visits),
        "template": template,
        "params": {
            "starts_at": first.period.starts_at.isoformat(),
            "ends_at": first.period.ends_at.isoformat(),
            "visits": [
                (one.period.starts_at.isoformat(), one.period.ends_at.isoformat()) for one in visits
            ],
            "place": place_of_clinic(),
            "note": first.type_name,
        },
    }
