"""A worker has two hands: mail and small work in one, what takes long in the other (JOB-01).

Both are forked from one loaded program: the second costs no time at the start and shares the
memory of the code. A hand that falls is picked up again; none outlives the worker.
"""

import gc
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.infra.local.process import stop_with_parent

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
STEADY_SECONDS = 30.0
LONGEST_PAUSE = 30.0


@dataclass(slots=True)
class Hand:
    """What one hand does, the process that does it now, and how often it fell."""

    name: str
    work: Callable[[], None]
    process: int | None = None
    began: float = 0.0
    falls: int = 0
    back_at: float = 0.0


def keep_hands(hands: Sequence[Hand], stopping: threading.Event) -> None:
    """Until asked to stop; then each hand finishes the job that it has."""
    gc.collect()
    gc.freeze()  # what is loaded now is shared by the hands and not copied by a collection
    while not stopping.is_set():
        for hand in hands:
            _look_after(hand)
        stopping.wait(LOOK_SECONDS)
    for hand in hands:
        _ask_to_stop(hand)
    for hand in hands:
        _wait_for(hand)


def _look_after(hand: Hand) -> None:
    if hand.process is not None and os.waitpid(hand.process, os.WNOHANG)[0]:
        was_steady = time.monotonic() - hand.began > STEADY_SECONDS
        hand.process, hand.falls = None, 1 if was_steady else hand.falls + 1
        pause = min(LONGEST_PAUSE, 0.5 * 2.0 ** min(hand.falls - 1, 10))
        hand.back_at = time.monotonic() + pause
        log.error("the hand for %s fell; it is back in %.1f s", hand.name, pause)
    if hand.process is None and time.monotonic() >= hand.back_at:
        hand.began, hand.process = time.monotonic(), _begin(hand)


def _begin(hand: Hand) -> int:
    """Fork. The worker has one thread, so nothing can hold a lock across it."""
    parent = os.getpid()
    if process := os.fork():
        return process
    code = 1
    try:
        stop_with_parent()
        if os.getppid() == parent:  # otherwise it ended before we could ask to be told
            hand.work()
            code = 0
    except Exception as error:
        log.error("the hand for %s fell", hand.name, exc_info=error)
    finally:
        logging.shutdown()
        os._exit(code)


def _ask_to_stop(hand: Hand) -> None:
    if hand.process is not None:
        os.kill(hand.process, signal.SIGTERM)  # not collected yet, so the number is its own


def _wait_for(hand: Hand) -> None:
    if hand.process is not None:
        os.waitpid(hand.process, 0)
        hand.process = None
