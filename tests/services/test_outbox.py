"""The outbox: promised with the deed, leased, run once, postponed, given up (NOT-01, NOT-04)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from app.infra import outbox, schedule
from app.infra.db import session, transaction
from app.infra.outbox import JobName, JobStatus, OutboxJob
from app.infra.schedule import PeriodicJob
from app.kernel import clock
from app.kernel.daily import DailyAt

MINUTE = timedelta(minutes=1)


def promise(name=JobName.PURGE_OUTBOX, **more) -> int:
    """Promise a job. Returns its number."""
    with transaction() as tx:
        outbox.enqueue(tx, name, **more)
    return session().query(OutboxJob).order_by(OutboxJob.id.desc()).first().id


def job(job_id):
    session().expire_all()
    return session().get(OutboxJob, job_id)


def start(job_id, delivery=0):
    return outbox.start_job(job_id, delivery=delivery, lease_for=lambda name: MINUTE)


def test_a_leased_job_is_not_leased_again(db):
    promise()

    first, second = outbox.lease_due_jobs(), outbox.lease_due_jobs()

    assert len(first) == 1
    assert second == []


def test_a_lease_that_ran_out_is_taken_again(db):
    promise()
    outbox.lease_due_jobs()

    with clock.pretend(clock.now() + outbox.LEASE + timedelta(seconds=1)):
        again = outbox.lease_due_jobs()

    assert len(again) == 1


def test_a_job_for_later_waits(db):
    promise(due_at=clock.now() + MINUTE)

    assert outbox.lease_due_jobs() == []


def test_only_the_named_kinds_are_leased(db):
    promise(JobName.PURGE_OUTBOX)
    promise(JobName.SEND_MESSAGE)

    leased = outbox.lease_due_jobs(names=[JobName.SEND_MESSAGE])

    assert [taken.name for taken in leased] == [JobName.SEND_MESSAGE]


def test_a_lease_takes_no_more_than_asked_and_the_oldest_first(db):
    ids = [promise() for _ in range(3)]

    assert [taken.id for taken in outbox.lease_due_jobs(2)] == ids[:2]


def test_a_returned_lease_is_due_at_once(db):
    promise()

    outbox.return_jobs(outbox.lease_due_jobs())

    assert len(outbox.lease_due_jobs()) == 1


def test_the_same_dedupe_key_is_promised_only_once(db):
    promise(dedupe_key="once")
    promise(dedupe_key="once")

    assert db.query(OutboxJob).count() == 1


def test_a_run_is_counted_before_it_begins_and_a_second_delivery_does_nothing(db):
    job_id = promise(number=7)

    first, second = start(job_id), start(job_id)

    assert (first.attempts, first.payload) == (1, {"number": 7})
    assert second is None


def test_a_finished_job_is_not_run_again(db):
    job_id = promise()
    start(job_id)
    with transaction() as tx:
        outbox.finish_job(tx, outbox.job_for_run(tx, job_id))

    assert start(job_id, delivery=1) is None


def test_a_postponed_job_comes_back_with_its_next_number(db):
    job_id = promise()
    start(job_id)

    outbox.postpone_job(job_id, error="not now", due_at=clock.now() + MINUTE)

    assert outbox.lease_due_jobs() == []
    with clock.pretend(clock.now() + 2 * MINUTE):
        [again] = outbox.lease_due_jobs()
    assert (again.id, again.attempts) == (job_id, 1)
    assert job(job_id).error == "not now"


def test_a_job_without_next_time_is_dead_and_can_be_revived(db):
    job_id = promise()
    start(job_id)
    outbox.postpone_job(job_id, error="never", due_at=None)

    dead = job(job_id).status
    with transaction() as tx:
        revived = outbox.revive_job(tx, job_id)

    assert dead == JobStatus.DEAD
    assert revived
    assert [again.attempts for again in outbox.lease_due_jobs()] == [0]


def test_a_living_job_is_not_revived(db):
    job_id = promise()

    with transaction() as tx:
        assert not outbox.revive_job(tx, job_id)


def test_a_dead_job_is_neither_leased_nor_counted_as_waiting(db):
    job_id = promise()
    start(job_id)
    outbox.postpone_job(job_id, error="never", due_at=None)

    with clock.pretend(clock.now() + timedelta(days=1)):
        assert outbox.lease_due_jobs() == []
    assert outbox.waiting_jobs() == 0


def test_the_purge_forgets_what_was_done_long_ago_and_keeps_the_dead(db, monkeypatch):
    monkeypatch.setattr(outbox, "PURGE_BATCH", 2)
    done = [promise() for _ in range(5)]
    dead, waiting = promise(), promise()
    for job_id in done:
        with transaction() as tx:
            outbox.finish_job(tx, outbox.job_for_run(tx, job_id))
    outbox.postpone_job(dead, error="never", due_at=None)

    with clock.pretend(clock.now() + timedelta(days=31)):
        count = outbox.purge_finished_jobs()

    assert count == 5
    assert {row.id for row in db.query(OutboxJob)} == {dead, waiting}


EVERY = {JobName.PURGE_OUTBOX: timedelta(days=1)}


def test_a_new_periodic_job_is_due_at_once_and_then_after_its_period(db):
    schedule.enter_jobs(EVERY)

    first, at_once = schedule.enqueue_due_jobs(EVERY), schedule.enqueue_due_jobs(EVERY)
    with clock.pretend(clock.now() + timedelta(days=1, seconds=1)):
        next_day = schedule.enqueue_due_jobs(EVERY)

    assert (first, at_once, next_day) == (1, 0, 1)


def test_after_a_week_of_downtime_a_periodic_job_runs_once(db):  # JOB-01
    schedule.enter_jobs(EVERY)
    schedule.enqueue_due_jobs(EVERY)

    with clock.pretend(clock.now() + timedelta(days=7)):
        counts = [schedule.enqueue_due_jobs(EVERY) for _ in range(3)]

    assert counts == [1, 0, 0]


def test_entering_the_jobs_again_keeps_their_times(db):
    schedule.enter_jobs(EVERY)
    schedule.enqueue_due_jobs(EVERY)
    before = db.query(PeriodicJob.next_due_at).scalar()

    schedule.enter_jobs(EVERY)

    assert db.query(PeriodicJob.next_due_at).scalar() == before


def test_a_daily_job_waits_for_its_time_and_runs_once_a_day(db):  # JOB-01
    at_two = {JobName.PURGE_OUTBOX: DailyAt(time(2, 30), ZoneInfo("Asia/Manila"))}
    noon = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)  # in Manila
    counts = []

    with clock.pretend(noon):
        schedule.enter_jobs(EVERY, at_two)
    for hours in (0, 14, 14.6, 15, 38, 38.6, 24 * 9):
        with clock.pretend(noon + timedelta(hours=hours)):
            counts.append(schedule.enqueue_due_jobs(EVERY, at_two))

    assert counts == [0, 0, 1, 0, 0, 1, 1]
    assert db.query(PeriodicJob.next_due_at).scalar() == datetime(2026, 12, 2, 18, 30, tzinfo=UTC)


def test_an_earlier_time_of_day_counts_from_today_on(db):
    noon = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
    with clock.pretend(noon):
        for hour in (23, 20, 22):
            at = {JobName.PURGE_OUTBOX: DailyAt(time(hour), ZoneInfo("Asia/Manila"))}
            schedule.enter_jobs(EVERY, at)

    assert db.query(PeriodicJob.next_due_at).scalar() == datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.committed
def test_two_relays_promise_a_periodic_job_once(app):  # JOB-01
    with app.app_context():
        schedule.enter_jobs(EVERY)
        # The first relay holds the row, in the middle of its work.
        holder = session().connection()
        holder.exec_driver_sql("SELECT name FROM infra_schedule FOR UPDATE")
        with app.app_context():
            while_held = schedule.enqueue_due_jobs(EVERY)
        session().rollback()
        after = schedule.enqueue_due_jobs(EVERY)

    assert (while_held, after) == (0, 1)


@pytest.mark.committed
def test_a_relay_does_not_wait_for_a_job_that_is_running(app):
    with app.app_context():
        job_id = promise()
        with transaction() as tx:
            outbox.job_for_run(tx, job_id)
            with app.app_context():
                while_running = outbox.lease_due_jobs()

        assert while_running == []
        assert len(outbox.lease_due_jobs()) == 1
