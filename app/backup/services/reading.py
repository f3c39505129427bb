"""What people see of backups."""

from dataclasses import dataclass

from app.backup import queries
from app.backup.errors import RunNotFound
from app.backup.permissions import Permission
from app.backup.queries import LastProven, RunView
from app.backup.rules.runs import age_in_words, is_stale
from app.backup.services.cluster_copies import ClusterCopies, cluster_copies
from app.backup.services.keys import SheetNote, key_in_use, sheet_note
from app.backup.services.places import all_places, first_folder, unknown_sets
from app.backup.services.pruning import Fate, pruning_preview
from app.infra.runtime import settings
from app.infra.storage import StorageFailed
from app.kernel import clock
from app.kernel.actor import Actor
from app.security.services import audit_key_names


@dataclass(frozen=True, slots=True)
class BackupPage:
    """Everything on the page of backups."""

    runs: list[RunView]
    under_way: RunView | None
    last: LastProven | None
    age: str
    is_stale: bool
    fates: dict[int, Fate]
    places: list[str]
    at: str
    key_id: int | None
    sheet: SheetNote | None
    audit_keys: tuple[str, ...]
    unknown: int
    cluster: ClusterCopies | None
    may_run: bool
    may_hold: bool

    @property
    def needs_sheet(self) -> bool:
        """Whether the key in use was never printed."""
        if self.sheet is None or self.key_id is None:
            return self.key_id is not None
        # A sheet of before had the oldest key of the trail on it.
        printed = self.sheet.audit_key or next(iter(self.audit_keys), "")
        is_older = bool(self.audit_keys) and printed != self.audit_keys[-1]
        return is_older or self.sheet.key_id != self.key_id

    @property
    def total_size(self) -> int:
        """Bytes of all sets in one place."""
        return sum(fate.size for fate in self.fates.values())


def backup_page(actor: Actor) -> BackupPage:
    """For those who look after backups. Asks no other machine. Raises Forbidden."""
    actor.require(Permission.BACKUP_READ)
    now, last = clock.now(), queries.last_proven()
    runs = queries.latest_runs()
    return BackupPage(
        runs=runs,
        under_way=next((run for run in runs if run.is_under_way), None),
        last=last,
        age=age_in_words(last.age(now)) if last else "",
        is_stale=is_stale(last.made_at if last else None, now),
        fates={fate.run_id: fate for fate in pruning_preview(actor)},
        places=[place.label for place in all_places()],
        at=f"{settings().backup_at:%H:%M}",
        key_id=key_in_use(),
        sheet=sheet_note(),
        audit_keys=audit_key_names(),
        unknown=_unknown_count(),
        cluster=_cluster(),
        may_run=actor.may(Permission.BACKUP_RUN),
        may_hold=actor.may(Permission.BACKUP_HOLD),
    )


def _unknown_count() -> int:
    """Sets in the first folder that this database does not know, because it was restored."""
    try:
        return sum(1 for _ in unknown_sets(first_folder(), queries.known_sets()))
    except StorageFailed:
        return 0


def _cluster() -> ClusterCopies | None:
    try:
        return cluster_copies()
    except StorageFailed:
        return None


def backup_details(actor: Actor, *, run_id: int) -> RunView:
    """One run. Raises Forbidden, RunNotFound."""
    actor.require(Permission.BACKUP_READ)
    run = queries.known_run(run_id)
    if run is None:
        raise RunNotFound()
    return run


def backup_progress(actor: Actor, *, run_id: int) -> dict[str, object]:
    """How far a run is, for the page that waits. Raises Forbidden, RunNotFound."""
    run = backup_details(actor, run_id=run_id)
    status = f"{run.status.value} {run.step}" if run.is_under_way else run.status.value
    return {"status": status, "done": run.percent, "expected": 100}
