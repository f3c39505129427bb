"""`python -m worker`: one RQ worker, which forks a child for every job."""

import logging
import threading
from typing import Any

from flask import Flask
from redis import Redis, RedisError
from rq import Worker
from rq.exceptions import StopRequested
from rq.serializers import JSONSerializer
from rq.worker import DequeueStrategy

from app.factory import create_app
from app.infra.db import db
from app.infra.queue import QUEUES, connect_worker, queue
from config.settings import read_settings
from worker.relay import stop_on_signals
from worker.runtime import declared_jobs, use_site

log = logging.getLogger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0


class ClinicWorker(Worker):
    """RQ's worker, which says when it was asked to stop and keeps connections out of children."""

    max_connection_wait_time = LONGEST_PAUSE
    site: Flask
    stopping: threading.Event

    def request_stop(self, signum: Any, frame: Any) -> None:
        """Note the wish before RQ acts on it: RQ also stops when Redis goes away."""
        self.stopping.set()
        super().request_stop(signum, frame)

    def main_work_horse(self, job: Any, queue: Any) -> None:
        """In the child: connections of the parent must not be used by two processes."""
        with self.site.app_context():
            db.engine.dispose(close=False)
        super().main_work_horse(job, queue)

    def subscribe(self) -> None:
        """No remote commands: they need a thread, and forking with threads is a hazard."""

    def unsubscribe(self) -> None:
        """Nothing was subscribed."""


def keep_working(site: Flask, connection: Redis, stopping: threading.Event) -> None:
    """Until asked to stop. RQ's worker ends when Redis does; this begins again."""
    pause = FIRST_PAUSE
    while not stopping.is_set():
        try:
            worked = _work(site, connection, stopping)
        except (RedisError, OSError) as error:
            log.warning("worker waits for Redis: %s", type(error).__name__)
            worked = False
        except StopRequested:
            return
        pause = FIRST_PAUSE if worked else min(LONGEST_PAUSE, pause * 2)
        # RQ leaves its own handlers behind; between two workers ours count.
        stop_on_signals(stopping.set)
        stopping.wait(pause)


def _work(site: Flask, connection: Redis, stopping: threading.Event) -> bool:
    # Both queues get their turn: a mail server that hangs must not keep other work waiting.
    worker = ClinicWorker(
        [queue(connection, name) for name in QUEUES],
        connection=connection,
        serializer=JSONSerializer,
        log_job_description=False,
    )
    worker.site, worker.stopping = site, stopping
    return worker.work(logging_level="WARNING", dequeue_strategy=DequeueStrategy.ROUND_ROBIN)


def main() -> None:
    """Run until SIGTERM; the job under way is finished first."""
    settings = read_settings()
    stopping = threading.Event()
    stop_on_signals(stopping.set)
    site = create_app(settings)
    use_site(site)
    declared_jobs()
    keep_working(site, connect_worker(settings.redis_url), stopping)


if __name__ == "__main__":
    main()
