"""What must always be true of the runs of backups and of requests to restore."""

from app.kernel.invariant import FileArea, Invariant

# The sets themselves belong into no set.
FILES: tuple[FileArea, ...] = ()

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "backup.proofs_are_of_sets",
        "BAK-02",
        "Only a backup that was made is proven, and what was proven says when.",
        "SELECT 'backup ' || id FROM backup_run WHERE (status = 'made') <> (set_name IS NOT NULL)"
        " OR proof <> '' AND status <> 'made'"
        " OR (proof IN ('passed', 'failed')) AND proven_at IS NULL",
    ),
    Invariant(
        "backup.sets_under_hold_stay",
        "RET-02",
        "A set that must be kept has a reason and was not removed.",
        "SELECT 'backup ' || id FROM backup_run WHERE (held_at IS NULL) <> (hold_reason = '')"
        " OR held_at IS NOT NULL AND removed_at IS NOT NULL",
    ),
    Invariant(
        "backup.restores_need_two_people",
        "BAK-04",
        "A restore was approved by somebody else than the person who asked, before it was used.",
        "SELECT 'request ' || id FROM backup_restore_request"
        " WHERE approved_by_id = asked_by_id OR (approved_at IS NULL) <> (approved_by_id IS NULL)"
        " OR used_at IS NOT NULL AND approved_at IS NULL OR used_at < approved_at",
    ),
)
