"""Starts racers in processes of their own, all at the same instant."""

import multiprocessing
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from app.factory import create_app
from app.infra.db import session
from app.kernel.errors import DomainError
from app.selftest.scratch import settings_of

PROCESSES = 2
# Racers are forked from a process that has read the program, and nothing else, once.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["app.selftest.racing"])
PATIENCE_SECONDS = 120


class RaceBroken(Exception):
    """A process of the race ended by itself; the race says nothing."""


def race(url: str, deed: Callable[..., str], *, racers: int, **facts: Any) -> list[str]:
    """What each racer got: the deed's answer, or the code of the refusal.

    `deed(number, **facts)` must be importable. Raises RaceBroken when a process fails.
    """
    share = -(-racers // PROCESSES)
    with CONTEXT.Manager() as manager:
        barrier, answers = manager.Barrier(PROCESSES), manager.list()
        children = [
            CONTEXT.Process(
                target=_run,
                args=(url, deed, range(i * share, min(racers, (i + 1) * share)), barrier, answers),
                kwargs=facts,
            )
            for i in range(PROCESSES)
        ]
        for child in children:
            child.start()
        for child in children:
            child.join(PATIENCE_SECONDS)
        if any(child.exitcode != 0 for child in children):
            for child in children:
                child.kill()
            raise RaceBroken("A racing process did not come to its end.")
        return list(answers)


def _run(
    url: str,
    deed: Callable[..., str],
    numbers: range,
    barrier: Any,
    answers: Any,
    **facts: Any,
) -> None:
    app = create_app(settings_of(url, connections=len(numbers)))
    together = threading.Barrier(len(numbers))

    def one(number: int) -> str:
        with app.app_context():
            session().connection()  # connecting is no part of the race
            session().rollback()
            if together.wait() == 0:
                barrier.wait()
            together.wait()
            try:
                return deed(number, **facts)
            except DomainError as refusal:
                return refusal.code

    with ThreadPoolExecutor(len(numbers)) as pool:
        answers.extend(list(pool.map(one, numbers)))
