"""A backup from the wish to the proof; whatever goes wrong is said and harms no earlier set."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import current_app
from sqlalchemy import select, text

from app.backup import queries, services
from app.backup.errors import AlreadyRunning, BackupFailed
from app.backup.models import BackupRun
from app.backup.rules import Check, Proof, RunStatus
from app.backup.services import copying, making, runs
from app.backup.services.rows import INTERRUPTED, NOT_PROVEN
from app.infra.db import session
from app.infra.locks import LockSpace, first_come
from app.infra.outbox import JobName, OutboxJob, RetryLater
from app.infra.runtime import settings
from app.kernel import clock
from app.kernel.actor import system_actor
from app.kernel.errors import Forbidden
from app.security.models import AuditEvent
from worker.jobs import backup as jobs

pytestmark = pytest.mark.committed
SYSTEM = system_actor()


@pytest.fixture
def site(app):
    """The site, inside an application context."""
    with app.app_context():
        yield app


@pytest.fixture
def quick(site, monkeypatch):
    """A site whose sets are proven without being restored: the tests of proofs do that."""
    verdict = [Check("restore", passed=True, sentence="It came back.")]
    monkeypatch.setattr(runs, "prove_set", lambda *_args, **_more: list(verdict))
    return verdict


def run_of(run_id: int) -> queries.RunView:
    """A run as it is shown now."""
    session().expire_all()
    found = queries.known_run(run_id)
    assert found is not None
    return found


def told() -> list[str]:
    """What the alert says of the last backup that ended."""
    session().expire_all()
    trouble = queries.last_trouble()
    return [trouble.sentence] if trouble else []


def sets_in(folder: Path) -> list[str]:
    """Everything in a folder of sets, hidden things too."""
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def test_a_backup_is_made_proven_and_written_down(site, people):  # BAK-02, BAK-03
    run = run_of(services.run_backup(people.ada.actor))

    assert (run.status, run.proof) == (RunStatus.MADE, Proof.PASSED), run.checks
    assert len(run.checks) > 5
    assert run.finished_at is not None
    assert run.row_count > 100
    assert run.size_bytes > 10_000
    assert sets_in(settings().backup_folder) == [run.set_name]
    assert run.places == [{"label": str(settings().backup_folder), "is_there": True, "problem": ""}]
    last = queries.last_proven()
    assert last is not None
    assert (last.run_id, last.size) == (run.id, run.size_bytes)
    actions = set(session().scalars(select(AuditEvent.action)))
    assert {"backup:backup:run", "backup:backup:prove"} <= actions


def test_a_backup_that_was_asked_for_is_made_by_its_job(quick, people):
    run_id = services.request_backup(people.ada.actor)
    [job] = session().scalars(select(OutboxJob).where(OutboxJob.name == JobName.BACK_UP))
    waiting = run_of(run_id)

    jobs.back_up(SYSTEM, **job.payload)
    jobs.back_up(SYSTEM, **job.payload)  # delivered twice (JOB-01)

    assert (waiting.status, waiting.step) == (RunStatus.WAITING, "waiting")
    assert run_of(run_id).status is RunStatus.MADE
    assert run_of(run_id).asked_by_name == people.ada.name
    assert len(sets_in(settings().backup_folder)) == 1


def test_only_an_admin_may_ask_for_a_backup(site, people):
    for person in (people.pia, people.rosa, people.dana, people.sam):
        with pytest.raises(Forbidden):
            services.request_backup(person.actor)
        with pytest.raises(Forbidden):
            services.run_backup(person.actor)


def test_a_second_backup_is_refused_while_one_waits(quick, people):
    services.request_backup(people.ada.actor)

    with pytest.raises(AlreadyRunning, match="under way"):
        services.request_backup(people.ada.actor)


def test_a_second_backup_is_refused_while_one_runs(quick, people):  # JOB-01
    with first_come(LockSpace.BACKUP) as is_first:
        assert is_first
        with pytest.raises(AlreadyRunning):
            services.request_backup(people.ada.actor)
        with pytest.raises(AlreadyRunning):
            services.run_backup(people.ada.actor)
        with pytest.raises(RetryLater):
            jobs.back_up_daily(SYSTEM)
        with pytest.raises(RetryLater):
            jobs.back_up(SYSTEM, run_id=1)

    assert sets_in(settings().backup_folder) == []


def test_the_daily_backup_makes_what_was_asked_for_and_waits(quick, people):
    run_id = services.request_backup(people.ada.actor)

    jobs.back_up_daily(SYSTEM)

    assert run_of(run_id).status is RunStatus.MADE
    assert session().query(BackupRun).count() == 1


def test_a_run_that_was_killed_is_said_to_have_failed_by_the_next(quick, people):  # JOB-01
    services.run_backup(SYSTEM)
    session().execute(
        text(
            "INSERT INTO backup_run (status, asked_by_name, started_at)"
            " VALUES ('running', 'system', now())"
        )
    )
    session().commit()
    half = settings().backup_folder / ".half-uscpis-killed"
    half.mkdir()
    (half / "database.dump.sealed").write_bytes(b"half")

    next_id = services.run_backup(people.ada.actor)

    killed = run_of(next_id - 1)
    assert (killed.status, killed.error) == (RunStatus.FAILED, INTERRUPTED)
    assert killed.finished_at is not None
    assert run_of(next_id).status is RunStatus.MADE
    assert not half.exists()
    assert told() == []


def test_a_run_that_was_killed_while_it_was_proven_keeps_its_set(quick, people):
    run_id = services.run_backup(SYSTEM)
    session().execute(
        text("UPDATE backup_run SET finished_at = NULL, step = 'proof', proof = 'running'")
    )
    session().commit()

    services.run_backup(people.ada.actor)

    killed = run_of(run_id)
    assert (killed.status, killed.proof, killed.error) == (RunStatus.MADE, Proof.NONE, NOT_PROVEN)
    assert killed.removed_at is not None  # it was never proven, and a newer one is


def test_a_failure_is_told_and_earlier_sets_stay(quick, people, monkeypatch):  # BAK-04
    good = run_of(services.run_backup(people.ada.actor))
    monkeypatch.setattr(making, "COMPRESSION", "no-such-method")

    for _ in range(2):
        with pytest.raises(BackupFailed):
            jobs.back_up_daily(SYSTEM)

    failed = queries.latest_runs()[0]
    assert failed.status is RunStatus.FAILED
    assert "no-such-method" in failed.error
    assert sets_in(settings().backup_folder) == [good.set_name]
    [said] = told()
    assert said.startswith("A backup failed. pg_dump failed:")


def test_a_failure_of_a_backup_that_was_asked_for_is_in_its_row(quick, people, monkeypatch):
    run_id = services.request_backup(people.ada.actor)
    monkeypatch.setattr(making, "COMPRESSION", "no-such-method")

    jobs.back_up(SYSTEM, run_id=run_id)

    assert run_of(run_id).status is RunStatus.FAILED
    assert len(told()) == 1


def test_a_set_that_cannot_be_restored_does_not_count(quick, people):  # BAK-02
    first = run_of(services.run_backup(people.ada.actor))
    quick[:] = [
        Check("seals", passed=True, sentence="Whole."),
        Check("row counts", passed=False, sentence="Rows are missing: ab_user has 1."),
    ]

    second = run_of(services.run_backup(people.ada.actor))

    assert (second.status, second.proof) == (RunStatus.MADE, Proof.FAILED)
    assert told() == ["A backup could not be restored. Rows are missing: ab_user has 1."]
    last = queries.last_proven()
    assert last is not None
    assert last.run_id == first.id


def test_a_proof_that_breaks_is_a_failed_proof(quick, people, monkeypatch):
    def broken(*_args, **_more):
        raise RuntimeError("secret of a patient")

    monkeypatch.setattr(runs, "prove_set", broken)

    run = run_of(services.run_backup(people.ada.actor))

    assert run.proof is Proof.FAILED
    assert "RuntimeError" in run.checks[0]["sentence"]
    assert "secret" not in str(run.checks)


def test_a_set_that_is_suddenly_small_is_told(quick, people, monkeypatch):  # BAK-04
    services.run_backup(people.ada.actor)
    session().execute(text("UPDATE backup_run SET size_bytes = size_bytes * 2"))
    session().commit()

    services.run_backup(people.ada.actor)

    [said] = told()
    assert said.startswith("The newest backup is 5")


def test_an_interrupted_command_leaves_a_failed_run_and_nothing_else(quick, people, monkeypatch):
    def stop(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(runs, "make_set", stop)
    with pytest.raises(KeyboardInterrupt):
        services.run_backup(people.ada.actor)

    assert queries.latest_runs()[0].error == "It was interrupted."
    assert queries.latest_runs()[0].finished_at is not None


def test_the_trail_is_sealed_before_the_set_is_made(quick, people):  # AUD-02
    services.run_backup(people.ada.actor)

    seals = session().execute(text("SELECT count(*) FROM security_audit_seal")).scalar_one()
    assert seals > 0


def test_progress_is_told_at_each_step(quick, people):
    steps = []

    services.run_backup(people.ada.actor, watch=lambda step, done: steps.append((step, done)))

    names = list(dict.fromkeys(step for step, _ in steps))
    assert names == ["database", "copies", "proof", "tidying"]


def test_a_set_that_is_older_than_26_hours_is_stale(quick, people):  # BAK-01
    assert queries.last_proven_is_stale()
    services.run_backup(people.ada.actor)
    assert not queries.last_proven_is_stale()

    with clock.pretend(clock.now() + timedelta(hours=27)):
        assert queries.last_proven_is_stale()


def test_a_first_folder_that_is_lost_is_made_anew(quick, people):
    services.run_backup(people.ada.actor)
    shutil.rmtree(settings().backup_folder)

    second = run_of(services.run_backup(people.ada.actor))

    assert sets_in(settings().backup_folder) == [second.set_name]
    assert "gone" in run_of(second.id - 1).places[0]["problem"]


def test_no_transaction_waits_while_something_long_is_done(quick, people, tmp_path, monkeypatch):
    """The database cuts off who idles in a transaction for a minute (config/flask.py)."""
    services.run_backup(people.ada.actor)
    (tmp_path / "second").mkdir()
    changed = replace(settings(), backup_second_folder=str(tmp_path / "second"))
    monkeypatch.setitem(current_app.config, "SETTINGS", changed)
    seen = []

    def looking(name, real):
        def look(*args, **more):
            seen.append((name, session().in_transaction()))
            return real(*args, **more)

        return look

    for module, name in ((runs, "make_set"), (runs, "prove_set"), (copying, "copy_set")):
        monkeypatch.setattr(module, name, looking(name, getattr(module, name)))
    services.run_backup(people.ada.actor)

    names = [name for name, _ in seen]
    assert names == ["make_set", "copy_set", "prove_set", "copy_set"]
    assert not any(waits for _, waits in seen)


def test_what_breaks_after_the_set_was_made_is_said_and_the_set_stays(quick, people, monkeypatch):
    def broken(_names):
        raise RuntimeError("secret of a patient")

    monkeypatch.setattr(runs, "copy_everywhere", broken)
    with pytest.raises(RuntimeError):
        services.run_backup(people.ada.actor)

    [run] = queries.latest_runs()
    assert (run.status, run.proof, run.is_under_way) == (RunStatus.MADE, Proof.NONE, False)
    assert run.error == "Something unexpected happened (RuntimeError); the log says more."
    assert sets_in(settings().backup_folder) == [run.set_name]


def test_a_proof_that_checks_nothing_proves_nothing(quick, people):
    quick.clear()

    assert run_of(services.run_backup(people.ada.actor)).proof is Proof.FAILED


def test_a_backup_is_made_even_if_the_trail_cannot_be_sealed(quick, people, monkeypatch):
    def refuse():
        raise Forbidden()

    monkeypatch.setattr(runs.security, "seal_events", refuse)

    assert run_of(services.run_backup(people.ada.actor)).status is RunStatus.MADE
