"""How many requests were answered, how, and how fast: counted here, added up in Redis.

A process counts in its memory and adds what it has to one hash in Redis every few seconds, from
a thread of its own. So the numbers are of all processes and machines together, no request waits
for a write, and a lost Redis costs nothing but counts. See docs/operations/monitoring.md.
"""

import atexit
import logging
import threading
from collections import Counter
from collections.abc import Mapping

from redis import Redis, RedisError

from app.infra.queue import connect

log = logging.getLogger(__name__)

KEY = "uscpis:requests"
PAUSE_SECONDS = 5.0
# Upper ends in seconds; a slower answer is in the last one, without an end.
BOUNDS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, float("inf"))


class RequestCounts:
    """The counts of one process that Redis does not have yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._seconds: float = 0.0
        self._thread: threading.Thread | None = None

    def add(self, route: str, status: int, seconds: float) -> None:
        """One answer. `route` is the name of a route, never an address."""
        bound = next(bound for bound in BOUNDS if seconds <= bound)
        with self._lock:
            self._counts[f"count {route} {status}"] += 1
            self._counts[f"bound {bound}"] += 1
            self._seconds += seconds

    def flush(self, connection: Redis) -> None:
        """Add everything to Redis; what it does not take is kept for the next time."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            seconds, self._seconds = self._seconds, 0.0
        if not counts:
            return
        try:
            with connection.pipeline(transaction=True) as pipe:
                for name, count in counts.items():
                    pipe.hincrby(KEY, name, count)
                pipe.hincrbyfloat(KEY, "seconds", seconds)
                pipe.execute()
        except RedisError as error:
            log.debug("requests are counted later: %s", type(error).__name__)
            with self._lock:
                self._counts.update(counts)
                self._seconds += seconds

    def keep_flushing(self, redis_url: str) -> None:
        """Start the thread of this process; again does nothing. After a fork there is none yet."""
        if self._thread is not None and self._thread.is_alive():
            return
        with self._lock:
            self._thread = threading.Thread(
                target=self._flush_for_ever, args=(redis_url,), name="request-counts", daemon=True
            )
            self._thread.start()
        atexit.register(self._flush_once, redis_url)

    def _flush_once(self, redis_url: str) -> None:
        """When the process ends in order, nothing is left behind."""
        with connect(redis_url) as connection:
            self.flush(connection)

    def _flush_for_ever(self, redis_url: str) -> None:
        pause = threading.Event()
        with connect(redis_url) as connection:
            while not pause.wait(PAUSE_SECONDS):
                self.flush(connection)


counts = RequestCounts()


def counted(connection: Redis) -> Mapping[str, float]:
    """Everything that was added up so far. Raises RedisError."""
    rows = connection.hgetall(KEY)
    return {name.decode(): float(number) for name, number in rows.items()}
