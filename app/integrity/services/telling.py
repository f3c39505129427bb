"""Tells people every day where the audit trail ends, and admins when it is not sealed (AUD-02)."""

import logging

from app.infra.db import Transaction, transaction
from app.integrity.queries import RunView
from app.kernel.actor import Actor
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify, raise_alarm
from app.security import queries as security
from app.security.errors import NoAuditKey
from app.security.permissions import Permission
from app.security.services import seal_events

log = logging.getLogger(__name__)


def tell_result(tx: Transaction, actor: Actor, run: RunView) -> None:
    """The end of the trail goes to those who read it. A failure is an alert of operations."""
    if run.audit_head:
        _tell_head(tx, actor, run)


def seal_trail(actor: Actor) -> int:
    """Seal what was written since the last time; returns how many lines.

    Without its key nothing is sealed, and the admins hear of it once an hour: as a failing job
    it would leave a dead letter every minute.
    """
    try:
        return seal_events()
    except NoAuditKey as missing:
        log.error("the audit trail is not sealed: %s", missing.message)
        with transaction() as tx:
            raise_alarm(
                tx,
                actor,
                event="audit.unsealed",
                subject="The audit trail is not sealed, because its key is missing",
                link="/integrity/",
            )
        return 0


def _tell_head(tx: Transaction, actor: Actor, run: RunView) -> None:
    sentence = f"The audit trail ends with seal {run.audit_head}"
    for account in security.accounts_with_grant(Permission.AUDIT_READ):
        notify(
            tx,
            actor,
            event=f"integrity.{Template.AUDIT_HEAD.value}",
            entity=f"proof/{run.id}",
            occurrence=1,
            recipient=Recipient(account.id, account.name, account.email),
            subject="Where the audit trail ends today",
            template=Template.AUDIT_HEAD,
            params={"note": sentence, "sentence": sentence},
            link=f"/integrity/{run.id}",
        )
