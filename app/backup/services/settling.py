"""Makes a restored copy fit for today: what was half-done when the backup was made is settled.

Everything in here works on the copy (app/infra/db.py, working_on), before anybody sees it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection, create_engine, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from app.backup.models import BackupRun, RestoreRequest
from app.backup.rules import Manifest
from app.backup.rules.runs import WAS_RUNNING
from app.infra import outbox
from app.infra.db import Transaction, transaction
from app.kernel import clock
from app.kernel.actor import Actor
from app.notifications.services import give_up_old_messages
from app.security.services import end_all_sessions, record_event

WAS_WAITING = "It was waiting when the backup was made; nobody knows whether it left since."
WAS_WAITING_THEN = (
    "It was waiting at the moment to which the clinic was recovered; nobody knows whether it left."
)
_SEQUENCES = text(
    "SELECT sequencename, last_value FROM pg_sequences"
    " WHERE schemaname = 'public' AND last_value IS NOT NULL"
)
_ADVANCE = text(
    "SELECT setval(format('public.%I', CAST(sequencename AS text)), CAST(:last AS bigint))"
    " FROM pg_sequences WHERE schemaname = 'public' AND sequencename = :name"
    " AND coalesce(last_value, 0) < :last"
)


@dataclass(frozen=True, slots=True)
class Authority:
    """Who asked for a restore, who approved it, and why (BAK-04)."""

    asked_by: str
    approved_by: str
    reason: str


def settle_copy(
    actor: Actor,
    manifest: Manifest,
    authority: Authority,
    *,
    numbers: Mapping[str, int],
    accepted: list[str],
) -> int:
    """End what was under way, and write the restore into the new chain (BAK-04).

    Returns how many e-mails wait for a person's decision.
    """
    with transaction() as tx:
        held_back = settle_what_was_open(tx, sentence=WAS_WAITING)
        for name, last in numbers.items():
            tx.session.execute(_ADVANCE, {"name": name, "last": last})
        age = clock.now() - manifest.made_at
        record_event(
            tx,
            actor,
            "backup:set:restore",
            object_type="BackupSet",
            object_id=manifest.set_name[:60],
            reason=authority.reason,
            details={
                "asked_by": authority.asked_by,
                "approved_by": authority.approved_by,
                "made_at": manifest.made_at.isoformat(),
                "age_minutes": age // timedelta(minutes=1),
                "accepted_checks": accepted,
                "held_back_mails": held_back,
            },
        )
    return held_back


def settle_what_was_open(tx: Transaction, *, sentence: str) -> int:
    """Nothing that was under way then goes on by itself; returns how many e-mails are held back."""
    _end_runs(tx)
    outbox.return_all_leases(tx)
    held_back = give_up_old_messages(tx, sentence=sentence)
    end_all_sessions(tx)
    return held_back


def _end_runs(tx: Transaction) -> None:
    """No backup runs here, and no code that was given out before the backup works again."""
    now = clock.now()
    runs = [
        (BackupRun.status.in_(["waiting", "running"]), {"status": "failed", "error": WAS_RUNNING}),
        (BackupRun.status == "made", {"proof": "", "error": WAS_RUNNING}),
    ]
    for which, values in runs:
        tx.execute(
            update(BackupRun)
            .where(which, BackupRun.finished_at.is_(None))
            .values(finished_at=now, step="", **values)
            .execution_options(synchronize_session=False)
        )
    tx.execute(
        update(RestoreRequest)
        .where(RestoreRequest.cancelled_at.is_(None), RestoreRequest.used_at.is_(None))
        .values(cancelled_at=now)
        .execution_options(synchronize_session=False)
    )


def numbers_given_out(url: str) -> dict[str, int]:
    """The last number of every sequence of the live database, so that none is given out twice.

    People and Redis still hold numbers of what happened after the backup. A live database that
    cannot be read any more has none to tell.
    """
    engine = create_engine(url, poolclass=NullPool)
    try:
        with engine.connect() as connection:
            return _sequences(connection)
    except SQLAlchemyError:
        return {}


def _sequences(connection: Connection) -> dict[str, int]:
    return {str(row.sequencename): int(row.last_value) for row in connection.execute(_SEQUENCES)}
