"""What a backup or a restore says no to."""

from app.kernel.errors import Conflict, Forbidden, Invalid, NotFound


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


class NothingToRecover(Conflict):
    """No base copy or no unbroken log leads to the moment."""

    code = "backup.nothing_to_recover"


class FolderInUse(Conflict):
    """A recovery makes a new folder and never writes into one that is there."""

    code = "backup.folder_in_use"

    def __init__(self, folder: object) -> None:
        super().__init__(
            f"{folder} exists already. Move it away, or name another folder: a recovery "
            "never overwrites anything."
        )


class NotEmpty(Conflict):
    """Only an empty installation may be filled without two accounts (BAK-04)."""

    code = "backup.not_empty"

    def __init__(self, database: str) -> None:
        super().__init__(
            f"The database {database} already holds a clinic. Ask for the restore on the page "
            "Backups > Restore, and use the code that the second person gets."
        )


class ProofFailed(Conflict):
    """The set came back, but not as it should be; nothing live was touched."""

    code = "backup.proof_failed"


class TwoPeople(Conflict):
    """Nobody approves a restore that they asked for themselves (BAK-04)."""

    code = "backup.two_people"

    def __init__(self) -> None:
        super().__init__("A restore needs two people: somebody else must approve it.")


class RequestOver(Conflict):
    """The request was cancelled, approved already, or has expired."""

    code = "backup.request_over"

    def __init__(self) -> None:
        super().__init__("This request is over. Ask for the restore again.")


class RequestNotFound(NotFound):
    """No such request to restore."""

    code = "backup.request_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such request to restore.")


class BadCode(Forbidden):
    """The code was never given out, is for another set, was cancelled, or has expired."""

    code = "backup.bad_code"

    def __init__(self) -> None:
        super().__init__(
            "This code is not valid for this set: it was mistyped, has expired or was used."
        )


class NoReason(Invalid):
    """A restore throws away what was entered since; it needs a reason."""

    code = "backup.no_reason"

    def __init__(self, shortest: int) -> None:
        super().__init__(f"Please give the reason in at least {shortest} characters.")


class NamesMissing(Invalid):
    """On an empty machine both people say who they are (BAK-04)."""

    code = "backup.names_missing"

    def __init__(self) -> None:
        super().__init__(
            "A restore needs two people: give two different names with --asked-by and "
            "--approved-by."
        )
