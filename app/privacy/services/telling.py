"""Tells those who must act, and those who asked: in the bell and by e-mail (NOT-01, NOT-02)."""

from app.infra.db import Transaction
from app.kernel.actor import Actor
from app.kernel.ids import PatientId
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify
from app.patients.queries import patient_card
from app.privacy.permissions import Permission
from app.security.queries import accounts_with_grant

READY = "Your copy is ready."


def tell_keepers(tx: Transaction, actor: Actor, what: str, entity: str, sentence: str) -> None:
    """To everybody who works on requests and breaches; once for each `what` of an entity."""
    kind, _, number = entity.partition("/")
    places = {"breach": "breaches", "request": "requests"}
    for account in accounts_with_grant(Permission.REQUEST_WRITE):
        notify(
            tx,
            actor,
            event=f"privacy.{what}",
            entity=entity,
            occurrence=1,
            recipient=Recipient(account.id, account.name, account.email),
            subject=sentence,
            template=Template.PRIVACY,
            params={"note": sentence, "sentence": sentence},
            link=f"/privacy/{places[kind]}/{number}/",
        )


def tell_ready(tx: Transaction, actor: Actor, copy_id: int, patient_id: PatientId) -> None:
    """To the person with an account; nobody else learns that there is a copy."""
    card = patient_card(patient_id)
    if card is None or card.user_id is None:
        return
    notify(
        tx,
        actor,
        event="privacy.copy_ready",
        entity=f"copy/{copy_id}",
        occurrence=1,
        recipient=Recipient(card.user_id, card.full_name, card.email),
        subject=READY,
        template=Template.YOUR_DATA,
        params={"note": READY},
        link="/portal/your-data",
    )
