"""When each periodic job began, ended and succeeded: one row per job (BAK-04).

The rows say what happened; whether that is late or odd is decided by the rules of operations,
whenever somebody looks, so that a dead worker is noticed as well.
"""

from collections.abc import Mapping
from contextvars import ContextVar
from datetime import timedelta

from sqlalchemy import BigInteger, CheckConstraint, String, delete, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, mapped_column

from app.infra.columns import Instant
from app.infra.db import Base, Transaction, transaction
from app.kernel import clock

_size: ContextVar[int | None] = ContextVar("size_of_run", default=None)


class Heartbeat(Base):
    """One periodic job: what is expected of it, and how its last runs went.

    `size` is what the job itself reported, such as the bytes of a backup; `previous_size` is that
    of the success before.
    """

    __tablename__ = "infra_heartbeat"
    __table_args__ = (
        CheckConstraint("period_seconds > 0 AND limit_seconds > 0", name="positive"),
        CheckConstraint("failures >= 0", name="failures"),
    )

    name: Mapped[str] = mapped_column(String(80), primary_key=True)
    period_seconds: Mapped[int]
    limit_seconds: Mapped[int]
    known_since: Mapped[Instant]
    started_at: Mapped[Instant | None]
    ended_at: Mapped[Instant | None]
    succeeded_at: Mapped[Instant | None]
    failures: Mapped[int] = mapped_column(server_default="0")
    duration_ms: Mapped[int | None]
    size: Mapped[int | None] = mapped_column(BigInteger)
    previous_size: Mapped[int | None] = mapped_column(BigInteger)


_STARTED = text("UPDATE infra_heartbeat SET started_at = :at WHERE name = :name")
_ENDED = text("UPDATE infra_heartbeat SET ended_at = :at WHERE name = :name")
_SUCCEEDED = text(
    "UPDATE infra_heartbeat SET ended_at = :at, succeeded_at = :at, failures = 0,"
    " duration_ms = :took,"
    " previous_size = CASE WHEN CAST(:size AS bigint) IS NULL THEN previous_size ELSE size END,"
    " size = coalesce(CAST(:size AS bigint), size) WHERE name = :name"
)
_FAILED = text(
    "UPDATE infra_heartbeat SET ended_at = :at, failures = failures + 1, duration_ms = :took"
    " WHERE name = :name"
)


def enter_checks(expected: Mapping[str, tuple[timedelta, timedelta]]) -> None:
    """Expect these jobs, each with its period and the longest run; others are not watched.

    What is known of a job stays when its period changes.
    """
    now = clock.now()
    fresh = insert(Heartbeat)
    with transaction() as tx:
        tx.execute(delete(Heartbeat).where(Heartbeat.name.not_in(list(expected))))
        for name, (period, limit) in sorted(expected.items()):
            values = {
                "period_seconds": int(period.total_seconds()),
                "limit_seconds": int(limit.total_seconds()),
            }
            tx.execute(
                fresh.values(name=name, known_since=now, **values).on_conflict_do_update(
                    index_elements=["name"], set_=values
                )
            )


def note_start(tx: Transaction, name: str) -> None:
    """A run begins."""
    _size.set(None)
    tx.execute(_STARTED, {"at": clock.now(), "name": name})


def note_success(tx: Transaction, name: str, took: timedelta) -> None:
    """A run ended well; stored together with its work."""
    values = {"at": clock.now(), "took": _ms(took), "size": _size.get(), "name": name}
    tx.execute(_SUCCEEDED, values)


def note_end(name: str) -> None:
    """A run is over without having done its work."""
    with transaction() as tx:
        tx.execute(_ENDED, {"at": clock.now(), "name": name})


def note_failure(name: str, took: timedelta) -> None:
    """A run failed; it may come back sooner than its period says."""
    with transaction() as tx:
        tx.execute(_FAILED, {"at": clock.now(), "took": _ms(took), "name": name})


def report_size(size: int) -> None:
    """Say from within a job how much it made; a sudden drop raises an alert (BAK-04)."""
    _size.set(size)


def _ms(took: timedelta) -> int:
    return int(took.total_seconds() * 1000)
