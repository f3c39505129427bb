"""Every periodic job in one list. The times are database rows: app/infra/schedule.py (JOB-01)."""

from collections.abc import Mapping
from datetime import timedelta

from app.infra.outbox import JobName
from app.kernel.daily import DailyAt
from config.settings import Settings

# Hours from the backup of the night to the base copy.
AFTER_BACKUP = 2
EVERY: dict[JobName, timedelta] = {
    JobName.BACK_UP_DAILY: timedelta(days=1),
    JobName.CHECK_SYSTEM: timedelta(minutes=1),
    JobName.CLOSE_QUEUES: timedelta(hours=1),
    JobName.COPY_CLUSTER: timedelta(days=1),
    JobName.IMPORT_HOLIDAYS: timedelta(days=30),
    JobName.MARK_NO_SHOWS: timedelta(minutes=1),
    JobName.PROVE_NIGHTLY: timedelta(hours=1),
    JobName.PURGE_ATTEMPTS: timedelta(days=1),
    JobName.PURGE_IDEMPOTENCY: timedelta(hours=1),
    JobName.PURGE_OPERATIONS: timedelta(days=1),
    JobName.PURGE_OUTBOX: timedelta(days=1),
    JobName.SEAL_AUDIT: timedelta(minutes=1),
    JobName.SEND_REMINDERS: timedelta(minutes=1),
    JobName.SEND_SEAT_REMINDERS: timedelta(minutes=1),
    JobName.SETTLE_CLAIMS: timedelta(days=1),
    JobName.SETTLE_HOLDS: timedelta(minutes=1),
    JobName.STORE_PAPER: timedelta(minutes=15),
    JobName.TIDY_PRIVACY: timedelta(hours=1),
    JobName.WATCH_PRIVACY: timedelta(minutes=5),
}


def wanted(every: Mapping[JobName, timedelta], settings: Settings) -> dict[JobName, timedelta]:
    """Those that this installation needs: base copies only where the cluster may be copied."""
    needless = set() if settings.backup_replication_url else {JobName.COPY_CLUSTER}
    return {name: period for name, period in every.items() if name not in needless}


def daily(settings: Settings) -> dict[JobName, DailyAt]:
    """Those that have a time of day, by the clinic's clock."""
    at, zone = settings.backup_at, settings.time_zone
    return {
        JobName.BACK_UP_DAILY: DailyAt(at, zone),
        JobName.COPY_CLUSTER: DailyAt(at.replace(hour=(at.hour + AFTER_BACKUP) % 24), zone),
    }
