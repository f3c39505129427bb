"""A proof from its beginning to its signed report (BAK-02, AUD-02)."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from app.infra.db import Transaction, transaction
from app.infra.outbox import JobName, enqueue
from app.infra.runtime import settings
from app.infra.snapshot import snapshot
from app.integrity import queries
from app.integrity.errors import ProofUnderWay
from app.integrity.models import IntegrityRun
from app.integrity.permissions import Permission
from app.integrity.queries import RunView
from app.integrity.queries.runs import UNDER_WAY
from app.integrity.rules import LONGEST_RUN, Finding, RunStatus, is_due, outcome
from app.integrity.services.reports import write_report
from app.integrity.services.telling import tell_result
from app.kernel import clock
from app.kernel.actor import Actor
from app.kernel.errors import DomainError
from app.security import queries as security_queries
from app.security import services as security
from app.security.services import ChainReport, record_event

INTERRUPTED = "It was interrupted."


def request_proof(actor: Actor) -> int:
    """Promise a proof, which a worker makes at once; returns its key. Raises ProofUnderWay."""
    actor.require(Permission.PROOF_RUN)
    with transaction() as tx:
        run_id = _begin(tx, actor, RunStatus.WAITING)
        enqueue(tx, JobName.PROVE, run_id=run_id)
    return run_id


def run_proof(actor: Actor) -> RunView:
    """Make a proof now. Raises ProofUnderWay, NoAuditKey, NoReportKey."""
    actor.require(Permission.PROOF_RUN)
    with transaction() as tx:
        run_id = _begin(tx, actor, RunStatus.RUNNING)
    return _prove(actor, run_id)


def resume_proof(actor: Actor, *, run_id: int) -> None:
    """Make the promised proof, from its beginning; one that ended already is left alone."""
    actor.require(Permission.PROOF_RUN)
    if queries.known_run(run_id).is_under_way:
        _prove(actor, run_id)


def prove_nightly(actor: Actor) -> bool:
    """Make the proof of the night when it is due; whether it was.

    A new clinic is proven in its first night, and not while it is being set up.
    """
    now = clock.now()
    started = queries.last_started_at() or security_queries.trail_began_at()
    local = now.astimezone(settings().time_zone)
    if not is_due(local, last_started=now - started if started else None):
        return False
    try:
        run_proof(actor)
    except ProofUnderWay:
        return False
    return True


def _begin(tx: Transaction, actor: Actor, status: RunStatus) -> int:
    """A line for the proof; the database lets only one be under way. Raises ProofUnderWay."""
    now = clock.now()
    _end_interrupted(tx, now)
    line = {
        "status": status.value,
        "asked_by": actor.name[:160],
        "started_at": now,
        "checks_total": len(queries.all_invariants()),
    }
    try:
        with tx.session.begin_nested():
            added = tx.execute(insert(IntegrityRun).values(line).returning(IntegrityRun.id))
            run_id = int(added.scalar_one())
    except IntegrityError as error:
        raise ProofUnderWay() from error
    _record(tx, actor, "start", run_id)
    return run_id


def _end_interrupted(tx: Transaction, now: datetime) -> None:
    tx.execute(
        update(IntegrityRun)
        .where(IntegrityRun.status.in_(UNDER_WAY), IntegrityRun.started_at < now - LONGEST_RUN)
        .values(status=RunStatus.BROKEN.value, finished_at=now, error=INTERRUPTED)
        .execution_options(synchronize_session=False)
    )


def _prove(actor: Actor, run_id: int) -> RunView:
    _set(run_id, status=RunStatus.RUNNING.value, checks_done=0)
    try:
        security.seal_events()
        noted = security.known_head()
        with snapshot() as connection:
            chain = security.verify_chain(connection, heads=[noted] if noted else [], is_live=True)
            findings = queries.check_invariants(connection, done=partial(_count, run_id))
        return _finish(actor, run_id, findings, chain)
    except Exception as error:
        why = error.message if isinstance(error, DomainError) else type(error).__name__
        _set(run_id, status=RunStatus.BROKEN.value, finished_at=clock.now(), error=why)
        raise


def _count(run_id: int, done: int) -> None:
    """How far it is, for the page that waits for it."""
    if done % 5 == 0:
        _set(run_id, checks_done=done)


def _set(run_id: int, **values: object) -> None:
    with transaction() as tx:
        _store(tx, run_id, values)


def _store(tx: Transaction, run_id: int, values: dict[str, object]) -> None:
    tx.execute(
        update(IntegrityRun)
        .where(IntegrityRun.id == run_id)
        .values(values)
        .execution_options(synchronize_session=False)
    )


def _finish(actor: Actor, run_id: int, findings: Sequence[Finding], chain: ChainReport) -> RunView:
    """Store the result, write the report, and tell those who look after the data."""
    status = outcome(findings, audit_problems=chain.problem_count)
    result: dict[str, object] = {
        "status": status.value,
        "finished_at": clock.now(),
        "checks_done": len(findings),
        "checks_total": len(findings),
        "breach_count": sum(not finding.holds for finding in findings),
        "results": [finding.stored() for finding in findings],
        "audit_events": chain.sealed,
        "audit_head": str(chain.head) if chain.head else "",
        "audit_problem_count": chain.problem_count,
        "audit_problems": list(chain.problems),
        "error": "",
    }
    with transaction() as tx:
        _store(tx, run_id, result)
        ended = queries.known_run(run_id)
        _store(tx, run_id, {"report": write_report(ended)})
        _record(tx, actor, status.value, run_id, breaches=ended.breach_count)
        tell_result(tx, actor, ended)
    return queries.known_run(run_id)


def _record(tx: Transaction, actor: Actor, action: str, run_id: int, **details: int) -> None:
    record_event(
        tx,
        actor,
        f"integrity:proof:{action}",
        object_type="IntegrityRun",
        object_id=run_id,
        outcome="failed" if action == RunStatus.FAILED else "success",
        details=details,
    )
