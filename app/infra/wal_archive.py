"""How far the archive of the database's own log has come, as the server itself tells (BAK-01)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from app.infra.db import session

_STATE = text(
    "SELECT coalesce(last_archived_time, stats_reset, pg_postmaster_start_time()),"
    " coalesce(last_failed_time > last_archived_time, last_failed_time IS NOT NULL)"
    " FROM pg_stat_archiver WHERE current_setting('archive_mode') <> 'off'"
)


@dataclass(frozen=True, slots=True)
class ArchiveState:
    """When the last segment was archived, or counting began; whether the last try failed."""

    last_at: datetime
    is_failing: bool


def archive_state() -> ArchiveState | None:
    """None where the server does not archive its log."""
    row = session().execute(_STATE).one_or_none()
    return ArchiveState(*row) if row else None
