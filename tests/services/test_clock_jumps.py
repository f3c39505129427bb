"""A clock that is a day wrong, and is put right again: sessions, kept times, leases, schedules.

AUT-05, JOB-01, SCH-31. What was set by a clock that ran ahead must not last until then.
"""

from contextlib import nullcontext
from datetime import timedelta

import pytest

from app.infra import outbox, schedule
from app.infra.db import transaction
from app.infra.outbox import JobName, OutboxJob
from app.infra.schedule import PeriodicJob
from app.kernel import clock
from app.scheduling import services
from app.scheduling.services import Wish
from app.scheduling.services.form_holds import keep_time, settle_form_holds
from tests.factories.scheduling import SYSTEM, at

A_DAY = timedelta(days=1)
EVERY = {JobName.SEND_REMINDERS: timedelta(minutes=1)}
PAGE = "/users/userinfo/"


def jumped(by: timedelta):
    """The clock is that much wrong."""
    return clock.pretend(clock.now() + by) if by else nullcontext()


def promise() -> None:
    with transaction() as tx:
        outbox.enqueue(tx, JobName.SEND_MESSAGE)


@pytest.mark.parametrize("by", [A_DAY, -A_DAY])
def test_during_a_jump_everybody_can_sign_in(app, people, by):
    with jumped(by):
        client = app.test_client().sign_in(people.rosa)
        assert client.get(PAGE).status_code == 200


def test_a_jump_forwards_ends_sessions_and_a_jump_back_keeps_none_too_long(client, people):
    client.sign_in(people.rosa)
    with jumped(A_DAY):
        ahead = client.get(PAGE).status_code
        client.sign_in(people.rosa)
        again = client.get(PAGE).status_code
    right_again = client.get(PAGE).status_code
    client.sign_in(people.rosa)

    assert (ahead, again, right_again) == (302, 200, 302)
    assert client.get(PAGE).status_code == 200


def test_machines_that_disagree_by_a_minute_share_sessions(client, people):
    with jumped(timedelta(minutes=1)):
        client.sign_in(people.rosa)

    assert client.get(PAGE).status_code == 200


@pytest.mark.parametrize("by", [A_DAY, -A_DAY])
def test_a_periodic_job_goes_on_after_a_jump_and_after_its_correction(db, by):
    schedule.enter_jobs(EVERY)
    schedule.enqueue_due_jobs(EVERY)
    with jumped(by):
        schedule.enqueue_due_jobs(EVERY)
        with jumped(timedelta(minutes=2)):
            during = schedule.enqueue_due_jobs(EVERY)

    schedule.enqueue_due_jobs(EVERY)
    with jumped(timedelta(minutes=2)):
        after = schedule.enqueue_due_jobs(EVERY)

    assert (during, after) == (1, 1)


def test_a_time_of_the_schedule_is_left_alone_while_clocks_disagree_a_little(db):
    with jumped(timedelta(seconds=30)):
        schedule.enter_jobs(EVERY)
        schedule.enqueue_due_jobs(EVERY)
    before = db.query(PeriodicJob.next_due_at).scalar()

    schedule.enqueue_due_jobs(EVERY)

    assert db.query(PeriodicJob.next_due_at).scalar() == before


def test_what_was_promised_while_the_clock_ran_ahead_is_done_now(db):
    with jumped(A_DAY):
        promise()
    stuck = outbox.lease_due_jobs()

    moved = outbox.settle_clock()

    assert (stuck, moved) == ([], 1)
    assert len(outbox.lease_due_jobs()) == 1


def test_what_was_promised_for_later_keeps_its_distance(db):
    with jumped(A_DAY), transaction() as tx:
        later = clock.now() + timedelta(hours=2)
        outbox.enqueue(tx, JobName.SEND_MESSAGE, due_at=later)

    outbox.settle_clock()

    wait = db.query(OutboxJob.due_at).scalar() - clock.now()
    assert timedelta(minutes=119) < wait <= timedelta(hours=2)


def test_a_lease_that_was_taken_ahead_of_time_does_not_last_for_a_day(db):
    promise()
    with jumped(A_DAY):
        leased = outbox.lease_due_jobs()

    outbox.settle_clock()

    with jumped(timedelta(seconds=61)):
        assert [job.id for job in outbox.lease_due_jobs()] == [job.id for job in leased]


def test_with_a_clock_that_is_right_nothing_is_moved(db):
    promise()
    outbox.lease_due_jobs()
    promise()

    assert outbox.settle_clock() == 0


def test_a_job_that_was_leased_before_a_jump_forwards_runs_once(db):
    promise()
    [leased] = outbox.lease_due_jobs()
    with jumped(A_DAY):
        [again] = outbox.lease_due_jobs()
        first = outbox.start_job(leased.id, delivery=0, lease_for=lambda _: timedelta(minutes=1))
        second = outbox.start_job(again.id, delivery=0, lease_for=lambda _: timedelta(minutes=1))

    assert first is not None
    assert second is None


@pytest.mark.usefixtures("clinic")
@pytest.mark.parametrize("by", [A_DAY, -A_DAY])
def test_a_kept_time_blocks_nobody_for_a_day(db, people, by):
    wanted = Wish(type="consultation", starts_at=at("2026-11-26 09:00"), provider="DOC901")
    with jumped(by):
        keep_time(people.sam.actor, wish=wanted)

    settle_form_holds(SYSTEM)

    assert services.book_appointment(people.eve.actor, wish=wanted).status == "confirmed"
