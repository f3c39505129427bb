"""The relay: what is due goes to Redis, what Redis does not take stays due (JOB-01)."""

import pytest
from redis import ConnectionError as RedisAway

from app.infra import outbox, queue
from app.infra.db import session, transaction
from app.infra.local import testing
from app.infra.outbox import JobName, JobStatus, OutboxJob
from app.infra.runtime import settings
from worker import relay, schedule
from worker.relay import Relay

REDIS_NUMBER = 9


@pytest.fixture
def connection():
    """A Redis database that is empty before and after."""
    made = queue.connect(testing.share_servers().redis(REDIS_NUMBER))
    made.flushdb()
    yield made
    made.flushdb()
    made.close()


@pytest.fixture
def mover(db, connection, monkeypatch):
    """A relay without periodic jobs of its own."""
    monkeypatch.setattr(relay, "EVERY", {})
    made = Relay(connection)
    made.knows_schedule = True
    return made


def promise(count=1, name=JobName.SEND_MESSAGE):
    with transaction() as tx:
        for _ in range(count):
            outbox.enqueue(tx, name)


def statuses():
    session().expire_all()
    return [row.status for row in session().query(OutboxJob).order_by(OutboxJob.id)]


def test_a_due_job_goes_to_the_queue_of_its_kind_by_number_only(mover):
    promise(name=JobName.SEND_MESSAGE)
    promise(name=JobName.PURGE_OUTBOX)

    moved = mover.tick()

    assert moved == 2
    [mail_job] = mover.queues["mail"].jobs
    [other_job] = mover.queues["default"].jobs
    first, second = session().query(OutboxJob.id).order_by(OutboxJob.id)
    assert (mail_job.id, mail_job.args) == (f"ob-{first.id}-0", [first.id, 0])
    assert (other_job.id, other_job.args) == (f"ob-{second.id}-0", [second.id, 0])


def test_what_has_no_room_in_redis_waits_in_the_table(mover, monkeypatch):
    monkeypatch.setattr(relay, "ROOM", 2)
    promise(3)

    moved = [mover.tick(), mover.tick()]

    assert moved == [2, 0]
    assert statuses() == [JobStatus.LEASED, JobStatus.LEASED, JobStatus.WAITING]


def test_what_redis_does_not_take_is_due_at_once(mover, monkeypatch):
    promise(3)
    taken = []

    def hand_over(target, job):
        if taken:
            raise RedisAway("gone in the middle")
        taken.append(job.id)

    monkeypatch.setattr(relay, "_hand_over", hand_over)

    with pytest.raises(RedisAway):
        mover.tick()

    assert statuses() == [JobStatus.LEASED, JobStatus.WAITING, JobStatus.WAITING]


def test_without_redis_no_lease_is_taken(mover, tmp_path):
    lonely = Relay(queue.connect(f"unix://{tmp_path}/nothing.sock"))
    lonely.knows_schedule = True
    promise()

    with pytest.raises(RedisAway):
        lonely.tick()

    assert statuses() == [JobStatus.WAITING]


def test_the_first_tick_enters_the_periodic_jobs_and_moves_them(db, connection):
    moved = Relay(connection).tick()

    at_their_time = schedule.daily(settings())
    assert moved == len(schedule.EVERY.keys() - at_their_time.keys())
