"""`python -m worker`: an RQ worker for each hand, which forks a child for every job."""

import logging
import threading
from collections.abc import Sequence
from functools import partial
from typing import Any

from flask import Flask
from redis import Redis, RedisError
from rq import Worker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.worker import DequeueStrategy

from app.factory import create_app
from app.infra.db import db
from app.infra.queue import HANDS, connect_worker, queue
from config.settings import read_settings
from worker.hands import Hand, keep_hands
from worker.relay import stop_on_signals
from worker.runtime import declared_jobs, use_site

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
Stopping = threading.Event


class ClinicWorker(Worker):
    """RQ's worker, which says when it was asked to stop and keeps connections out of children."""

    max_connection_wait_time = LONGEST_PAUSE
    site: Flask
    stopping: threading.Event

    def request_stop(self, signum: Any, frame: Any) -> None:
        """Note the wish before RQ acts on it: RQ also stops when Redis goes away."""
        self.stopping.set()
        super().request_stop(signum, frame)

    def _install_signal_handlers(self) -> None:
        """A wish that came before RQ listened counts too."""
        super()._install_signal_handlers()
        self._stop_requested = self._stop_requested or self.stopping.is_set()

    def main_work_horse(self, job: Any, queue: Any) -> None:
        """In the child: connections of the parent must not be used by two processes."""
        with self.site.app_context():
            db.engine.dispose(close=False)
        super().main_work_horse(job, queue)

    def subscribe(self) -> None:
        """No remote commands: they need a thread, and forking with threads is a hazard."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed."""


def keep_working(site: Flask, redis_url: str, queues: Sequence[str], stopping: Stopping) -> None:
    """Until asked to stop. RQ's worker ends when Redis does; this begins again."""
    connection, pause = connect_worker(redis_url), FIRST_PAUSE
    while not stopping.is_set():
        try:
            worked = _work(site, connection, queues, stopping)
        except (RedisError, OSError) as error:
            log.warning("worker waits for Redis: %s", type(error).__name__)
            worked = False
        except StopRequested:
            return
        pause = FIRST_PAUSE if worked else min(LONGEST_PAUSE, pause * 2)
        # RQ leaves its own handlers behind; between two workers ours count.
        stop_on_signals(stopping.set)
        stopping.wait(pause)


def _work(site: Flask, connection: Redis, queues: Sequence[str], stopping: Stopping) -> bool:
    # All queues get their turn: a mail server that hangs must not keep other work waiting.
    worker = ClinicWorker(
        [queue(connection, name) for name in queues],
        connection=connection,
        serializer=JSONSerializer,
        log_job_description=False,
    )
    worker.site, worker.stopping = site, stopping
    return worker.work(logging_level="WARNING", dequeue_strategy=DequeueStrategy.ROUND_ROBIN)


def main() -> None:
    """Run until SIGTERM; the jobs under way are finished first."""
    settings = read_settings()
    stopping = threading.Event()
    stop_on_signals(stopping.set)
    site = create_app(settings)
    use_site(site)
    declared_jobs()
    hands = [
        Hand(name, partial(keep_working, site, settings.redis_url, queues, stopping))
        for name, queues in HANDS.items()
    ]
    keep_hands(hands, stopping)


if __name__ == "__main__":
    main()
