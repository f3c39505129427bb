"""Tells those who look after backups what went wrong (BAK-04). Nothing here names a patient."""

from app.backup.permissions import Permission
from app.infra.db import Transaction
from app.kernel.actor import Actor
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify
from app.security.queries import accounts_with_grant

PAGE = "/backups/"


def tell(tx: Transaction, actor: Actor, run_id: int, what: str, sentence: str) -> None:
    """In the bell and by e-mail, each thing once for a run (NOT-01)."""
    for account in accounts_with_grant(Permission.BACKUP_READ):
        notify(
            tx,
            actor,
            event=f"backup.{what}",
            entity=f"backup/{run_id}",
            occurrence=0,
            recipient=Recipient(account.id, account.name, account.email),
            subject=sentence[:200],
            template=Template.ALERT,
            params={"sentence": sentence, "note": sentence},
            link=PAGE,
        )
