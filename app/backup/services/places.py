"""Where sets are kept: the first folder, a second folder or mount, and a bucket (BAK-01: 3-2-1)."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from app.backup.errors import PlaceNotFound
from app.infra.runtime import settings
from app.infra.storage import LocalFolder, StorageFailed, Target, s3_bucket

OURS = "uscpis-"


class MountedFolder(LocalFolder):
    """A folder that somebody else provides: it is never made here.

    An empty mount point looks like a folder; what is written there would fill the system's disk.
    """

    def sets(self) -> list[str]:
        """As in any folder. Raises StorageFailed while the folder is away."""
        if not self.folder.is_dir():
            raise StorageFailed(f"{self.label}: the folder is not there. Is it mounted?")
        return super().sets()


def first_folder() -> LocalFolder:
    """Where sets are made."""
    return LocalFolder(settings().backup_folder)


def other_places() -> list[Target]:
    """Where each set is copied to."""
    config = settings()
    places: list[Target] = []
    if config.backup_second_folder:
        places.append(MountedFolder(Path(config.backup_second_folder)))
    if config.backup_s3_bucket:
        places.append(
            s3_bucket(
                config.backup_s3_bucket,
                prefix=config.backup_s3_prefix,
                endpoint=config.backup_s3_endpoint,
                region=config.backup_s3_region,
                key_id=config.backup_s3_key_id,
                secret_key=config.backup_s3_secret_key,
            )
        )
    return places


def all_places() -> list[Target]:
    """All of them, the first folder first."""
    return [first_folder(), *other_places()]


def place_named(label: str) -> Target:
    """The place with this label, as the page and the runs name it. Raises PlaceNotFound."""
    for place in all_places():
        if place.label == label:
            return place
    raise PlaceNotFound(label)


def our_sets(place: Target) -> list[str]:
    """The finished sets there, oldest first; other things beside them are none of ours.

    Raises StorageFailed.
    """
    return [name for name in place.sets() if name.startswith(OURS)]


def copy_set(source: LocalFolder, target: Target, set_name: str) -> None:
    """Copy a finished set, streamed; it becomes visible there when it is whole.

    Raises StorageFailed; then nothing of it is visible there, and the source is as it was.
    """
    target.abandon(set_name)  # what an interrupted copy left
    try:
        sizes = source.files(set_name)
        for name in sorted(sizes):
            with source.open(set_name, name) as file:
                target.put(set_name, name, file)
        target.finish(set_name)
        if target.files(set_name) != sizes:
            target.remove(set_name)
            raise StorageFailed(f"{target.label}: the copy does not have the size it should.")
    except BaseException:
        with contextlib.suppress(StorageFailed):
            target.abandon(set_name)
        raise


def unknown_sets(place: Target, known: set[str]) -> Iterator[str]:
    """Sets that this database does not know: it was restored from an older one."""
    return (name for name in our_sets(place) if name not in known)
