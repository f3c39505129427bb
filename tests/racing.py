"""Real processes that do something at the same instant, for races on the database."""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from app.kernel import clock

Deed = Callable[[int], Any]
# Each process is forked from one that has read the program, and nothing else, once.
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.site"])


def race(
    url: str, home: Path, deed: Callable[..., Any], *, runners: int, processes: int, **facts: Any
) -> list[Any]:
    """Run `deed(number, **facts)` `runners` times at once over several processes.

    Returns what each returned, exceptions included. `deed` must be importable: it is called in
    processes with a site of their own, at the pretended time of the caller.
    """
    _end_own_transaction()
    each = runners // processes
    with PROCESSES.Manager() as manager:
        barrier = manager.Barrier(processes)
        answers = manager.list()
        children = [
            PROCESSES.Process(
                target=_run,
                args=(url, home, deed, range(i * each, (i + 1) * each), barrier, answers),
                kwargs={"now": clock.now(), "facts": facts},
            )
            for i in range(processes)
        ]
        for child in children:
            child.start()
        for child in children:
            child.join(timeout=120)
            assert child.exitcode == 0, f"a racing process ended with {child.exitcode}"
        return list(answers)


def _end_own_transaction() -> None:
    """The database ends transactions that idle for a minute, and a race may take longer."""
    from flask import has_app_context

    from app.infra.db import session

    if has_app_context():
        session().rollback()


def _run(
    url: str,
    home: Path,
    deed: Callable[..., Any],
    numbers: range,
    barrier: Any,
    answers: Any,
    *,
    now: datetime,
    facts: dict[str, Any],
) -> None:
    from tests import site

    os.environ["DATABASE_POOL_SIZE"] = str(len(numbers))
    app = site.build_app(url, home, DATABASE_POOL_SIZE=str(len(numbers)))
    started = threading.Barrier(len(numbers))
    with ThreadPoolExecutor(len(numbers)) as pool:
        futures = [
            pool.submit(_one, app, deed, number, started, barrier, now, facts) for number in numbers
        ]
        answers.extend([future.result() for future in futures])


def _one(
    app: Any,
    deed: Callable[..., Any],
    number: int,
    started: threading.Barrier,
    barrier: Any,
    now: datetime,
    facts: dict[str, Any],
) -> tuple[int, str, float]:
    """(number, what it returned or the refusal's code, seconds). Bugs are raised."""
    from app.infra.db import session
    from app.kernel.errors import DomainError

    with app.app_context(), clock.pretend(now):
        session().connection()  # connecting is no part of the race
        session().rollback()
        if started.wait() == 0:
            barrier.wait()
        started.wait()
        begin = time.perf_counter()
        try:
            answer = str(deed(number, **facts))
        except DomainError as refusal:
            answer = refusal.code
        return number, answer, time.perf_counter() - begin
