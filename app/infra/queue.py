"""The connection to Redis and the RQ queues on it."""

from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer

# What each hand of a worker takes from: a backup, a proof or a restore must not keep mail waiting.
HANDS = {"small": ("mail", "default"), "heavy": ("heavy",)}
QUEUES = tuple(name for names in HANDS.values() for name in names)


def connect(url: str) -> Redis:
    """A connection that fails within a second instead of holding a request (stack.md, 9)."""
    return Redis.from_url(
        url, socket_connect_timeout=1, socket_timeout=5, retry=Retry(NoBackoff(), 0)
    )


def connect_worker(url: str) -> Redis:
    """A connection for a worker, which waits for work with longer reads."""
    return Redis.from_url(url, socket_connect_timeout=2)


def queue(connection: Redis, name: str = "default") -> Queue:
    """A queue whose jobs are JSON: with pickle, whoever writes to Redis runs code here."""
    return Queue(name, connection=connection, serializer=JSONSerializer)
