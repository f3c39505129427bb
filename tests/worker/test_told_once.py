"""One trouble is one bell and one e-mail to the admin, however many checks see it (NOT-04)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.backup.services import making
from app.infra import heartbeat, outbox
from app.infra.db import session, transaction
from app.infra.outbox import JobName, OutboxJob
from app.integrity import services as integrity
from app.kernel import clock
from app.kernel.actor import system_actor
from app.notifications.models import Communication
from app.operations import services
from app.operations.queries.alerts import alert_lines
from worker import runtime

pytestmark = pytest.mark.committed
SYSTEM = system_actor()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ONCE = ["email", "in-app"]


@pytest.fixture
def site(app):
    """The site, inside an application context, with its jobs."""
    runtime.use_site(app)
    with app.app_context():
        yield app
    runtime._site.clear()


def look(times: int = 2) -> None:
    """The worker and the relay look, more than once."""
    for _ in range(times):
        services.check_system(SYSTEM)


def channels_to(person) -> list[str]:
    """By which ways the admin heard of anything; the daily end of the audit trail is no trouble."""
    session().expire_all()
    found = select(Communication.channel).where(
        Communication.recipient_user_id == person.user_id,
        Communication.event != "integrity.audit_head",
    )
    return sorted(session().scalars(found))


def open_sentences() -> list[str]:
    session().expire_all()
    return [line.sentence for line in alert_lines(only_open=True)]


def run_job(name: JobName, *, times: int = 1, **payload) -> None:
    """Promise a job and run it as the worker does; the checks look after each run."""
    with transaction() as tx:
        outbox.enqueue(tx, name, **payload)
    job = session().scalars(select(OutboxJob).order_by(OutboxJob.id.desc())).first()
    job_id = job.id
    for delivery in range(times):
        runtime.run_outbox_job(job_id, delivery)
        look()


def breaks(*_args, **_more):
    raise ZeroDivisionError


def test_a_job_that_is_given_up_is_told_once(site, people, monkeypatch):
    """It fails five times, leaves an error report and ends as a dead letter: one trouble."""
    monkeypatch.setattr("app.patients.services.continue_import", breaks)

    run_job(JobName.IMPORT_PATIENTS, times=5, run_id=1)

    assert channels_to(people.ada) == ONCE
    assert outbox.dead_by_name() == {"patients.import_patients": 1}
    [sentence] = open_sentences()
    assert "import patients" in sentence


def test_a_periodic_job_that_fails_until_it_is_given_up_is_told_once(site, people, monkeypatch):
    heartbeat.enter_checks({JobName.PURGE_ATTEMPTS: (DAY, HOUR)})
    monkeypatch.setattr("app.security.services.purge_attempts", breaks)

    run_job(JobName.PURGE_ATTEMPTS, times=5)

    assert channels_to(people.ada) == ONCE


def test_a_proof_that_fails_is_told_once(site, people):
    with transaction() as tx:
        outbox.enqueue(tx, JobName.PURGE_OUTBOX)
    # Done without the time of its end: what a careless repair by hand leaves behind.
    session().execute(update(OutboxJob).values(status="done", finished_at=None))
    session().commit()

    run = integrity.run_proof(SYSTEM)
    look()

    assert run.breach_count == 1
    assert channels_to(people.ada) == ONCE
    assert channels_to(people.pia) == ONCE
    assert open_sentences() == ["The last proof of the stored data failed: look at the proofs now."]


def test_a_backup_that_fails_is_told_once(site, people, monkeypatch):  # BAK-04
    """The job of the day fails again and again; the row of each run says why."""
    heartbeat.enter_checks({JobName.BACK_UP_DAILY: (DAY, HOUR)})
    monkeypatch.setattr(making, "COMPRESSION", "no-such-method")

    run_job(JobName.BACK_UP_DAILY, times=3)

    assert channels_to(people.ada) == ONCE
    assert len(open_sentences()) == 1


def test_a_job_that_is_overdue_is_told_once(site, people):
    with clock.pretend(clock.now() - 3 * DAY):
        heartbeat.enter_checks({JobName.BACK_UP_DAILY: (DAY, HOUR)})

    look(3)

    assert channels_to(people.ada) == ONCE  # late, and no backup was ever proven
    assert len(open_sentences()) == 1


def test_a_worker_that_is_gone_is_told_once(site, people):
    """Every job falls silent and work waits, soon and for longer and longer: one trouble."""
    minute = timedelta(minutes=1)
    names = (JobName.CHECK_SYSTEM, JobName.SEAL_AUDIT, JobName.SEND_REMINDERS, JobName.SETTLE_HOLDS)
    heartbeat.enter_checks({**dict.fromkeys(names, (minute, minute))})
    with transaction() as tx:
        outbox.enqueue(tx, JobName.PURGE_OUTBOX)

    for minutes in (6, 7, 12, 20):
        with clock.pretend(clock.now() + minutes * minute):
            look()

    assert channels_to(people.ada) == ONCE
    [sentence] = open_sentences()
    assert "3 more jobs are late: is the worker running?" in sentence


def dead_mail(count: int) -> None:
    """So many e-mails that were given up."""
    now = clock.now()
    for number in range(count):
        session().add(
            Communication(
                event="appointment.confirmed",
                entity=f"appointment/{number}-{now}",
                occurrence=0,
                recipient="mail/sam@usc.edu.ph",
                recipient_name="Sam",
                recipient_address="sam@usc.edu.ph",
                template="confirmed",
                params={},
                link="",
                created_at=now,
                channel="email",
                subject="x",
                status="dead",
            )
        )
    session().commit()


def test_mail_that_is_given_up_is_told_once(site, people):
    dead_mail(12)

    look()

    assert channels_to(people.ada) == ONCE  # given up, and too few were delivered


def test_more_of_what_somebody_took_for_known_rings_again_and_sends_no_mail(site, people):
    dead_mail(1)
    look()
    [line] = alert_lines(only_open=True)
    services.acknowledge_alert(people.ada.actor, alert_id=line.id)

    dead_mail(2)
    look(3)

    assert channels_to(people.ada) == sorted([*ONCE, "in-app"])
    assert open_sentences() == ["3 e-mails were given up and wait for a person."]


def test_a_second_job_that_is_given_up_is_a_trouble_of_its_own(site, people, monkeypatch):
    monkeypatch.setattr("app.patients.services.continue_import", breaks)
    monkeypatch.setattr("app.security.services.purge_attempts", breaks)

    run_job(JobName.IMPORT_PATIENTS, times=5, run_id=1)
    run_job(JobName.PURGE_ATTEMPTS, times=5)

    assert channels_to(people.ada) == sorted(ONCE * 2)


def test_a_warning_that_becomes_critical_is_told_again(site, people):
    with transaction() as tx:
        outbox.enqueue(tx, JobName.PURGE_OUTBOX)
    with clock.pretend(clock.now() + timedelta(minutes=20)):
        look()
    assert channels_to(people.ada) == ONCE

    with clock.pretend(clock.now() + timedelta(minutes=70)):
        look()

    assert channels_to(people.ada) == sorted(ONCE * 2)
