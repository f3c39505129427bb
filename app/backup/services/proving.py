"""Proves that a set can be restored, by restoring it (BAK-02).

A set comes back into a scratch database that nobody uses, and is looked at from every side. A bad
set is an answer, no error: the proof says which check failed.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage

from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from app.backup.errors import Incompatible
from app.backup.rules import check_compatible
from app.backup.rules.proof import (
    Check,
    check_counts,
    check_revision,
    check_room,
    has_passed,
    named,
    spread,
)
from app.backup.services.checking import check_parts
from app.backup.services.history import known_revisions, migrate_copy
from app.backup.services.making import row_counts, server_major
from app.backup.services.restoring import (
    Place,
    administering,
    restore_database,
    restore_files,
)
from app.backup.services.scratch import SCRATCH, Copy, copy_beside
from app.infra.pg_programs import ProgramMissing
from app.integrity.queries import check_invariants
from app.kernel.errors import DomainError
from app.kernel.invariant import FileArea
from app.security.services import verify_chain

CHUNK = 1024 * 1024
SAMPLED_FILES = 200
Tell = Callable[[str], None]  # the step that begins now


def _quietly(_step: str) -> None:
    """Nobody watches."""


def prove_set(
    place: Place,
    areas: Sequence[FileArea],
    scratch_server_url: str,
    folder: Path,
    *,
    tell: Tell = _quietly,
) -> list[Check]:
    """Restore the set into a scratch database below this server, and check everything.

    Unpacked files lie below `folder` meanwhile. Never raises for a bad set or a server that says
    no; the first check that fails is the last one where the next would make no sense.
    """
    checks = check_before(place, scratch_server_url, folder, tell=tell)
    if not has_passed(checks):
        return checks
    try:
        with copy_beside(scratch_server_url, folder, SCRATCH) as copy:
            return checks + prove_copy(place, areas, copy, tell=tell)
    except (DomainError, SQLAlchemyError, OSError) as error:
        return [*checks, _failed("restore", error)]


def check_before(
    place: Place, server_url: str, folder: Path, *, tell: Tell = _quietly
) -> list[Check]:
    """What can be said of a set without restoring it: every bit of it, and whether it fits."""
    tell("reading every part")
    try:
        check_parts(place.target, place.vault, place.manifest)
        checks = [Check("seals", True, "Every part is whole and sealed with our key.")]
        with administering(server_url) as connection:
            major = server_major(connection)
        check_compatible(place.manifest, history=known_revisions(), server_major=major)
    except Incompatible as error:
        return [*checks, Check("compatibility", False, error.message)]
    except DomainError as error:
        return [Check("seals", False, error.message)]
    except SQLAlchemyError as error:
        return [*checks, _failed("compatibility", error)]
    checks.append(Check("compatibility", True, "This release and this server can take it."))
    return [*checks, room_for(place, folder)]


def room_for(place: Place, folder: Path) -> Check:
    """Whether the disk of this folder has room for the dump and the files of the set.

    The database itself comes back on the server's disk, which nobody but the server knows.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return check_room([part.plain_size for part in place.manifest.parts], disk_usage(there).free)


def prove_copy(
    place: Place, areas: Sequence[FileArea], copy: Copy, *, tell: Tell = _quietly
) -> list[Check]:
    """Fill the copy from the set, bring it to this release, and check all of it (BAK-02)."""
    checks: list[Check] = []
    try:
        tell("restoring the database")
        restore_database(place, copy.url, copy.folder)
        checks.append(Check("restore", True, "The database came back without an error."))
        with reading(copy.url) as connection:
            found = connection.scalar(text("SELECT version_num FROM alembic_version"))
            checks.append(check_revision(place.manifest.schema_revision, str(found or "")))
            checks.append(check_counts(place.manifest.row_counts, row_counts(connection)))
        checks += _brought_up_to_date(place, copy, tell)
        tell("unpacking the files")
        count = restore_files(place, areas, copy.folder)
        checks.append(Check("files", True, f"All {count:,} files came back."))
        with reading(copy.url) as connection:
            checks += _facts(connection, areas, copy.folder, tell)
    except (DomainError, SQLAlchemyError, OSError, ProgramMissing) as error:
        checks.append(_failed("restore", error))
    return checks


def _brought_up_to_date(place: Place, copy: Copy, tell: Tell) -> list[Check]:
    revision, newest = place.manifest.schema_revision, known_revisions()[-1]
    if revision == newest:
        return []
    tell("bringing the older schema up to date")
    migrate_copy(copy.url)
    return [Check("migration", True, f"The schema was brought from {revision} to {newest}.")]


def _facts(
    connection: Connection, areas: Sequence[FileArea], folder: Path, tell: Tell
) -> Iterator[Check]:
    """What the restored rows and files say about each other."""
    tell("checking every rule about the data")
    yield from _invariants(connection)
    tell("following the audit trail")
    yield _audit_trail(connection)
    tell("comparing the files with the database")
    for area in areas:
        if area.hashes:
            yield _documents(connection, area, folder / area.folder)


def _invariants(connection: Connection) -> Iterator[Check]:
    """Constraints, foreign keys and what each domain declares, by the domain (docs/adr/0016)."""
    found = check_invariants(connection)
    broken = [one for one in found if not one.holds]
    yield Check(
        "rules about the data",
        not broken,
        f"These do not hold: {named(one.invariant.sentence.rstrip('.') for one in broken)}."
        if broken
        else f"All {len(found)} rules hold, constraints and references among them.",
    )


def _audit_trail(connection: Connection) -> Check:
    """AUD-02: the chain of the copy is whole; no head is asked for, the copy is of earlier."""
    try:
        found = verify_chain(connection)
    except DomainError as error:
        return Check("audit trail", False, error.message)
    if found.holds:
        return Check("audit trail", True, f"The chain of {found.sealed:,} lines is whole.")
    return Check("audit trail", False, f"The chain is broken: {named(found.problems)}")


def _documents(connection: Connection, area: FileArea, folder: Path) -> Check:
    """Files that the database knows are there and have its SHA-256 (EVD-02)."""
    known = [(str(row[0]), str(row[1])) for row in connection.execute(text(area.hashes))]
    sample = spread(known, SAMPLED_FILES)
    wrong = [path for path, sha256 in sample if _sha256(folder / path) != sha256]
    if wrong:
        return Check(f"files of {area.folder}", False, f"Missing or changed: {named(wrong)}.")
    return Check(
        f"files of {area.folder}",
        True,
        f"{len(sample):,} of {len(known):,} files that the database knows were compared.",
    )


def _sha256(path: Path) -> str:
    if not path.is_file():
        return ""
    found = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            found.update(chunk)
    return found.hexdigest()


@contextmanager
def reading(url: str) -> Iterator[Connection]:
    """One moment of another database, read only and without limits of time."""
    engine = create_engine(url, poolclass=NullPool, isolation_level="REPEATABLE READ")
    with engine.connect() as connection, connection.begin():
        connection.execute(text("SET TRANSACTION READ ONLY"))
        connection.execute(text("SET LOCAL statement_timeout = 0"))
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        yield connection


def _failed(name: str, error: Exception) -> Check:
    """Refusals say why; an error of the server may quote rows, so only its kind is told."""
    said = error.message if isinstance(error, DomainError) else ""
    if isinstance(error, ProgramMissing):
        said = str(error)
    return Check(name, False, said or f"It could not be done ({type(error).__name__}).")
