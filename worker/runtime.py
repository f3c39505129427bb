"""Runs one job: app context, the system as actor, a counted run, back-off, dead letters (JOB-01).

The outbox row decides everything; RQ only carries its number. A job that raises RetryLater comes
back when it says; any other exception is a bug, is logged, and comes back with growing pauses.
"""

import functools
import importlib
import logging
import pkgutil
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeVar

from flask import Flask

from app.backup.services import settle_recovery
from app.factory import create_app
from app.infra import error_reports, heartbeat, outbox
from app.infra.db import Transaction, is_unavailable, session, transaction
from app.infra.outbox import JobName, RetryLater, StartedJob
from app.infra.queue import QUEUES
from app.kernel import clock
from app.kernel.actor import Actor, Channel, system_actor
from app.notifications.rules import MAXIMUM_ATTEMPTS, next_wait
from config.logging import request_id
from config.settings import read_settings
from worker import jobs
from worker.schedule import EVERY
from worker.watching import LEASE_MARGIN, Run

__all__ = ["JobName", "Transactions", "job"]

log = logging.getLogger(__name__)

DEFAULT_TIMEOUT = timedelta(minutes=3)
# Failed runs end at five (NOT-04); a job may also ask for delays, or lose its worker in between.
MAXIMUM_RUNS = 2 * MAXIMUM_ATTEMPTS


class Transactions(StrEnum):
    """Who opens the transaction of a job."""

    ONE = "one"  # the runtime: the work and "done" are stored together
    OWN = "own"  # the job, perhaps several: it must be safe to run again from its beginning


class NeverEnds(Exception):
    """The job takes its worker with it, again and again."""


@dataclass(frozen=True, slots=True)
class Job:
    """One kind of job: what runs, where it queues, how long it may take."""

    work: Callable[..., None]
    queue: str
    timeout: timedelta
    transactions: Transactions


_jobs: dict[str, Job] = {}
_site: list[Flask] = []
F = TypeVar("F", bound=Callable[..., None])


def job(
    name: JobName,
    *,
    queue: str = "default",
    timeout: timedelta = DEFAULT_TIMEOUT,
    transactions: Transactions = Transactions.ONE,
) -> Callable[[F], F]:
    """Declare the function behind a job's name. Raises ValueError for a name taken twice."""
    if name in _jobs or queue not in QUEUES:
        raise ValueError(f"{name} is declared twice or names an unknown queue")

    def declare(work: F) -> F:
        _jobs[name] = Job(work, queue, timeout, transactions)
        return work

    return declare


@functools.cache
def declared_jobs() -> Mapping[str, Job]:
    """Every job of worker/jobs/, by its name."""
    for module in pkgutil.iter_modules(jobs.__path__):
        importlib.import_module(f"{jobs.__name__}.{module.name}")
    return _jobs


def use_site(site: Flask) -> None:
    """Run the jobs of this process in this site; a forked child finds it ready-made."""
    _site[:] = [site]


def current_site() -> Flask:
    """The site that jobs run in, built on first use."""
    if not _site:
        use_site(create_app(read_settings()))
    return _site[0]


def run_outbox_job(job_id: int, delivery: int) -> None:
    """What RQ calls. Never raises: how it went is written into the outbox row."""
    token = request_id.set(f"ob-{job_id}-{delivery}")
    try:
        with current_site().app_context():
            _run(job_id, delivery)
    finally:
        request_id.reset(token)


def _run(job_id: int, delivery: int) -> None:
    try:
        settle_recovery(system_actor(Channel.WORKER, request_id=request_id.get()))
        started = _start(job_id, delivery)
        if started is not None:
            _attempt(started)
    except Exception as error:
        # Nothing could be noted, mostly because the database is away: the lease runs out (JOB-01).
        session().rollback()
        log.log(
            logging.WARNING if is_unavailable(error) else logging.ERROR,
            "job %s is left to its lease: %s",
            job_id,
            type(error).__name__,
        )


def _start(job_id: int, delivery: int) -> StartedJob | None:
    """Count the run; for a periodic job its beginning is noted with it (BAK-04)."""
    with transaction() as tx:
        started = outbox.start_job(job_id, delivery=delivery, lease_for=_lease_for)
        if started is not None and started.name in EVERY:
            heartbeat.note_start(tx, started.name)
    return started


def _lease_for(name: str) -> timedelta:
    known = declared_jobs().get(name)
    return (known.timeout if known else DEFAULT_TIMEOUT) + LEASE_MARGIN


def _attempt(started: StartedJob) -> None:
    actor, run = system_actor(Channel.WORKER, request_id=request_id.get()), Run(started.name)
    run.tell_start()
    try:
        if started.attempts > MAXIMUM_RUNS:
            raise NeverEnds(f"{MAXIMUM_RUNS} runs and no end")
        _do(started, actor, run)
    except RetryLater as delay:
        log.info("%s again in %s", started.name, delay.wait)
        outbox.postpone_job(started.id, error=str(delay), due_at=clock.now() + delay.wait)
        run.delayed()
    except Exception as error:
        session().rollback()
        log.error("%s failed", started.name, exc_info=error)
        _note_failure(started, _one_line(error))
        if not is_unavailable(error):
            error_reports.note_error(error, door=started.name)
        run.failed()
    else:
        run.tell_success()


def _do(started: StartedJob, actor: Actor, run: Run) -> None:
    known = declared_jobs()[started.name]
    if known.transactions is Transactions.OWN:
        known.work(actor, **started.payload)
        with transaction() as tx:
            _finish(tx, started)
            run.succeeded(tx)
        return
    with transaction() as tx:
        if _finish(tx, started):
            known.work(actor, **started.payload)
            run.succeeded(tx)


def _finish(tx: Transaction, started: StartedJob) -> bool:
    """Mark it done, unless its lease ran out and somebody else runs it now."""
    row = outbox.job_for_run(tx, started.id)
    if row is None or row.attempts != started.attempts:
        return False
    outbox.finish_job(tx, row)
    return True


def _note_failure(started: StartedJob, error: str) -> None:
    """Try again later; after the fifth run it is dead, which is an alert (NOT-04)."""
    wait = next_wait(started.attempts)
    due_at = clock.now() + wait if wait is not None else None
    outbox.postpone_job(started.id, error=error, due_at=due_at)


def _one_line(error: Exception) -> str:
    """What the list of jobs shows: our own words; of any other error only the kind (EVD-03).

    The text of a foreign error may hold a row or what somebody typed.
    """
    if type(error).__module__.partition(".")[0] not in ("app", "worker"):
        return type(error).__name__
    return traceback.format_exception_only(error)[-1].strip()
