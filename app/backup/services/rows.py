"""The rows of runs: begin, end, and clear up after a run that was killed (JOB-01)."""

from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from app.backup.errors import AlreadyRunning
from app.backup.models import BackupRun
from app.backup.rules import Proof, RunStatus
from app.infra.db import Transaction, transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.security.services import record_event

INTERRUPTED = "It was interrupted before the set was whole."
NOT_PROVEN = "It was interrupted after the set was made, before it was copied and proven."


def begin_run(tx: Transaction, actor: Actor, status: RunStatus) -> int:
    """A row for a run; the database lets only one be unfinished. Raises AlreadyRunning."""
    values = {
        "status": status.value,
        "step": status.value if status is RunStatus.WAITING else "",
        "asked_by_id": actor.user_id,
        "asked_by_name": actor.name[:160],
        "started_at": clock.now(),
        "expected_bytes": _last_size(tx),
    }
    try:
        with tx.session.begin_nested():
            added = tx.execute(insert(BackupRun).values(values).returning(BackupRun.id))
            run_id = int(added.scalar_one())
    except IntegrityError as error:
        raise AlreadyRunning() from error
    record(tx, actor, "run", run_id)
    return run_id


def _last_size(tx: Transaction) -> int:
    size = tx.execute(
        select(BackupRun.size_bytes)
        .where(BackupRun.status == RunStatus.MADE)
        .order_by(BackupRun.id.desc())
        .limit(1)
    ).scalar()
    return int(size or 0)


def start_waiting(tx: Transaction, run_id: int | None = None) -> int | None:
    """Begin the run that waits, if there is one (and it is this one); returns its key."""
    waiting = update(BackupRun).where(BackupRun.status == RunStatus.WAITING)
    if run_id is not None:
        waiting = waiting.where(BackupRun.id == run_id)
    started: int | None = tx.execute(
        waiting.values(status=RunStatus.RUNNING.value, step="", started_at=clock.now())
        .returning(BackupRun.id)
        .execution_options(synchronize_session=False)
    ).scalar()
    return started


def end_interrupted(tx: Transaction) -> None:
    """Nobody holds the lock, so what seems to run was killed: say so (JOB-01)."""
    now = clock.now()
    unfinished = tx.execute(
        select(BackupRun.id, BackupRun.status).where(
            BackupRun.finished_at.is_(None), BackupRun.status != RunStatus.WAITING
        )
    ).all()
    for run_id, status in unfinished:
        is_made = status == RunStatus.MADE
        changed: dict[str, Any] = {"finished_at": now, "step": ""}
        if is_made:
            changed |= {"error": NOT_PROVEN, "proof": Proof.NONE.value}
        else:
            changed |= {"error": INTERRUPTED, "status": RunStatus.FAILED.value}
        store(tx, run_id, **changed)


def store(tx: Transaction, run_id: int, **values: Any) -> None:
    """Change a run's row."""
    tx.execute(
        update(BackupRun)
        .where(BackupRun.id == run_id)
        .values(values)
        .execution_options(synchronize_session=False)
    )


def store_now(run_id: int, **values: Any) -> None:
    """The same in a transaction of its own."""
    with transaction() as tx:
        store(tx, run_id, **values)


def record(tx: Transaction, actor: Actor, action: str, run_id: int, **more: Any) -> None:
    """Write into the audit trail what was done with a run or its set (AUD-01)."""
    record_event(
        tx,
        actor,
        f"backup:backup:{action}",
        object_type="BackupRun",
        object_id=run_id,
        **more,
    )
