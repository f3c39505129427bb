"""One run of a job: counted, stored with its work, postponed, given up (JOB-01, NOT-04)."""

from datetime import timedelta

import pytest

from app.infra import outbox
from app.infra.db import session, transaction
from app.infra.outbox import JobName, JobStatus, OutboxJob, RetryLater
from app.kernel import clock
from app.security.models import RoleSeed
from worker import runtime
from worker.runtime import Job, Transactions

pytestmark = pytest.mark.committed
NAME = JobName.PURGE_OUTBOX


class Work:
    """A job whose next runs go as told: an exception is raised, None is success."""

    def __init__(self, *outcomes):
        self.outcomes = list(outcomes)
        self.runs = []

    def __call__(self, actor, **payload):
        self.runs.append((actor, payload))
        with transaction() as tx:
            tx.add(RoleSeed(role="x", permission=str(len(self.runs)), resource="x"))
            outcome = self.outcomes.pop(0) if self.outcomes else None
            if outcome is not None:
                raise outcome


@pytest.fixture
def run(app, monkeypatch):
    """Promise a job with this work and run it as RQ would."""
    runtime.use_site(app)

    def do(work, *, times=1, transactions=Transactions.ONE, **payload):
        jobs = {NAME: Job(work, "default", timedelta(minutes=1), transactions)}
        monkeypatch.setattr(runtime, "declared_jobs", lambda: jobs)
        with app.app_context():
            if not session().query(OutboxJob).count():
                with transaction() as tx:
                    outbox.enqueue(tx, NAME, **payload)
            job_id = session().query(OutboxJob.id).filter_by(name=NAME).scalar()
        for _ in range(times):
            with app.app_context():
                delivery = session().get(OutboxJob, job_id).attempts
            runtime.run_outbox_job(job_id, delivery)
        with app.app_context():
            return session().get(OutboxJob, job_id)

    yield do
    runtime._site.clear()


def written(app):
    with app.app_context():
        return session().query(RoleSeed).filter_by(role="x").count()


def test_a_job_gets_its_payload_and_the_system_as_actor(run):
    work = Work()

    job = run(work, number=7)

    [(actor, payload)] = work.runs
    assert actor.is_system
    assert actor.request_id == f"ob-{job.id}-0"
    assert payload == {"number": 7}
    assert (job.status, job.attempts) == (JobStatus.DONE, 1)


@pytest.mark.parametrize("transactions", list(Transactions))
def test_a_second_delivery_of_the_same_run_does_nothing(app, run, transactions):
    work = Work()
    job = run(work, transactions=transactions)

    runtime.run_outbox_job(job.id, 0)
    runtime.run_outbox_job(job.id, 1)

    assert len(work.runs) == 1


def test_the_work_of_a_run_that_fails_is_taken_back(app, run):
    job = run(Work(ZeroDivisionError("no")))

    assert written(app) == 0
    assert job.status == JobStatus.WAITING
    assert job.error == "ZeroDivisionError"  # its text may be about somebody (EVD-03)
    assert job.due_at > clock.now() + timedelta(seconds=50)


def test_after_a_failure_the_next_run_does_the_work(app, run):
    job = run(Work(ZeroDivisionError("no")), times=2)

    assert written(app) == 1
    assert (job.status, job.attempts, job.error) == (JobStatus.DONE, 2, "")


def test_a_job_may_ask_to_come_back_later(run):
    job = run(Work(RetryLater("server away", timedelta(minutes=25))))

    assert job.status == JobStatus.WAITING
    assert job.error == "server away"
    assert timedelta(minutes=24) < job.due_at - clock.now() <= timedelta(minutes=25)


def test_the_fifth_failure_makes_it_a_dead_letter(run):
    job = run(Work(*[ZeroDivisionError("no")] * 9), times=5)

    assert (job.status, job.attempts) == (JobStatus.DEAD, 5)


def test_a_job_that_takes_its_worker_with_it_is_given_up(app, run, monkeypatch):
    work = Work()
    with monkeypatch.context() as patched:
        # As after kill -9: counted, and nothing else happened.
        patched.setattr(runtime, "_attempt", lambda started: None)
        run(work, times=runtime.MAXIMUM_RUNS)

    job = run(work)

    assert work.runs == []
    assert job.status == JobStatus.DEAD
    assert "no end" in job.error


def test_a_job_of_an_older_release_that_nobody_knows_ends_as_dead_letter(app, run):
    runtime.use_site(app)
    with app.app_context():
        with transaction() as tx:
            tx.add(
                OutboxJob(
                    name="gone.with_the_release",
                    payload={},
                    created_at=clock.now(),
                    due_at=clock.now(),
                )
            )
        job_id = session().query(OutboxJob.id).scalar()

    for delivery in range(5):
        runtime.run_outbox_job(job_id, delivery)

    with app.app_context():
        assert session().get(OutboxJob, job_id).status == JobStatus.DEAD


def test_values_of_a_database_error_stay_out_of_the_list_of_jobs(run):
    from sqlalchemy.exc import IntegrityError

    job = run(Work(IntegrityError("INSERT", {}, Exception("Key (name)=(Sam) exists"))))

    assert job.error == "IntegrityError"


def test_without_a_database_the_job_is_left_to_its_lease(app, run, monkeypatch, caplog):
    from sqlalchemy.exc import OperationalError

    def away(*args, **kwargs):
        raise OperationalError("SELECT", {}, Exception("gone"))

    with monkeypatch.context() as patched:
        patched.setattr(outbox, "start_job", away)
        job = run(Work())

    assert (job.status, job.attempts) == (JobStatus.WAITING, 0)
    assert "left to its lease" in caplog.text
