"""What a recovery to a moment leaves half-done is settled before the first job runs (BAK-04).

`flask clinic recover` writes into the new data folder that it was recovered, and to when. Any
process that reaches the database sees that; the one that works first settles it, once.
"""

import logging

from sqlalchemy import text

from app.backup.permissions import Permission
from app.backup.services.settling import WAS_WAITING_THEN, settle_what_was_open
from app.infra.db import transaction
from app.infra.locks import LockSpace, alone
from app.kernel.actor import Actor
from app.kernel.errors import DomainError
from app.security.services import accept_chain, record_event, was_recorded

log = logging.getLogger(__name__)

# A setting of our own in postgresql.auto.conf: the moment and a mark of this recovery.
SETTING = "uscpis.recovered"
RECOVERY = "Recovery"
_MARK = text(f"SELECT nullif(current_setting('{SETTING}', true), '')")


def settle_recovery(actor: Actor) -> int | None:
    """After a recovery: hold back waiting mail, end runs and sessions, accept the shorter trail.

    None when there is nothing to settle, otherwise how many e-mails wait for a person. Whoever
    comes second waits for the first: no message may leave in between (NOT-01).
    """
    mark = _open_mark()
    if not mark:
        return None
    actor.require(Permission.BACKUP_RUN)
    with alone(LockSpace.RECOVERY):
        return _settle(actor, mark) if _open_mark() else None


def _open_mark() -> str:
    """The recovery that was not settled yet; empty without one."""
    with transaction() as tx:
        mark = str(tx.session.scalar(_MARK) or "")
        is_open = mark and not was_recorded(object_type=RECOVERY, object_id=mark)
        return mark if is_open else ""


def _settle(actor: Actor, mark: str) -> int:
    moment = mark.partition(" ")[0]
    try:
        accept_chain(actor, reason=f"The cluster was recovered to {moment}.")
    except DomainError as refusal:  # the alert of the trail tells it; mail must be held back anyway
        log.warning("the audit trail was not accepted after a recovery: %s", refusal.message)
    with transaction() as tx:
        held_back = settle_what_was_open(tx, sentence=WAS_WAITING_THEN)
        record_event(
            tx,
            actor,
            "backup:cluster:recover",
            object_type=RECOVERY,
            object_id=mark,
            details={"moment": moment, "held_back_mails": held_back},
        )
    log.warning("recovered to %s: %s e-mails wait for a person", moment, held_back)
    return held_back
