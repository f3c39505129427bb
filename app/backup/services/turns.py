"""One backup, copy of the cluster or restore at a time (JOB-01)."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from app.backup.errors import AlreadyRunning
from app.infra.locks import LockSpace, first_come
from app.infra.outbox import RetryLater

BETWEEN = timedelta(minutes=2)


@contextmanager
def alone_or_later() -> Iterator[None]:
    """For jobs: while another backup runs, come back. Raises RetryLater."""
    with first_come(LockSpace.BACKUP) as is_first:
        if not is_first:
            raise RetryLater("another backup or a restore is under way", BETWEEN)
        yield


@contextmanager
def alone() -> Iterator[None]:
    """For people, who are told. Raises AlreadyRunning."""
    with first_come(LockSpace.BACKUP) as is_first:
        if not is_first:
            raise AlreadyRunning()
        yield
