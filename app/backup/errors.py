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


class KeysExist(Conflict):
    """Keys are never overwritten: older sets need just these."""

    code = "backup.keys_exist"

    def __init__(self, file_name: str) -> None:
        super().__init__(f"{file_name} is there already in the keys folder. Nothing was changed.")


class KeysUnreadable(Conflict):
    """The file of the keys is there and says nothing."""

    code = "backup.keys_unreadable"

    def __init__(self) -> None:
        super().__init__(
            "backup.json in the keys folder cannot be read. Move it away and bring the keys back "
            "from the escrow sheet with `flask clinic backup-keys enter`."
        )


class KeysNotApart(Conflict):
    """The keys lie where copies of them would be made (BAK-03)."""

    code = "backup.keys_not_apart"

    def __init__(self, place: str) -> None:
        super().__init__(
            f"The keys folder lies inside {place}, so that whoever takes a backup would take its "
            "key along. Set KEYS_FOLDER to a folder of its own."
        )


class NotALetter(Invalid):
    """What was typed or scanned is not the text of an escrow sheet."""

    code = "backup.not_a_letter"


class PlaceNotFound(NotFound):
    """No such place is set up."""

    code = "backup.place_not_found"

    def __init__(self, label: str) -> None:
        super().__init__(f"No backups are kept at {label[:200]} here.")


class RunNotFound(NotFound):
    """No such run, or it made nothing that is still there."""

    code = "backup.run_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such backup any more.")


class HoldRefused(Conflict):
    """It is under a hold already, or not under one."""

    code = "backup.hold_refused"
