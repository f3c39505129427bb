"""Moves committed outbox rows to RQ: `python -m worker.relay`. As many as you like may run.

It asks the database four times a second, which costs an index look-up. LISTEN/NOTIFY would save
that but takes a lock that every committing booking would queue for.
"""

import logging
import signal
import threading
import time
from collections.abc import Callable

from flask import Flask
from redis import Redis, RedisError
from rq import Queue
from sqlalchemy.exc import SQLAlchemyError

from app.factory import create_app
from app.infra import outbox, schedule
from app.infra.db import session
from app.infra.outbox import JobName, LeasedJob
from app.infra.queue import QUEUES, connect, queue
from app.infra.runtime import settings as current_settings
from config.settings import read_settings
from worker import watching
from worker.runtime import declared_jobs, run_outbox_job
from worker.schedule import EVERY, daily, wanted

log = logging.getLogger(__name__)

PAUSE = 0.25
LONGEST_PAUSE = 5.0
SCHEDULE_TICKS = 20
LOOK_SECONDS = 60
# More in Redis would only let leases run out while the jobs wait there.
ROOM = 100
FAILURE_TTL = 60


class Relay:
    """One relay over one Redis. `tick()` moves what is due and has room."""

    def __init__(self, connection: Redis) -> None:
        self.connection = connection
        self.queues = {name: queue(connection, name) for name in QUEUES}
        self.names = {
            name: [JobName(job) for job, known in declared_jobs().items() if known.queue == name]
            for name in QUEUES
        }
        self.ticks = 0
        self.knows_schedule = False
        self.looked_at = time.monotonic()

    def tick(self) -> int:
        """How many jobs were moved. Raises RedisError, SQLAlchemyError when a server is away."""
        try:
            self._schedule()
            self._look_around()
            return sum(self._move(self.queues[name], self.names[name]) for name in QUEUES)
        except SQLAlchemyError:
            session().rollback()
            raise

    def _schedule(self) -> None:
        config = current_settings()
        every, at = wanted(EVERY, config), daily(config)
        if not self.knows_schedule:
            schedule.enter_jobs(every, at)
            watching.expect({name: known.timeout for name, known in declared_jobs().items()})
            self.knows_schedule = True
        if self.ticks % SCHEDULE_TICKS == 0:
            schedule.enqueue_due_jobs(every, at)
        self.ticks += 1

    def _look_around(self) -> None:
        """Once a minute, and not at the start: right after one everything seems late."""
        if time.monotonic() - self.looked_at >= LOOK_SECONDS:
            self.looked_at = time.monotonic()
            outbox.settle_clock()
            watching.look_around()

    def _move(self, target: Queue, names: list[JobName]) -> int:
        """Redis is asked first: while it is away no lease is taken."""
        room = ROOM - target.count
        if room <= 0 or not names:
            return 0
        jobs = outbox.lease_due_jobs(room, names=names)
        for place, job in enumerate(jobs):
            try:
                _hand_over(target, job)
            except RedisError:
                outbox.return_jobs(jobs[place:])
                raise
        return len(jobs)


def _hand_over(target: Queue, job: LeasedJob) -> None:
    known = declared_jobs()[job.name]
    target.enqueue(
        run_outbox_job,
        args=(job.id, job.attempts),
        job_id=f"ob-{job.id}-{job.attempts}",
        job_timeout=int(known.timeout.total_seconds()),
        result_ttl=0,
        failure_ttl=FAILURE_TTL,
    )


def keep_moving(site: Flask, connection: Redis, stopping: threading.Event) -> None:
    """Until asked to stop. A server that is away makes the pauses longer, not the relay end."""
    relay, pause = Relay(connection), PAUSE
    while not stopping.is_set():
        try:
            with site.app_context():
                moved = relay.tick()
        except (RedisError, SQLAlchemyError) as error:
            log.warning("relay waits: %s", type(error).__name__)
            pause = min(LONGEST_PAUSE, pause * 2)
        else:
            pause = 0.0 if moved else PAUSE
        stopping.wait(pause)


def stop_on_signals(stop: Callable[[], None]) -> None:
    """Turn SIGTERM and Ctrl-C into a clean end."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop())


def main() -> None:
    """Run until SIGTERM."""
    settings = read_settings()
    stopping = threading.Event()
    stop_on_signals(stopping.set)
    keep_moving(create_app(settings), connect(settings.redis_url), stopping)


if __name__ == "__main__":
    main()
