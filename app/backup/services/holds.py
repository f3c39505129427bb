"""A hold keeps a set for as long as somebody needs it, whatever the plan says (RET-02)."""

from typing import Any

from sqlalchemy import select

from app.backup.errors import HoldRefused, RunNotFound
from app.backup.models import BackupRun
from app.backup.permissions import Permission
from app.backup.rules import RunStatus
from app.backup.services.rows import record
from app.infra.db import Transaction, transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import Malformed

SHORTEST, LONGEST = 5, 500


def hold_set(actor: Actor, *, run_id: int, reason: str) -> None:
    """Keep a set until the hold is lifted. Raises RunNotFound, HoldRefused, Malformed."""
    actor.require(Permission.BACKUP_HOLD)
    words = " ".join(reason.split())
    if not SHORTEST <= len(words) <= LONGEST:
        message = f"Please say why in {SHORTEST} to {LONGEST} letters."
        raise Malformed(message, errors={"reason": [message]})
    with transaction() as tx:
        run = _kept_run(tx, run_id)
        if run.held_at is not None:
            raise HoldRefused(f"{run.set_name} is on hold already.")
        run.held_at, run.hold_reason, run.held_by_name = clock.now(), words, actor.name[:160]
        record(tx, actor, "hold", run_id, reason=words)


def lift_hold(actor: Actor, *, run_id: int) -> None:
    """Let the plan decide again. Raises Forbidden, RunNotFound, HoldRefused."""
    actor.require(Permission.BACKUP_HOLD)
    with transaction() as tx:
        run = _kept_run(tx, run_id)
        if run.held_at is None:
            raise HoldRefused(f"{run.set_name} is not on hold.")
        record(tx, actor, "lift-hold", run_id, details={"held_because": run.hold_reason})
        run.held_at, run.hold_reason, run.held_by_name = None, "", ""


def _kept_run(tx: Transaction, run_id: int) -> Any:
    run: BackupRun | None = tx.execute(
        select(BackupRun)
        .where(BackupRun.id == run_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if run is None or run.status != RunStatus.MADE or run.removed_at is not None:
        raise RunNotFound()
    return run
