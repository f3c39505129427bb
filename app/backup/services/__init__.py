"""Use cases of backups: make, prove, keep, hold; keys and their escrow sheet."""

from app.backup.services.cluster_copies import copy_cluster, copy_cluster_nightly
from app.backup.services.holds import hold_set, lift_hold
from app.backup.services.keys import create_backup_keys, enter_letter, rotate_backup_keys
from app.backup.services.pruning import pruning_preview
from app.backup.services.reading import BackupPage, backup_details, backup_page, backup_progress
from app.backup.services.recovered import settle_recovery
from app.backup.services.runs import request_backup, resume_backup, run_backup, run_daily_backup
from app.backup.services.sheet import escrow_sheet
from app.backup.services.stored import stored_settings

__all__ = [
    "BackupPage",
    "backup_details",
    "backup_page",
    "backup_progress",
    "copy_cluster",
    "copy_cluster_nightly",
    "create_backup_keys",
    "enter_letter",
    "escrow_sheet",
    "hold_set",
    "lift_hold",
    "pruning_preview",
    "request_backup",
    "resume_backup",
    "rotate_backup_keys",
    "run_backup",
    "run_daily_backup",
    "settle_recovery",
    "stored_settings",
]
