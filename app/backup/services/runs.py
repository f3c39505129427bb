"""A backup from its beginning to its proof: make, copy, prove, tidy (BAK-01 to BAK-04).

One at a time: whoever holds the lock runs, so a row that seems to run while the lock is free was
killed. The audit trail is sealed first, so that the set ends with a seal.
"""

import logging
from datetime import timedelta
from uuid import uuid4

from app.backup.permissions import Permission
from app.backup.rules import Check, Manifest, Proof, RunStatus, has_passed
from app.backup.services.copying import copy_everywhere, copy_kept_sets
from app.backup.services.keys import backup_vault
from app.backup.services.making import Source, make_set
from app.backup.services.places import first_folder
from app.backup.services.progress import Progress, Watch
from app.backup.services.proving import prove_set
from app.backup.services.pruning import prune
from app.backup.services.restoring import Place
from app.backup.services.rows import (
    begin_run,
    end_interrupted,
    record,
    start_waiting,
    store,
    store_now,
)
from app.backup.services.turns import alone, alone_or_later
from app.infra.db import session, transaction
from app.infra.heartbeat import report_size
from app.infra.outbox import JobName, enqueue
from app.infra.pg_programs import ProgramMissing
from app.infra.runtime import settings
from app.infra.storage import StorageFailed
from app.infra.vault import Vault
from app.integrity.queries import all_files
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import DomainError
from app.security import services as security

log = logging.getLogger(__name__)

EXPECTED = (DomainError, StorageFailed, ProgramMissing)


def request_backup(actor: Actor, *, after: timedelta = timedelta()) -> int:
    """Promise a backup, which a worker makes at once or after a while; returns its run's key.

    Raises Forbidden, AlreadyRunning, NoKeys, KeysUnreadable, KeysNotApart.
    """
    actor.require(Permission.BACKUP_RUN)
    backup_vault()
    with alone(), transaction() as tx:
        end_interrupted(tx)
        run_id = begin_run(tx, actor, RunStatus.WAITING)
        enqueue(tx, JobName.BACK_UP, due_at=clock.now() + after, run_id=run_id)
    return run_id


def resume_backup(actor: Actor, *, run_id: int) -> None:
    """Make the backup that was asked for; one that began already is left alone.

    Its failure is in its row and was told, so only RetryLater is raised, while another runs.
    """
    actor.require(Permission.BACKUP_RUN)
    with alone_or_later():
        with transaction() as tx:
            end_interrupted(tx)
            is_ours = start_waiting(tx, run_id) is not None
        if is_ours:
            try:
                _carry_out(actor, run_id)
            except EXPECTED:
                log.warning("backup %s failed; its row says why", run_id)


def run_backup(actor: Actor, *, watch: Watch | None = None) -> int:
    """Make a backup now, in this process; returns the key of its run.

    One that somebody asked for and nobody began is made with it. Raises Forbidden,
    AlreadyRunning, and whatever kept the set from being made.
    """
    actor.require(Permission.BACKUP_RUN)
    with alone():
        return _run_now(actor, watch)


def run_daily_backup(actor: Actor) -> None:
    """The backup of the day. What fails is raised, so that the job comes back (JOB-01)."""
    actor.require(Permission.BACKUP_RUN)
    with alone_or_later():
        _run_now(actor)


def _run_now(actor: Actor, watch: Watch | None = None) -> int:
    with transaction() as tx:
        end_interrupted(tx)
        run_id = start_waiting(tx) or begin_run(tx, actor, RunStatus.RUNNING)
    _carry_out(actor, run_id, watch)
    return run_id


def _carry_out(actor: Actor, run_id: int, watch: Watch | None = None) -> None:
    progress = Progress(run_id, watch)
    try:
        vault = backup_vault()
        manifest = _make(run_id, vault, progress)
    except BaseException as error:
        _give_up(actor, run_id, error)
        raise
    try:
        _look_after(actor, run_id, Place(first_folder(), vault, manifest), progress)
    except BaseException as error:
        session().rollback()
        store_now(run_id, finished_at=clock.now(), step="", error=_sentence(error))
        raise


def _make(run_id: int, vault: Vault, progress: Progress) -> Manifest:
    """Until the set lies in the first folder; earlier sets are never touched."""
    _seal_trail()
    folder, config = first_folder(), settings()
    folder.tidy()
    source = Source(
        database_url=config.database_url,
        home=config.home,
        areas=all_files(),
        configuration=config.given,
        institution=config.institution_name,
    )
    mark = uuid4().hex[:8]
    manifest = make_set(source, vault, folder, made_at=clock.now(), mark=mark, say=progress.say)
    store_now(
        run_id,
        status=RunStatus.MADE.value,
        set_name=manifest.set_name,
        size_bytes=manifest.size,
        row_count=sum(manifest.row_counts.values()),
        file_count=manifest.file_count,
        schema_revision=manifest.schema_revision,
        product_version=manifest.product_version,
        key_id=manifest.key_id,
    )
    report_size(manifest.size)
    return manifest


def _seal_trail() -> None:
    """A backup is made even if the trail cannot be sealed now: its own job alarms then."""
    try:
        security.seal_events()
    except DomainError as refusal:
        log.warning("the audit trail was not sealed before the backup: %s", refusal.message)


def _look_after(actor: Actor, run_id: int, place: Place, progress: Progress) -> None:
    """Copies, proof and tidying. Whatever fails here, the set in the first folder is whole."""
    name = place.manifest.set_name
    progress.step("copies")
    places = copy_everywhere([name])[name]
    store_now(run_id, places=places)
    is_proven = _prove(actor, run_id, place, progress)
    progress.step("tidying")
    if is_proven:
        prune(actor)
    copy_kept_sets()
    store_now(run_id, finished_at=clock.now(), step="")


def _prove(actor: Actor, run_id: int, place: Place, progress: Progress) -> bool:
    """Only what was restored counts (BAK-02)."""
    progress.step("proof")
    began = clock.now()
    store_now(run_id, proof=Proof.RUNNING.value)
    checks = _checks(place)
    proof = Proof.PASSED if has_passed(checks) else Proof.FAILED
    now = clock.now()
    with transaction() as tx:
        store(
            tx,
            run_id,
            proof=proof.value,
            proven_at=now,
            proof_seconds=(now - began).total_seconds(),
            checks=[check.stored() for check in checks],
        )
        record(tx, actor, "prove", run_id, outcome=_outcome(proof))
    return proof is Proof.PASSED


def _outcome(proof: Proof) -> str:
    return "success" if proof is Proof.PASSED else "failed"


def _checks(place: Place) -> list[Check]:
    config = settings()
    try:
        found = prove_set(place, all_files(), config.scratch_url, config.home)
    except Exception as error:
        session().rollback()
        log.error("a proof did not come to its end", exc_info=error)
        return [Check("proof", passed=False, sentence=_sentence(error))]
    return found or [Check("proof", passed=False, sentence="Nothing was checked.")]


def _give_up(actor: Actor, run_id: int, error: BaseException) -> None:
    """No set was made: say why. The alert of operations tells it once (BAK-04)."""
    session().rollback()
    why = _sentence(error)
    with transaction() as tx:
        store(
            tx,
            run_id,
            status=RunStatus.FAILED.value,
            finished_at=clock.now(),
            step="",
            error=why,
        )
        record(tx, actor, "fail", run_id, outcome="failed")


def _sentence(error: BaseException) -> str:
    """Why, without values of anybody's data."""
    if isinstance(error, DomainError):
        return error.message
    if isinstance(error, StorageFailed | ProgramMissing):
        return str(error)
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return "It was interrupted."
    return f"Something unexpected happened ({type(error).__name__}); the log says more."
