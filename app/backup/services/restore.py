"""Brings a set back in place of what is live (BAK-02, BAK-04).

Everything is looked at before anything live is touched: seals, release, the whole restore into a
database beside the live one, every check of a proof. Only then do they change places.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from app.backup.errors import (
    AlreadyRunning,
    BackupFailed,
    NamesMissing,
    NoReason,
    PlaceNotFound,
    ProofFailed,
)
from app.backup.permissions import Permission
from app.backup.rules import Check, Manifest, has_passed
from app.backup.rules.asking import SHORTEST_REASON, are_two, is_reason
from app.backup.services.checking import read_set
from app.backup.services.keys import backup_vault
from app.backup.services.places import all_places
from app.backup.services.proving import Tell, check_before, prove_copy, prove_set, room_for
from app.backup.services.replacing import (
    LiveState,
    Site,
    drop_previous,
    fill_gaps,
    live_state,
    recover,
    require_empty,
    swap_in,
)
from app.backup.services.restoring import Place, administering, restore_files
from app.backup.services.scratch import RESTORE, Copy, copy_beside
from app.backup.services.settling import Authority, numbers_given_out, settle_copy
from app.infra.db import let_go, transaction, working_on
from app.infra.locks import LockSpace
from app.infra.runtime import settings
from app.infra.storage import LocalFolder, Target
from app.integrity.queries import all_files
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import DomainError
from app.security.services import (
    accept_chain,
    make_site_account,
    record_event,
    renew_site_account,
)

_ONE = text("SELECT pg_try_advisory_lock(hashtext(:name))")
_NO_BACKUP = text("SELECT pg_try_advisory_xact_lock(:space, 0)")


@dataclass(frozen=True, slots=True)
class Restored:
    """What became of a restore."""

    manifest: Manifest
    before: str
    was: LiveState
    held_back_mails: int
    trail_problem: str


def live_site() -> Site:
    """What a restore here replaces."""
    return Site(settings().owner_url, settings().home, all_files())


def place_at(where: str) -> Target:
    """A place of the settings by its label, or any folder by its path. Raises PlaceNotFound.

    On an empty machine the sets may lie on a disk that nobody named in the settings.
    """
    for place in all_places():
        if place.label == where:
            return place
    if Path(where).is_dir():
        return LocalFolder(Path(where).absolute())
    raise PlaceNotFound(where)


def found_set(where: str, set_name: str) -> Place:
    """A set whose manifest is proven by its seal. Raises what `read_set` and the keys say."""
    target, vault = place_at(where), backup_vault()
    return Place(target, vault, read_set(target, vault, set_name))


def verify_set(place: Place, *, tell: Tell) -> list[Check]:
    """The proof of a set, by hand (BAK-02)."""
    return prove_set(place, all_files(), settings().scratch_url, settings().home, tell=tell)


def without_accounts(asked_by: str, approved_by: str, reason: str) -> Authority:
    """Who stands behind a restore into an empty installation (BAK-04).

    Raises NotEmpty where something would be replaced, NamesMissing, NoReason.
    """
    require_empty(live_site())
    if not are_two(asked_by, approved_by):
        raise NamesMissing()
    if not is_reason(reason):
        raise NoReason(SHORTEST_REASON)
    return Authority(asked_by.strip()[:160], approved_by.strip()[:160], reason.strip())


def finish_restore(actor: Actor) -> bool:
    """Finish a restore that was killed while it changed places; False when there was none."""
    site = live_site()
    if not site.note.exists():
        return False
    with _only_restore(site):
        swap = recover(site)
    if swap is None:
        return False
    let_go()
    _accept_trail(actor, "A restore that had been interrupted was finished.")
    return True


def bring_back_files(actor: Actor, place: Place, authority: Authority, *, tell: Tell) -> int:
    """Put files of the set where there are none; the database and every file that is there stay.

    Returns how many came back. Raises Damaged, AlreadyRunning, ProofFailed without room.
    """
    site = live_site()
    _refuse_failed([room_for(place, site.home)], ())
    tell("unpacking the files")
    with _only_restore(site), TemporaryDirectory(dir=site.home, prefix=".files-") as folder:
        restore_files(place, site.areas, Path(folder))
        count = fill_gaps(site, Path(folder))
        with transaction() as tx:
            record_event(
                tx,
                actor,
                "backup:set:restore-files",
                object_type="BackupSet",
                object_id=place.manifest.set_name[:60],
                reason=authority.reason,
                details={
                    "asked_by": authority.asked_by,
                    "approved_by": authority.approved_by,
                    "files": count,
                },
            )
    return count


def drop_replaced(actor: Actor) -> list[str]:
    """Remove what earlier restores replaced; returns the names of what is gone."""
    actor.require(Permission.RESTORE_ASK)
    names = drop_previous(live_site())
    with transaction() as tx:
        record_event(
            tx,
            actor,
            "backup:restore:drop-previous",
            object_type="BackupSet",
            object_id="*",
            details={"removed": names},
        )
    return names


def restore_set(
    actor: Actor,
    place: Place,
    authority: Authority,
    *,
    accepted: Sequence[str] = (),
    tell: Tell,
) -> Restored:
    """Replace the clinic's database and files by those of the set.

    `accepted` names checks that may fail, such as "audit trail" when its keys are lost for good;
    they are written into the new trail. Raises ProofFailed, AlreadyRunning, BackupFailed,
    NoSiteAccount; then
    what is live is as it was.
    """
    site = live_site()
    make_site_account()
    was = live_state(site)
    with _alone(site, was) as release:
        checks = check_before(place, site.database_url, site.home, tell=tell)
        _refuse_failed(checks, ())
        with copy_beside(site.database_url, site.home, RESTORE) as copy:
            held_back = _prepare(actor, place, authority, copy, was, accepted, tell)
            tell("changing places: people see the maintenance page for a moment")
            release()
            swap = swap_in(site, copy, at=clock.now(), was=was)
    tell("writing the restore into the audit trail")
    problem = _accept_trail(actor, f"Restored from {place.manifest.set_name}: {authority.reason}")
    kept = swap.before if was is LiveState.IN_USE else ""
    return Restored(place.manifest, kept, was, held_back, problem)


def _prepare(
    actor: Actor,
    place: Place,
    authority: Authority,
    copy: Copy,
    was: LiveState,
    accepted: Sequence[str],
    tell: Tell,
) -> int:
    """Fill the copy, prove it, and make it fit for today; nothing live is touched."""
    checks = prove_copy(place, live_site().areas, copy, tell=tell)
    failed = _refuse_failed(checks, accepted)
    tell("settling what was under way when the backup was made")
    live = settings().owner_url
    numbers = numbers_given_out(live) if was is LiveState.IN_USE else {}
    with working_on(copy.url):
        held_back = settle_copy(actor, place.manifest, authority, numbers=numbers, accepted=failed)
    renew_site_account(copy.url)  # AUD-02: rights are in no backup
    return held_back


def _refuse_failed(checks: Sequence[Check], accepted: Sequence[str]) -> list[str]:
    """The names of the failed checks that were accepted. Raises ProofFailed for any other."""
    judged = [replace(check, passed=check.passed or check.name in accepted) for check in checks]
    if not has_passed(judged):
        sentences = [f"{one.name}: {one.sentence}" for one in judged if not one.passed]
        raise ProofFailed("Nothing was replaced. " + " ".join(sentences))
    return [check.name for check in checks if not check.passed]


def _accept_trail(actor: Actor, reason: str) -> str:
    """The trail ends earlier than was noted beside its key; say why (AUD-02)."""
    try:
        accept_chain(actor, reason=reason)
    except DomainError as refusal:
        return refusal.message
    return ""


@contextmanager
def _alone(site: Site, was: LiveState) -> Iterator[Callable[[], None]]:
    """No other restore on this server, and no backup of the live database, until released.

    Raises AlreadyRunning.
    """
    with _only_restore(site):
        engine = create_engine(site.database_url, poolclass=NullPool)
        connection = engine.connect() if was is not LiveState.MISSING else None

        def release() -> None:
            """Let go of the live database, which cannot be renamed while we hold it."""
            let_go()
            if connection is not None:
                connection.close()

        try:
            if connection is not None and not _hold_off_backups(connection):
                raise AlreadyRunning()
            yield release
        finally:
            release()


@contextmanager
def _only_restore(site: Site) -> Iterator[None]:
    """The lock lies beside the live database, which may be missing. Raises AlreadyRunning."""
    try:
        with administering(site.database_url) as server:
            if not server.scalar(_ONE, {"name": f"uscpis restore {site.database}"}):
                raise AlreadyRunning()
            yield
    except OperationalError as error:
        raise BackupFailed("The database server cannot be reached.") from error


def _hold_off_backups(connection: Connection) -> bool:
    connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
    return bool(connection.scalar(_NO_BACKUP, {"space": int(LockSpace.BACKUP)}))
