"""The base copy of the night: made, brought to every place, old ones removed (BAK-01, BAK-04)."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.backup.errors import BackupFailed, NoKeys
from app.backup.permissions import Permission
from app.backup.rules.base_copy import BaseCopy, made_at_of
from app.backup.services.base_copies import (
    base_copies,
    first_place,
    make_base,
    other_places,
    prune_bases,
    send_base,
)
from app.backup.services.turns import alone, alone_or_later
from app.infra.db import transaction
from app.infra.heartbeat import report_size
from app.infra.runtime import settings
from app.infra.storage import LocalFolder, StorageFailed, Target
from app.infra.vault import KeysMissing, Vault
from app.infra.wal_shelves import shelves_of, vault_of
from app.kernel import clock
from app.kernel.actor import Actor
from app.security.services import record_event

KEEP = 7
# A copy of this night that did not reach every place is sent again instead of made again.
SAME_NIGHT = timedelta(hours=12)
STALE_AFTER = timedelta(hours=30)


@dataclass(frozen=True, slots=True)
class CopyDone:
    """The copy, and which places could not take it, in sentences."""

    copy: BaseCopy
    trouble: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class ClusterCopies:
    """The base copies in the first place, for the page of backups."""

    place: str
    count: int
    made_at: datetime | None
    size: int
    is_stale: bool


def copy_cluster(actor: Actor, *, keep: int = KEEP) -> CopyDone:
    """Make a base copy now; keep so many in each place, with the log that they need.

    Raises Forbidden, AlreadyRunning, NoKeys, BackupFailed, StorageFailed, ShelfFailed.
    """
    actor.require(Permission.BACKUP_RUN)
    vault = cluster_vault()
    with alone():
        return _sent_and_pruned(_made(actor, vault), vault, keep)


def copy_cluster_nightly(actor: Actor) -> None:
    """The same for the job, where BACKUP_REPLICATION_URL is set; elsewhere nothing is to be done.

    Raises RetryLater while a backup runs, and BackupFailed when a place did not get the copy.
    """
    actor.require(Permission.BACKUP_RUN)
    if not settings().backup_replication_url:
        return
    vault = cluster_vault()
    with alone_or_later():
        done = _sent_and_pruned(_of_this_night(vault) or _made(actor, vault), vault, KEEP)
    report_size(done.copy.size)
    if done.trouble:
        raise BackupFailed(" ".join(done.trouble))


def cluster_copies() -> ClusterCopies | None:
    """What lies in the first place; None where base copies are not set up and there is none.

    Asks no other machine. Raises StorageFailed.
    """
    place = first_place(settings())
    names = [name for name in place.sets() if made_at_of(name)]
    is_wanted = bool(settings().backup_replication_url)
    if not (names or is_wanted):
        return None
    made_at = made_at_of(names[-1]) if names else None
    return ClusterCopies(
        place=place.label,
        count=len(names),
        made_at=made_at,
        size=sum(place.files(names[-1]).values()) if names else 0,
        is_stale=is_wanted and (made_at is None or clock.now() - made_at > STALE_AFTER),
    )


def cluster_vault() -> Vault:
    """The keys that seal base copies and the log. Raises NoKeys."""
    try:
        return vault_of(settings())
    except KeysMissing:
        raise NoKeys() from None


def cluster_url() -> str:
    """The account that may copy the cluster."""
    return settings().backup_replication_url or settings().owner_url


def _of_this_night(vault: Vault) -> BaseCopy | None:
    found = base_copies(first_place(settings()), vault)
    is_new = found and clock.now() - found[-1].finished_at < SAME_NIGHT
    return found[-1] if is_new else None


def _made(actor: Actor, vault: Vault) -> BaseCopy:
    place = first_place(settings())
    place.tidy()
    made = make_base(cluster_url(), vault, place, made_at=clock.now(), mark=secrets.token_hex(4))
    with transaction() as tx:
        record_event(
            tx,
            actor,
            "backup:cluster:copy",
            object_type="BaseCopy",
            object_id=made.set_name,
            details={"bytes": made.size},
        )
    return made


def _sent_and_pruned(copy: BaseCopy, vault: Vault, keep: int) -> CopyDone:
    first, others = first_place(settings()), other_places(settings())
    trouble = [problem for place in others if (problem := _sent(copy, first, place))]
    shelves = shelves_of(settings(), copy.cluster)
    prune_bases(first, shelves, vault, keep=keep, cluster=copy.cluster)
    for place in others:
        try:
            prune_bases(place, [], vault, keep=keep, cluster=copy.cluster)
        except StorageFailed as error:
            trouble.append(f"Old copies could not be removed. {error}")
    return CopyDone(copy, trouble)


def _sent(copy: BaseCopy, first: LocalFolder, place: Target) -> str:
    """Why the copy did not get there; empty when it lies there, perhaps since an earlier try."""
    try:
        if copy.set_name not in place.sets():
            send_base(copy, first, place)
    except StorageFailed as error:
        return f"The copy did not reach another place. {error}"
    return ""
