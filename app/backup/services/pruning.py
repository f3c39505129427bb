"""Which sets go and which stay, said before anything is removed (BAK-01, RET-02)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, text

from app.backup.models import BackupRun
from app.backup.permissions import Permission
from app.backup.rules import Copy, Plan, Proof, RunStatus, reasons_to_keep
from app.backup.services.places import all_places, our_sets
from app.backup.services.rows import record, store
from app.infra.db import session, transaction
from app.infra.runtime import settings
from app.infra.storage import StorageFailed, Target
from app.kernel import clock
from app.kernel.actor import Actor

PLAN = Plan()
# A place far away may take its time while the row is locked against a hold.
_PATIENTLY = text("SET LOCAL idle_in_transaction_session_timeout = 0")


@dataclass(frozen=True, slots=True)
class Fate:
    """A set and why it is kept; without a reason it goes with the next backup."""

    run_id: int
    set_name: str
    made_at: datetime
    size: int
    reason: str


def pruning_preview(actor: Actor) -> list[Fate]:
    """What the next tidying would do, newest first. Changes nothing."""
    actor.require(Permission.BACKUP_READ)
    return _fates()


def _fates() -> list[Fate]:
    rows = (
        session()
        .execute(
            select(
                BackupRun.id,
                BackupRun.set_name,
                BackupRun.started_at,
                BackupRun.size_bytes,
                BackupRun.proof,
                BackupRun.held_at,
            )
            .where(BackupRun.status == RunStatus.MADE, BackupRun.removed_at.is_(None))
            .order_by(BackupRun.started_at.desc(), BackupRun.id.desc())
        )
        .all()
    )
    copies = [
        Copy(str(row.set_name), row.started_at, row.proof == Proof.PASSED, row.held_at is not None)
        for row in rows
    ]
    reasons = reasons_to_keep(copies, PLAN, settings().time_zone)
    return [
        Fate(
            row.id,
            str(row.set_name),
            row.started_at,
            row.size_bytes,
            reasons.get(str(row.set_name), ""),
        )
        for row in rows
    ]


def prune(actor: Actor) -> list[str]:
    """Remove what need not be kept, in every place; returns the names.

    Called with the lock of backups held. The first folder comes last: while a place is away the
    set stays listed, and the next run tries again. Somebody may put a set on hold meanwhile, so
    each is looked at once more, under a lock, right before it goes.
    """
    actor.require(Permission.BACKUP_RUN)
    with transaction():
        fates = _fates()
    return [fate.set_name for fate in fates if not fate.reason and _remove(actor, fate)]


def _remove(actor: Actor, fate: Fate) -> bool:
    with transaction() as tx:
        tx.session.execute(_PATIENTLY)
        held = tx.execute(
            select(BackupRun.held_at).where(BackupRun.id == fate.run_id).with_for_update()
        ).scalar_one()
        if held is not None:
            return False
        # One after the other: the first folder keeps the set while another place still has it.
        removals = (_remove_from(place, fate.set_name) for place in reversed(all_places()))
        problem = next((said for said in removals if said), "")
        if problem:
            store(tx, fate.run_id, error=problem)
            return False
        store(tx, fate.run_id, removed_at=clock.now())
        record(tx, actor, "remove", fate.run_id, details={"set": fate.set_name})
        return True


def _remove_from(place: Target, name: str) -> str:
    """Why it could not be removed there; empty when it is gone."""
    try:
        if name in our_sets(place):
            place.remove(name)
    except StorageFailed as failure:
        return str(failure)
    return ""
