"""Every promised job has a function, and the periodic ones are known (JOB-01)."""

import inspect
from datetime import timedelta

import pytest

from app.infra.outbox import JobName
from app.infra.queue import QUEUES
from worker import runtime, schedule


@pytest.mark.parametrize("name", list(JobName))
def test_every_job_name_resolves_to_a_function(name):
    known = runtime.declared_jobs()[name]

    assert callable(known.work)
    assert known.queue in QUEUES
    assert known.timeout > timedelta()
    assert next(iter(inspect.signature(known.work).parameters)) == "actor"


def test_no_function_waits_for_a_job_that_nobody_names():
    assert set(runtime.declared_jobs()) <= {name.value for name in JobName}


def test_every_periodic_job_can_run():
    assert set(schedule.EVERY) <= set(runtime.declared_jobs())
    assert all(period >= timedelta(minutes=1) for period in schedule.EVERY.values())


def test_a_name_is_declared_only_once():
    runtime.declared_jobs()

    with pytest.raises(ValueError, match="declared twice"):
        runtime.job(JobName.SEND_MESSAGE)
