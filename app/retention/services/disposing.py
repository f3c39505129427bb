"""Carrying out an approved list, batch by batch, to its certificate (RET-02).

Each batch is one transaction: a worker that dies leaves whole people, and the next one goes on.
"""

import secrets
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select

from app.infra.db import Transaction, transaction
from app.infra.locks import LockSpace, first_come
from app.infra.outbox import RetryLater
from app.infra.runtime import settings
from app.integrity.services import signing
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.ids import PatientId
from app.patients.queries import kept_records
from app.patients.services import lock_records
from app.retention import queries, rules
from app.retention.errors import ListChanged, NotNow
from app.retention.models import Disposal, DisposalItem
from app.retention.permissions import Permission
from app.retention.rules import DisposalStatus, Outcome, Schedule
from app.retention.services.certificates import write_certificate
from app.retention.services.erasing import added, erase
from app.retention.services.lists import locked_disposal, schedule_of, today
from app.retention.services.telling import tell_done
from app.security.services import record_event

BATCH = 50
GONE = "The record was disposed of already."


def carry_out(actor: Actor, *, disposal_id: int) -> None:
    """Dispose of everybody on an approved list who is still due; the others are left out.

    Safe to run again after it was killed. Raises NotNow for a list without two approvals, and
    ListChanged when the stored list is not the one that was approved; NoReportKey before anything
    is erased that could not be certified.
    """
    actor.require(Permission.DISPOSAL_APPROVE)
    with first_come(LockSpace.RETENTION) as is_first:
        if not is_first:
            raise RetryLater("another worker carries out a list", timedelta(minutes=1))
        if queries.known_disposal(disposal_id).status is DisposalStatus.DONE:
            return
        signing.public_key()
        _begin(actor, disposal_id)
        while _next_batch(actor, disposal_id):
            pass
        _finish(actor, disposal_id)


def _begin(actor: Actor, disposal_id: int) -> None:
    with transaction() as tx:
        row = locked_disposal(tx, disposal_id)
        if row.status == DisposalStatus.RUNNING:
            return
        if row.status != DisposalStatus.APPROVED:
            raise NotNow("Two people must approve this list first.")
        if rules.list_hash(queries.approved_lines(disposal_id)) != row.list_hash:
            raise ListChanged()
        row.status, row.started_at = DisposalStatus.RUNNING.value, clock.now()
        _record(tx, actor, "begin", disposal_id)


def _next_batch(actor: Actor, disposal_id: int) -> bool:
    """Settle the next lines; False when none is left."""
    with transaction() as tx:
        lines = _next_lines(tx, disposal_id)
        if not lines:
            return False
        row = locked_disposal(tx, disposal_id)
        schedule = schedule_of(queries.known_disposal(disposal_id))
        why_not = _left_out(tx, [PatientId(line.patient_id) for line in lines], schedule)
        pseudonyms = {
            PatientId(line.patient_id): secrets.token_hex(6).upper()
            for line in lines
            if line.patient_id not in why_not
        }
        if pseudonyms:
            row.counts = added(row.counts, erase(tx, actor, pseudonyms, action="dispose"))
        _settle(row, lines, pseudonyms, why_not)
    return True


def _next_lines(tx: Transaction, disposal_id: int) -> Sequence[DisposalItem]:
    found: Sequence[DisposalItem] = (
        tx.execute(
            select(DisposalItem)
            .where(
                DisposalItem.disposal_id == disposal_id,
                DisposalItem.outcome == Outcome.LISTED.value,
            )
            .order_by(DisposalItem.id)
            .limit(BATCH)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        .scalars()
        .all()
    )
    return found


def _left_out(
    tx: Transaction, patient_ids: list[PatientId], schedule: Schedule
) -> dict[PatientId, str]:
    """Who must not go now, and why: came back, is under a hold, or is gone. Locks them all."""
    here = lock_records(tx, patient_ids)
    people = queries.people_of(kept_records(among=here), settings().time_zone)
    said = {key: rules.judge(person, schedule, today=today()) for key, person in people.items()}
    kept = {
        key: " ".join(verdict.obstacles) or verdict.why
        for key, verdict in said.items()
        if not verdict.is_due
    }
    return {key: GONE for key in patient_ids if key not in people} | kept


def _settle(
    row: Disposal,
    lines: Sequence[DisposalItem],
    pseudonyms: dict[PatientId, str],
    why_not: dict[PatientId, str],
) -> None:
    """Write what became of each line. Of the disposed not even the days stay."""
    now = clock.now()
    for line in lines:
        key = PatientId(line.patient_id)
        line.settled_at = now
        if key in pseudonyms:
            line.outcome, line.pseudonym = Outcome.DISPOSED.value, pseudonyms[key]
            line.kept_until, line.why = None, ""
        else:
            line.outcome, line.note = Outcome.LEFT_OUT.value, why_not[key]
    row.disposed += len(pseudonyms)
    row.left_out += len(lines) - len(pseudonyms)


def _finish(actor: Actor, disposal_id: int) -> None:
    """Write the certificate; a list is done only together with it."""
    with transaction() as tx:
        row = locked_disposal(tx, disposal_id)
        row.finished_at = clock.now()
        tx.flush()  # the certificate reads the row
        written = write_certificate(queries.known_disposal(disposal_id))
        row.certificate = written.name
        row.json_sha256, row.pdf_sha256 = written.json_sha256, written.pdf_sha256
        row.status = DisposalStatus.DONE.value
        _record(tx, actor, "finish", disposal_id, disposed=row.disposed, left_out=row.left_out)
        tell_done(tx, actor, row)


def _record(tx: Transaction, actor: Actor, action: str, disposal_id: int, **details: int) -> None:
    record_event(
        tx,
        actor,
        f"retention:disposal:{action}",
        object_type="Disposal",
        object_id=disposal_id,
        details=details,
    )
