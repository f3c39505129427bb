"""What a backup or a restore says no to."""

from app.kernel.errors import Conflict, Invalid, NotFound


class BadManifest(Invalid):
    """The table of contents of a set is not one of ours, or does not fit the set."""

    code = "backup.bad_manifest"


class Damaged(Invalid):
    """A part of a set is missing, cut, changed or swapped."""

    code = "backup.damaged"


class WrongKey(Invalid):
    """The set was sealed with a key that is not in our keyset."""

    code = "backup.wrong_key"

    def __init__(self, set_name: str, key_id: int) -> None:
        super().__init__(
            f"{set_name} was sealed with the key number {key_id}, which is not in the keys at "
            "hand. Use the keys from the escrow envelope of that time."
        )


class NoKeys(Conflict):
    """There are no keys to seal with."""

    code = "backup.no_keys"

    def __init__(self) -> None:
        super().__init__(
            "There are no backup keys yet. An administrator makes them with "
            "`flask clinic backup-keys new` and puts the printed sheet into escrow."
        )


class Incompatible(Conflict):
    """The set is intact, but this release or this server cannot take it."""

    code = "backup.incompatible"


class AlreadyRunning(Conflict):
    """One backup or restore at a time."""

    code = "backup.already_running"

    def __init__(self) -> None:
        super().__init__("A backup or a restore is under way. Try again when it has ended.")


class BackupFailed(Conflict):
    """The copy could not be made; the earlier sets are untouched."""

    code = "backup.failed"


class SetNotFound(NotFound):
    """No such set at this place."""

    code = "backup.set_not_found"

    def __init__(self, set_name: str) -> None:
        super().__init__(f"There is no backup set named {set_name[:100]} there.")
