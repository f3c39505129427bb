"""Tells the people who approve lists that one waits for them, and everybody that it is done."""

from app.infra.db import Transaction
from app.kernel.actor import Actor
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify
from app.retention.models import Disposal
from app.retention.permissions import Permission
from app.security import queries as security


def tell_proposed(tx: Transaction, actor: Actor, row: Disposal) -> None:
    """To everybody who may approve, but not to the one who drew it up."""
    sentence = f"List {row.id} names {row.people} people whose records are due."
    _tell(tx, actor, row, "proposed", sentence, but=row.drafted_by_id)


def tell_done(tx: Transaction, actor: Actor, row: Disposal) -> None:
    """The certificate is there, with who was left out."""
    sentence = f"List {row.id} is done: {row.disposed} disposed of, {row.left_out} left out."
    _tell(tx, actor, row, "done", sentence)


def _tell(
    tx: Transaction,
    actor: Actor,
    row: Disposal,
    what: str,
    sentence: str,
    *,
    but: int | None = None,
) -> None:
    for account in security.accounts_with_grant(Permission.DISPOSAL_APPROVE):
        if account.id == but:
            continue
        notify(
            tx,
            actor,
            event=f"retention.{what}",
            entity=f"disposal/{row.id}",
            occurrence=1,
            recipient=Recipient(account.id, account.name, account.email),
            subject=sentence,
            template=Template.DISPOSAL,
            params={"note": sentence, "sentence": sentence},
            link=f"/retention/{row.id}/",
        )
