"""Importing patients from a CSV file: upload, dry run, and applying it, safe to run again.

Nothing is stored in the patients' tables before somebody has seen the report and said so.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.infra import runtime
from app.infra.db import Transaction, db, transaction
from app.infra.outbox import JobName, enqueue
from app.kernel import clock
from app.kernel.actor import Actor
from app.patients.errors import FileRefused, ImportNotReady, UnknownImport
from app.patients.models import ImportProblem, ImportRun
from app.patients.permissions import Permission
from app.patients.rules import ImportChoice, ImportStatus
from app.patients.rules.import_file import (
    ImportRow,
    Opened,
    Problem,
    open_file,
    rows,
)
from app.patients.services.import_rows import Outcome, store_rows
from app.patients.services.patients import conventions
from app.security.services import record_event

AT_ONCE = 2_000  # rows; larger files go to a worker and show their progress
BATCH = 1_000
NOTE_EVERY = 2_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Counts:
    """What was found in a file, or done with it."""

    new: int = 0
    changed: int = 0
    same: int = 0
    wrong: int = 0

    @property
    def done(self) -> int:
        """All rows so far."""
        return self.new + self.changed + self.same + self.wrong

    def plus(self, outcome: Outcome, wrong: int) -> "Counts":
        """With one more batch."""
        return Counts(
            self.new + outcome.new,
            self.changed + outcome.changed,
            self.same + outcome.same,
            self.wrong + wrong,
        )


def upload_file(actor: Actor, *, file_name: str, content: bytes) -> int:
    """Keep the file and look through it; returns the run's id.

    A file of up to 2,000 rows is checked at once, a larger one by a worker.
    Raises FileRefused for a file that is empty, too large or no list of patients.
    """
    actor.require(Permission.IMPORT_WRITE)
    opened = open_file(content)
    expected = content.count(b"\n") + (not content.endswith(b"\n")) - 1
    with transaction() as tx:
        run = ImportRun(
            file_name=_plain_file_name(file_name),
            status=ImportStatus.CHECKING,
            encoding=opened.encoding,
            size_bytes=len(content),
            content=content,
            rows_expected=max(expected, 0),
            started_by=actor.name[:160],
            started_at=clock.now(),
        )
        tx.add(run)
        tx.flush()  # the job and the event name the run's id
        run_id = run.id
        _note(tx, actor, "upload", run)
        if expected > AT_ONCE:
            _hand_to_worker(tx, run_id, ImportStatus.CHECKING)
    if expected <= AT_ONCE:
        continue_import(actor, run_id=run_id)
    return run_id


def start_import(actor: Actor, *, run_id: int, choice: ImportChoice) -> None:
    """Store what the dry run showed, at once or by a worker.

    Raises ImportNotReady before the dry run is over, after the file was applied, or when rows
    are wrong and the choice is all or nothing.
    """
    actor.require(Permission.IMPORT_WRITE)
    with transaction() as tx:
        run = _locked(tx, run_id)
        if run.status != ImportStatus.CHECKED:
            raise ImportNotReady("This import was applied or discarded already, or is not checked.")
        if choice is ImportChoice.ALL_OR_NOTHING and run.rows_wrong:
            raise ImportNotReady(
                f"{_wrong_rows(run.rows_wrong)}. Correct the file, or accept the valid rows only."
            )
        run.status, run.choice, run.rows_done = ImportStatus.APPLYING, choice, 0
        is_small = run.rows_expected <= AT_ONCE
        _note(tx, actor, "apply", run)
        if not is_small:
            _hand_to_worker(tx, run_id, ImportStatus.APPLYING)
    if is_small:
        continue_import(actor, run_id=run_id)


def discard_import(actor: Actor, *, run_id: int) -> None:
    """Forget the file without storing anything. Raises ImportNotReady once it is applied."""
    actor.require(Permission.IMPORT_WRITE)
    with transaction() as tx:
        run = _locked(tx, run_id)
        if run.status not in (ImportStatus.CHECKED, ImportStatus.CHECKING):
            raise ImportNotReady("Only a file that is not applied yet can be discarded.")
        run.status, run.content, run.finished_at = ImportStatus.DISCARDED, None, clock.now()
        _note(tx, actor, "discard", run)


def continue_import(actor: Actor, *, run_id: int) -> None:
    """Do the next step of a run: the dry run, or storing. A finished run is left alone."""
    actor.require(Permission.IMPORT_WRITE)
    status, content, choice = _step(run_id)
    if status == ImportStatus.CHECKING and content is not None:
        _check(actor, run_id, content)
    elif status == ImportStatus.APPLYING and content is not None:
        _apply(actor, run_id, content, choice)


def _step(run_id: int) -> tuple[str, bytes | None, str]:
    with transaction() as tx:
        row = tx.execute(
            select(ImportRun.status, ImportRun.content, ImportRun.choice).where(
                ImportRun.id == run_id
            )
        ).one_or_none()
    if row is None:
        raise UnknownImport()
    return row.status, row.content, row.choice


def _check(actor: Actor, run_id: int, content: bytes) -> None:
    """The dry run: everything but storing, with a report of each wrong row."""
    with transaction() as tx:
        tx.execute(delete(ImportProblem).where(ImportProblem.run_id == run_id))
        try:
            opened = open_file(content)
            _report(tx, run_id, _unknown_columns(opened))
            counts = _go_through(run_id, content, opened, stores=False)
        except FileRefused as refusal:
            _finish(tx, run_id, ImportStatus.REFUSED, Counts(), refusal=refusal.message)
            return
        _finish(tx, run_id, ImportStatus.CHECKED, counts)


def _apply(actor: Actor, run_id: int, content: bytes, choice: str) -> None:
    """Store the valid rows: in one transaction, or batch by batch.

    A worker that dies half-way runs again; rows that are stored already count as unchanged.
    """
    opened = open_file(content)
    try:
        if choice == ImportChoice.ALL_OR_NOTHING:
            with transaction():
                counts = _go_through(run_id, content, opened, stores=True)
        else:
            counts = _go_through(run_id, content, opened, stores=True)
    except IntegrityError as error:
        raise ImportNotReady(
            "Somebody registered one of these patients at the same moment. Please try again."
        ) from error
    with transaction() as tx:
        if not _finish(tx, run_id, ImportStatus.DONE, counts):
            return  # another worker finished it
        run = _locked(tx, run_id)
        _note(tx, actor, "finish", run)


def _go_through(run_id: int, content: bytes, opened: Opened, *, stores: bool) -> Counts:
    """Read the file in batches; memory holds one batch and the IDs seen so far."""
    settings = runtime.settings()
    today = clock.local_date(clock.now(), settings.time_zone)
    read = rows(content, opened, conventions=conventions(), today=today)
    counts, noted = Counts(), 0
    for batch in _batches(read, BATCH):
        good = [row for row in batch if isinstance(row, ImportRow)]
        wrong = [row for row in batch if not isinstance(row, ImportRow)]
        with transaction() as tx:
            outcome = store_rows(tx, good, stores=stores)
            if not stores:
                _report(tx, run_id, [problem for problems in wrong for problem in problems])
        counts = counts.plus(outcome, len(wrong))
        if counts.done - noted >= NOTE_EVERY:
            noted = counts.done
            _note_progress(run_id, noted)
    return counts


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _note_progress(run_id: int, done: int) -> None:
    """Seen by others at once: a connection of its own, beside the long transaction."""
    with Session(db.engine) as aside:
        aside.execute(update(ImportRun).where(ImportRun.id == run_id).values(rows_done=done))
        aside.commit()


def _unknown_columns(opened: Opened) -> list[Problem]:
    sentence = "This column is not known here and was left out."
    return [Problem(1, name, "", sentence) for name in opened.unknown_columns]


def _report(tx: Transaction, run_id: int, problems: list[Problem]) -> None:
    if problems:
        tx.execute(
            insert(ImportProblem),
            [
                {
                    "run_id": run_id,
                    "line": problem.line,
                    "column": problem.column,
                    "value": problem.value.replace("\x00", ""),
                    "sentence": problem.sentence,
                }
                for problem in problems
            ],
        )


def _finish(
    tx: Transaction, run_id: int, status: ImportStatus, counts: Counts, *, refusal: str = ""
) -> bool:
    """Store the counts; the file is forgotten unless it waits to be applied."""
    is_over = status is not ImportStatus.CHECKED
    values = {
        "status": status,
        "rows_done": counts.done,
        "rows_new": counts.new,
        "rows_changed": counts.changed,
        "rows_same": counts.same,
        "rows_wrong": counts.wrong,
        "refusal": refusal,
        "finished_at": clock.now() if is_over else None,
    }
    open_status = ImportStatus.APPLYING if status is ImportStatus.DONE else ImportStatus.CHECKING
    result = tx.execute(
        update(ImportRun)
        .where(ImportRun.id == run_id, ImportRun.status == open_status)
        .values(values | ({"content": None} if is_over else {}))
    )
    return bool(result.rowcount)


def _locked(tx: Transaction, run_id: int) -> ImportRun:
    run: ImportRun | None = tx.execute(
        select(ImportRun)
        .where(ImportRun.id == run_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one_or_none()
    if run is None:
        raise UnknownImport()
    return run


def _hand_to_worker(tx: Transaction, run_id: int, step: ImportStatus) -> None:
    key = f"patients-import-{run_id}-{step}"
    enqueue(tx, JobName.IMPORT_PATIENTS, dedupe_key=key, run_id=run_id)


def _wrong_rows(count: int) -> str:
    return "1 row is wrong" if count == 1 else f"{count:,} rows are wrong"


def _plain_file_name(text: str) -> str:
    """The last part of the name, printable: browsers may send a whole path."""
    name = text.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in name if letter.isprintable())[:200] or "patients.csv"


def _note(tx: Transaction, actor: Actor, action: str, run: ImportRun) -> None:
    record_event(
        tx,
        actor,
        f"patients:patient-import:{action}",
        object_type="PatientImport",
        object_id=run.id,
        details={
            "new": run.rows_new,
            "changed": run.rows_changed,
            "same": run.rows_same,
            "wrong": run.rows_wrong,
            "choice": run.choice,
        },
    )
