"""A copy of everything that is held about one person: asked for, made, loaded, removed (DPA-02).

The file is a ZIP with JSON for programs and a PDF for people. What belongs into it every domain
says itself (HOLDINGS in its room of invariants); tests find a table that nobody declared.
"""

import hashlib
import io
import json
import secrets
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import insert, or_, select, update

from app.backup.queries import latest_runs
from app.infra.db import Transaction, transaction
from app.infra.outbox import JobName, enqueue
from app.infra.pdf import pdf_of
from app.infra.runtime import settings
from app.infra.templates import render
from app.infra.whole_files import write_whole
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import PatientId
from app.patients.queries import patients_by_ids
from app.privacy import queries, rules
from app.privacy.errors import CopyNeedsRecord, CopyUnderWay, NoCopy, NotNow
from app.privacy.models import PersonalCopy
from app.privacy.permissions import Permission
from app.privacy.queries import CopyView
from app.privacy.queries.holdings import Section, sections_about
from app.privacy.rules import CopyStatus, RequestKind
from app.privacy.services.forgetting import people_gone
from app.privacy.services.log import note_request
from app.privacy.services.requests import locked_request
from app.privacy.services.telling import tell_ready

FORMAT = "uscpis-personal-copy-1"
SHOWN = 200  # rows of one section in the PDF; the JSON has all
KINDS = frozenset({RequestKind.ACCESS, RequestKind.PORTABILITY})
UNFINISHED_FOR = timedelta(hours=1)


def copies_folder() -> Path:
    """Where copies lie until they expire; part of every backup."""
    return settings().home / "privacy-copies"


def request_copy(actor: Actor, *, request_id: int) -> int:
    """Promise a copy; a worker makes it. Returns its key.

    Raises CopyNeedsRecord, CopyUnderWay, NotNow, UnknownRequest.
    """
    actor.require(Permission.COPY_WRITE)
    with transaction() as tx:
        row = locked_request(tx, request_id)
        if row.patient_id is None or row.kind not in KINDS:
            raise CopyNeedsRecord()
        if row.ended_at is not None:
            raise NotNow("This request is over already.")
        return _promise(tx, actor, request_id, PatientId(row.patient_id))


def _promise(tx: Transaction, actor: Actor, request_id: int, patient_id: PatientId) -> int:
    """A copy with the job that makes it. The request is locked, so two taps are one copy."""
    current = tx.execute(
        select(PersonalCopy.id).where(
            PersonalCopy.request_id == request_id,
            PersonalCopy.status != CopyStatus.REMOVED.value,
        )
    ).first()
    if current is not None:
        raise CopyUnderWay()
    line = {
        "request_id": request_id,
        "status": CopyStatus.WAITING.value,
        "asked_at": clock.now(),
        "asked_by": actor.name[:160],
    }
    added = tx.execute(insert(PersonalCopy).values(line).returning(PersonalCopy.id))
    copy_id = int(added.scalar_one())
    enqueue(tx, JobName.MAKE_COPY, copy_id=copy_id)
    note_request(tx, actor, request_id, "copy", "A copy is being made.", patient_id=patient_id)
    return copy_id


def make_copy(actor: Actor, *, copy_id: int) -> None:
    """Write the file; safe to run again, a second run finds it made."""
    actor.require(Permission.COPY_WRITE)
    found = queries.known_copy(copy_id)
    if found.status is not CopyStatus.WAITING or found.patient_id is None:
        return
    name = f"copy-{found.request_id:06d}-{secrets.token_hex(8)}.zip"
    content = _zipped(found.patient_id)
    write_whole(copies_folder() / name, content)
    now = clock.now()
    with transaction() as tx:
        made = tx.execute(
            update(PersonalCopy)
            .where(PersonalCopy.id == copy_id, PersonalCopy.status == CopyStatus.WAITING.value)
            .values(
                status=CopyStatus.READY.value,
                made_at=now,
                expires_at=rules.expires_at(now, days=settings().personal_copy_days),
                file_name=name,
                size_bytes=len(content),
                sha256=hashlib.sha256(content).hexdigest(),
            )
            .execution_options(synchronize_session=False)
        )
        if made.rowcount:
            tell_ready(tx, actor, copy_id, found.patient_id)
            note_request(
                tx,
                actor,
                found.request_id,
                "copied",
                f"The copy is ready; it is removed after {settings().personal_copy_days} days.",
                patient_id=found.patient_id,
            )


def _zipped(patient_id: PatientId) -> bytes:
    """data.json and data.pdf. Raises NoCopy for somebody of whom nothing is known."""
    card = patients_by_ids([patient_id]).get(patient_id)
    if card is None:
        raise NoCopy()
    sections = sections_about(patient_id)
    made_at = clock.now()
    told = json.dumps(
        {
            "format": FORMAT,
            "clinic": f"{settings().clinic_name}, {settings().institution_name}",
            "person": card.label,
            "made_at": made_at.isoformat(),
            "held": {one.id: {"title": one.title, "rows": one.rows} for one in sections},
        },
        ensure_ascii=False,
        indent=2,
    )
    page = render(
        "privacy/copy.html", card=card, made_at=made_at, sections=_readable(sections), shown=SHOWN
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", told)
        archive.writestr("data.pdf", pdf_of(page))
    return packed.getvalue()


@dataclass(frozen=True, slots=True)
class ReadableSection:
    """One section of the PDF: each row as pairs of a heading and a text, empty ones left out."""

    title: str
    rows: list[list[tuple[str, str]]]
    more: int


def _readable(sections: list[Section]) -> list[ReadableSection]:
    return [
        ReadableSection(
            one.title,
            [_pairs(row) for row in one.rows[:SHOWN]],
            max(0, len(one.rows) - SHOWN),
        )
        for one in sections
    ]


def _pairs(row: Mapping[str, object]) -> list[tuple[str, str]]:
    return [
        (name.replace("_", " ").capitalize(), _text(value))
        for name, value in row.items()
        if value not in (None, "", [], {})
    ]


def _text(value: object) -> str:
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_text(one)}" for key, one in value.items())
    if isinstance(value, list):
        return ", ".join(_text(one) for one in value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def copy_file(actor: Actor, *, copy_id: int) -> Path:
    """The file for the Privacy Officer; every load is written down. Raises NoCopy."""
    actor.require(Permission.COPY_READ)
    return handed_out(actor, queries.known_copy(copy_id))


def handed_out(actor: Actor, found: CopyView) -> Path:
    """The file, with a line in the log and the trail. Raises NoCopy."""
    file = copies_folder() / found.file_name
    if found.status is not CopyStatus.READY or not file.is_file():
        raise NoCopy()
    with transaction() as tx:
        note_request(
            tx,
            actor,
            found.request_id,
            "load-copy",
            "The copy was loaded.",
            patient_id=found.patient_id,
        )
    return file


def remove_copies(actor: Actor) -> int:
    """Remove what expired, copies of people who were disposed of, and files that nobody knows.

    The hashes stay. Returns how many went (DPA-02, RET-02).
    """
    actor.require(Permission.COPY_WRITE)
    disposed = people_gone(queries.owners_of_ready_copies())
    with transaction() as tx:
        gone = tx.execute(
            update(PersonalCopy)
            .where(
                PersonalCopy.status == CopyStatus.READY.value,
                or_(
                    PersonalCopy.expires_at <= clock.now(),
                    PersonalCopy.request_id.in_(disposed),
                ),
            )
            .values(status=CopyStatus.REMOVED.value, removed_at=clock.now())
            .returning(PersonalCopy.request_id)
            .execution_options(synchronize_session=False)
        ).scalars()
        numbers = list(gone)
        for request_id in numbers:
            note_request(
                tx,
                actor,
                request_id,
                "remove-copy",
                "The copy was removed.",
                patient_id=queries.known_request(request_id).patient_id,
            )
    # The moment of a backup that runs may still know what was removed just now: its file waits,
    # or the set would miss a file and could not be proven (BAK-02).
    if not any(run.is_under_way for run in latest_runs(5)):
        _sweep(queries.ready_files())
    return len(numbers)


def _sweep(known: set[str]) -> None:
    """Files of removed copies, and what a killed worker left an hour ago."""
    folder = copies_folder()
    before = clock.now().timestamp() - UNFINISHED_FOR.total_seconds()
    for file in folder.iterdir() if folder.is_dir() else ():
        is_left = file.name.startswith("copy-") or file.stat().st_mtime < before
        if file.name not in known and is_left:
            file.unlink(missing_ok=True)
