"""Tells people of a proof: what failed, and every day where the audit trail ends (AUD-02)."""

import logging

from app.infra.db import Transaction, transaction
from app.integrity.permissions import Permission
from app.integrity.queries import RunView
from app.integrity.rules import RunStatus
from app.kernel.actor import Actor
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify, raise_alarm
from app.security import queries as security
from app.security.errors import NoAuditKey
from app.security.permissions import Permission as SecurityPermission
from app.security.services import seal_events

log = logging.getLogger(__name__)


def tell_result(tx: Transaction, actor: Actor, run: RunView) -> None:
    """The end of the trail goes to those who read it; a failure to all who look after proofs."""
    if run.audit_head:
        _tell(
            tx,
            actor,
            run,
            SecurityPermission.AUDIT_READ,
            Template.AUDIT_HEAD,
            subject="Where the audit trail ends today",
            sentence=f"The audit trail ends with seal {run.audit_head}",
        )
    if run.status is RunStatus.FAILED:
        _tell(
            tx,
            actor,
            run,
            Permission.PROOF_READ,
            Template.PROOF_FAILED,
            subject="A proof found data that breaks a rule",
            sentence=summary(run),
        )


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


def summary(run: RunView) -> str:
    """What was found, in one sentence without names."""
    found = []
    if run.breach_count:
        found.append(f"{run.breach_count} of {run.checks_total} rules about the data do not hold")
    if run.audit_problem_count:
        found.append(f"the audit trail has {run.audit_problem_count} problems")
    sentence = " and ".join(found) or f"all {run.checks_total} rules about the data hold"
    return f"Proof {run.id}: {sentence}."


def _tell(
    tx: Transaction,
    actor: Actor,
    run: RunView,
    to: SecurityPermission | Permission,
    template: Template,
    *,
    subject: str,
    sentence: str,
) -> None:
    for account in security.accounts_with_grant(to):
        notify(
            tx,
            actor,
            event=f"integrity.{template.value}",
            entity=f"proof/{run.id}",
            occurrence=1,
            recipient=Recipient(account.id, account.name, account.email),
            subject=subject,
            template=template,
            params={"note": sentence, "sentence": sentence},
            link=f"/integrity/{run.id}",
        )
