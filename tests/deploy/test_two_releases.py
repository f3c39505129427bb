"""While a release is rolled out, the one before meets jobs that it does not know (JOB-01)."""

from datetime import timedelta

import pytest

from app.infra import queue
from app.infra.db import session, transaction
from app.infra.local import testing
from app.infra.outbox import JobStatus, OutboxJob
from app.kernel import clock
from worker import runtime
from worker.relay import Relay

OWN_REDIS = 13


@pytest.fixture
def job(app, db) -> int:
    """A job that only the next release knows; its number."""
    runtime.use_site(app)
    now = clock.now()
    with transaction() as tx:
        row = OutboxJob(name="visits.of_the_next_release", payload={}, created_at=now, due_at=now)
        tx.add(row)
        tx.flush()
        return row.id


@pytest.fixture
def relay():
    """A relay of the release before, on a Redis database of its own."""
    connection = queue.connect(testing.share_servers().redis(OWN_REDIS))
    connection.flushdb()
    made = Relay(connection)
    made.knows_schedule, made.ticks = True, 1
    yield made
    connection.flushdb()
    connection.close()


def now_stored(number: int) -> OutboxJob:
    """The row as it is in the database."""
    session().expire_all()
    row = session().get(OutboxJob, number)
    assert row is not None
    return row


def test_a_relay_leaves_jobs_that_it_does_not_know_to_the_next_release(job, relay):
    relay.tick()

    row = now_stored(job)
    assert (row.status, row.attempts) == (JobStatus.WAITING, 0)


def test_a_worker_that_is_handed_such_a_job_gives_it_back(job):
    row = now_stored(job)
    row.status = JobStatus.LEASED  # by the relay of the next release
    session().flush()

    runtime.run_outbox_job(job, 0)

    row = now_stored(job)
    assert row.status == JobStatus.WAITING
    assert row.due_at < clock.now() + timedelta(minutes=2)
