"""The base copy of the night as a periodic job, with its dead-man check and its page (BAK-01)."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import current_app
from sqlalchemy import select

from app.backup.errors import AlreadyRunning, BackupFailed, NoKeys
from app.backup.rules.base_copy import CLUSTER_FILES, CONTENTS, made_at_of, name_of_base, write_base
from app.backup.services import cluster_copies as copies
from app.backup.services.base_copies import BASE_FOLDER, base_copies
from app.backup.services.sealing import sealed_file
from app.infra import heartbeat
from app.infra.db import session
from app.infra.heartbeat import Heartbeat
from app.infra.locks import LockSpace, first_come
from app.infra.outbox import JobName, RetryLater
from app.infra.runtime import settings
from app.infra.storage import LocalFolder
from app.infra.vault import create_keys
from app.kernel import clock
from app.kernel.actor import system_actor
from app.kernel.errors import Forbidden
from app.security.models import AuditEvent
from tests.rules.test_base_copy_rules import COPY, NOON
from worker import schedule, watching
from worker.jobs import backup as jobs
from worker.runtime import declared_jobs

pytestmark = pytest.mark.committed
SYSTEM = system_actor()
CLUSTER = "postgresql+psycopg2://uscpis_copies@10.0.0.4/postgres"


@pytest.fixture
def site(app, tmp_path, monkeypatch):
    """A site whose cluster may be copied, to two places, and the clusters that were read."""
    changed = replace(
        app.config["SETTINGS"],
        backup_folder=tmp_path / "first",
        backup_second_folder=str(tmp_path / "second"),
        backup_replication_url=CLUSTER,
        keys_folder=tmp_path / "keys",
    )
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    (tmp_path / "second").mkdir()
    create_keys(tmp_path / "keys" / "backup.json")
    made: list[str] = []

    def make(url, vault, folder, *, made_at, mark):
        made.append(url)
        copy = replace(COPY, set_name=name_of_base(made_at, mark), finished_at=clock.now())
        for name, content in ((CLUSTER_FILES, b"x" * 2048), (CONTENTS, write_base(copy))):
            with sealed_file(folder, vault, copy.set_name, name) as file:
                file.write(content)
        folder.finish(copy.set_name)
        return copy

    monkeypatch.setattr(copies, "make_base", make)
    with app.app_context():
        yield made


def second_folder() -> Path:
    return Path(settings().backup_second_folder) / BASE_FOLDER


def second_place() -> LocalFolder:
    return LocalFolder(second_folder())


def configure(monkeypatch, **changed):
    """Other settings from here on."""
    ours = replace(settings(), **changed)
    monkeypatch.setitem(current_app.config, "SETTINGS", ours)


def test_the_job_copies_the_cluster_to_every_place(site):
    jobs.copy_cluster(SYSTEM)

    [kept] = base_copies(copies.first_place(settings()), copies.cluster_vault())
    assert site == [CLUSTER]
    assert second_place().sets() == [kept.set_name]
    [event] = session().scalars(
        select(AuditEvent).where(AuditEvent.action == "backup:cluster:copy")
    )
    assert event.object_id == kept.set_name


def test_only_the_last_seven_stay(site):
    for days in range(9, 0, -1):
        with clock.pretend(clock.now() - timedelta(days=days)):
            copies.copy_cluster(SYSTEM)

    jobs.copy_cluster(SYSTEM)

    assert len(copies.first_place(settings()).sets()) == copies.KEEP
    assert len(second_place().sets()) == copies.KEEP


def test_a_copy_that_did_not_reach_a_place_is_sent_again_and_not_made_again(site):
    second_folder().write_text("a file where the folder should be")

    with pytest.raises(BackupFailed, match="did not reach another place"):
        jobs.copy_cluster(SYSTEM)
    second_folder().unlink()
    jobs.copy_cluster(SYSTEM)

    assert len(site) == 1
    assert len(second_place().sets()) == 1


def test_while_a_backup_runs_the_job_comes_back_and_a_person_is_told(site):  # JOB-01
    with first_come(LockSpace.BACKUP):
        with pytest.raises(RetryLater):
            jobs.copy_cluster(SYSTEM)
        with pytest.raises(AlreadyRunning):
            copies.copy_cluster(SYSTEM)

    assert site == []


def test_without_keys_nothing_is_copied(site, monkeypatch, tmp_path):
    configure(monkeypatch, keys_folder=tmp_path / "none")

    with pytest.raises(NoKeys):
        jobs.copy_cluster(SYSTEM)


def test_only_those_who_may_make_backups_copy_the_cluster(site, people):
    with pytest.raises(Forbidden):
        copies.copy_cluster(people.rosa.actor)
    with pytest.raises(Forbidden):
        copies.copy_cluster_nightly(people.rosa.actor)


def expected_jobs() -> set[str]:
    """Those with a dead-man check."""
    watching.expect({name: known.timeout for name, known in declared_jobs().items()})
    return set(session().scalars(select(Heartbeat.name)))


def test_it_is_planned_and_missed_only_where_it_is_set_up(site, monkeypatch):  # BAK-04
    with_url = (schedule.wanted(schedule.EVERY, settings()), expected_jobs())
    configure(monkeypatch, backup_replication_url="")
    without = (schedule.wanted(schedule.EVERY, settings()), expected_jobs())

    jobs.copy_cluster(SYSTEM)

    assert [JobName.COPY_CLUSTER in found for found in (*with_url, *without)] == [
        *(True, True),
        *(False, False),
    ]
    assert site == []


def test_it_begins_two_hours_after_the_backup(site):
    at = schedule.daily(settings())

    assert at[JobName.BACK_UP_DAILY].at.strftime("%H:%M") == "02:30"
    assert at[JobName.COPY_CLUSTER].at.strftime("%H:%M") == "04:30"


def test_the_size_of_the_copy_is_watched(site):
    heartbeat.enter_checks({JobName.COPY_CLUSTER: (timedelta(days=1), timedelta(hours=3))})

    jobs.copy_cluster(SYSTEM)

    assert heartbeat._size.get() == COPY.size


def test_the_page_says_when_how_large_and_where(site, client, people, monkeypatch):
    browser = client.sign_in(people.ada)
    before = browser.get("/backups/").get_data(as_text=True)
    jobs.copy_cluster(SYSTEM)
    after = browser.get("/backups/").get_data(as_text=True)
    with clock.pretend(clock.now() + timedelta(hours=31)):
        browser = client.sign_in(people.ada)
        later = browser.get("/backups/").get_data(as_text=True)
    configure(monkeypatch, backup_replication_url="", backup_folder=second_folder())
    without = browser.get("/backups/").get_data(as_text=True)

    assert "No base copy yet" in before
    assert "Newest base copy" in after
    assert "1 kept in" in after
    assert f"first/{BASE_FOLDER}</code>" in after
    assert "older than 30 hours" not in after
    assert "older than 30 hours" in later
    assert "Recovery to any moment" not in without


def test_the_name_of_a_copy_tells_when_it_was_begun():
    assert made_at_of(name_of_base(NOON, "ab12")) == NOON
    assert made_at_of("base-7") is None
    assert made_at_of("uscpis-20260105T100000Z-ab12") is None
