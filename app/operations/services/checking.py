"""Looks at everything that is watched and tells who must know, each thing once (BAK-04, NOT-04).

The worker does it every minute, and so does the relay with the checks that ask no other machine:
one of them may be dead. Both at once do no harm: an alert is opened by whoever writes it first.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert

from app.backup.permissions import Permission as BackupPermission
from app.infra.db import Transaction, is_unavailable, session, transaction
from app.infra.runtime import settings
from app.integrity.permissions import Permission as ProofPermission
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.permission import PermissionEnum
from app.notifications.rules import Template
from app.notifications.services import Recipient, notify
from app.operations.models import Alert, CheckRun
from app.operations.permissions import Permission
from app.operations.queries.alerts import open_alerts
from app.operations.queries.checks import Check, Look, due_checks
from app.operations.rules import (
    BACKUPS,
    PROOFS,
    Finding,
    OpenAlert,
    Severity,
    changes,
    is_to_escalate,
    is_to_repeat,
    is_worse,
)
from app.security.queries import Account, accounts_with_grant

log = logging.getLogger(__name__)

ALERTS = "/operations/alerts/"
# Who hears of it besides the admins: keys that begin like this, and whose daily work it is.
LOOKED_AFTER: tuple[tuple[str, PermissionEnum], ...] = (
    ("proof.", ProofPermission.PROOF_READ),
    (PROOFS, ProofPermission.PROOF_READ),
    (BACKUPS, BackupPermission.BACKUP_READ),
)


@dataclass(frozen=True, slots=True)
class Told:
    """An alert that was opened just now."""

    id: int
    key: str


def check_system(actor: Actor, *, with_slow: bool = True) -> int:
    """Run the checks that are due; open, close and escalate alerts. Returns how many are open."""
    actor.require(Permission.SYSTEM_ACT)
    findings: list[Finding] = []
    looked_at: set[str] = set()
    for check in list(due_checks(clock.now(), with_slow=with_slow)):
        look = _look(check)
        findings += look.findings
        if not any(finding.kind == "check" for finding in look.findings):
            looked_at |= {check.kind, f"check.{check.kind}"}
            _note(check, look)
    return _settle(actor, findings, looked_at)


def _look(check: Check) -> Look:
    """One check. One that breaks is told of and keeps no other from looking."""
    try:
        return check.look(clock.now())
    except Exception as error:
        session().rollback()
        if is_unavailable(error):
            raise
        log.error("the check %s could not look", check.kind, exc_info=error)
        sentence = f"The check “{check.kind}” could not look: {type(error).__name__}."
        finding = Finding("check", f"check.{check.kind}", Severity.WARNING, sentence)
        return Look([finding])


def _note(check: Check, look: Look) -> None:
    values = {"looked_at": clock.now(), "facts": look.facts}
    with transaction() as tx:
        tx.execute(
            insert(CheckRun)
            .values(kind=check.kind, **values)
            .on_conflict_do_update(index_elements=["kind"], set_=values)
        )


def _settle(actor: Actor, findings: list[Finding], looked_at: set[str]) -> int:
    now = clock.now()
    with transaction() as tx:
        known = open_alerts()
        change = changes(known, findings, looked_at=looked_at, now=now)
        for finding in change.opened:
            _open(tx, actor, finding)
        for alert, finding in change.seen:
            _see_again(tx, actor, alert, finding)
        for alert in change.resolved:
            _resolve(tx, actor, alert)
        after = timedelta(minutes=settings().alert_escalation_minutes)
        for alert in known:
            if alert not in change.resolved and is_to_escalate(alert, after=after, now=now):
                _escalate(tx, actor, alert)
    return len(known) + len(change.opened) - len(change.resolved)


def _open(tx: Transaction, actor: Actor, finding: Finding) -> None:
    """Open an alert and tell the admins; who comes second finds it open and tells nobody."""
    now = clock.now()
    opened_id = tx.execute(
        insert(Alert)
        .values(
            kind=finding.kind,
            key=finding.key,
            severity=finding.severity.value,
            sentence=finding.sentence,
            opened_at=now,
            seen_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"], index_where=Alert.resolved_at.is_(None))
        .returning(Alert.id)
    ).scalar_one_or_none()
    if opened_id is not None:
        _tell(tx, actor, Told(opened_id, finding.key), "opened", finding.sentence)


def _see_again(tx: Transaction, actor: Actor, alert: OpenAlert, finding: Finding) -> None:
    """How it is now. It is told again when it became critical, or more of it happened (NOT-04)."""
    now = clock.now()
    tx.execute(
        update(Alert)
        .where(Alert.id == alert.id)
        .values(seen_at=now, sentence=finding.sentence, severity=finding.severity.value)
        .execution_options(synchronize_session=False)
    )
    if is_worse(alert, finding):
        _tell(tx, actor, alert, "worse", f"Critical now: {finding.sentence}")
    elif is_to_repeat(alert, finding):
        # In the bell only: an e-mail about e-mails that do not leave would make one more of them.
        _tell(tx, actor, alert, "again", finding.sentence, occurrence=hour_of(now), by_mail=False)


def _resolve(tx: Transaction, actor: Actor, alert: OpenAlert) -> None:
    """Close it and say so to whoever was told."""
    closed = tx.execute(
        update(Alert)
        .where(Alert.id == alert.id, Alert.resolved_at.is_(None))
        .values(resolved_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if not closed.rowcount:
        return
    _tell(
        tx,
        actor,
        alert,
        "resolved",
        f"Over: {alert.sentence}",
        to_all=alert.escalated_at is not None,
    )


def _escalate(tx: Transaction, actor: Actor, alert: OpenAlert) -> None:
    """Nobody answered: tell everybody who may."""
    escalated = tx.execute(
        update(Alert)
        .where(Alert.id == alert.id, Alert.escalated_at.is_(None), Alert.acknowledged_at.is_(None))
        .values(escalated_at=clock.now())
        .execution_options(synchronize_session=False)
    )
    if escalated.rowcount:
        sentence = f"Nobody has answered yet: {alert.sentence}"
        _tell(tx, actor, alert, "escalated", sentence, to_all=True)


def hour_of(moment: datetime) -> int:
    """A number for the hour, so that something is told at most once in it."""
    return int(moment.timestamp()) // 3600


def _tell(
    tx: Transaction,
    actor: Actor,
    alert: OpenAlert | Told,
    what: str,
    sentence: str,
    *,
    occurrence: int = 0,
    to_all: bool = False,
    by_mail: bool = True,
) -> None:
    """In the bell and by e-mail; a second time for the same change is no message (NOT-01)."""
    for account in _audience(alert.key, to_all=to_all):
        notify(
            tx,
            actor,
            event=f"alert.{what}",
            entity=f"alert/{alert.id}",
            occurrence=occurrence,
            recipient=Recipient(account.id, account.name, account.email if by_mail else ""),
            subject=sentence,
            template=Template.ALERT,
            params={"sentence": sentence},
            link=ALERTS,
        )


def _audience(key: str, *, to_all: bool) -> list[Account]:
    """Those who act on the system, those who look after this thing, and in the end all who may."""
    grants: list[PermissionEnum] = [Permission.SYSTEM_ACT]
    grants += [grant for start, grant in LOOKED_AFTER if key.startswith(start)]
    if to_all:
        grants.append(Permission.ALERT_ACKNOWLEDGE)
    found = {one.id: one for grant in grants for one in accounts_with_grant(grant)}
    return list(found.values())
