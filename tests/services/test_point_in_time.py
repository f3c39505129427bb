"""A cluster that is lost comes back as it was at a chosen moment (BAK-01, BAK-04)."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app.backup.services.settling import WAS_WAITING_THEN
from app.infra import outbox
from app.infra.db import db, session, transaction
from app.infra.outbox import JobName, OutboxJob
from app.infra.vault import create_keys
from app.infra.wal import main as wal
from app.infra.wal_archive import archive_state
from app.scheduling import services
from app.scheduling.services import Wish
from tests import site
from tests.clusters import PrivateCluster, wait_until
from tests.factories.scheduling import at, monday_seven, open_clinic
from tests.people import PEOPLE
from worker import runtime

HERE = ZoneInfo("Asia/Manila")
MAILS = "SELECT count(*) FROM notifications_communication WHERE channel = 'email'"
RECOVERED = "SELECT count(*) FROM security_audit_event WHERE action = 'backup:cluster:recover'"
BOOKED = "SELECT count(*) FROM scheduling_appointment WHERE starts_at = :at"


@dataclass
class Story:
    """A cluster whose log is archived, a base copy, two bookings, and then the disaster."""

    cluster: PrivateCluster
    app: Flask
    home: Path
    variables: Path
    between: datetime
    after: datetime
    system: str

    @property
    def archive(self) -> Path:
        return self.home / "backups" / "_wal" / self.system

    def run(self, *words: str) -> Result:
        runner = self.app.test_cli_runner()
        return runner.invoke(args=["clinic", *words], catch_exceptions=False)

    def recover(self, moment: datetime, folder: Path) -> Result:
        local = moment.astimezone(HERE).strftime("%Y-%m-%d %H:%M:%S.%f")
        told = ("--settings-file", str(self.variables))
        return self.run("recover", "--to", local, "--into", str(folder), *told)

    def come_back(self, moment: datetime) -> None:
        """The whole way: prepare the folder, start the server, wait until it can be used."""
        done = self.recover(moment, self.cluster.data)
        assert done.exit_code == 0, done.output
        orders = self.cluster.data / "postgresql.auto.conf"
        lines = [self.cluster.reachable(line) for line in orders.read_text().splitlines()]
        orders.write_text("\n".join(lines) + "\n")
        self.cluster.start()
        wait_until(
            lambda: self.cluster.ask("SELECT NOT pg_is_in_recovery()"), "the server had opened"
        )

    def is_booked(self, time_of_day: str) -> bool:
        return self.cluster.ask(BOOKED, at=at(time_of_day)) == 1

    def lose_everything(self) -> None:
        if self.cluster.child is not None:
            self.cluster.kill()
        shutil.rmtree(self.cluster.data)


def book(app, person, time_of_day) -> None:
    with app.app_context(), monday_seven():
        wish = Wish(type="consultation", starts_at=at(time_of_day), provider=PEOPLE.dana.id)
        services.book_appointment(person.actor, wish=wish)


@pytest.fixture(scope="module")
def story(template_database, tmp_path_factory) -> Iterator[Story]:
    home = tmp_path_factory.mktemp("recovery")
    create_keys(home / "keys" / "backup.json")
    variables = home / "environment"
    variables.write_text(f"# for the server\nUSCPIS_HOME='{home}'\n")
    cluster = PrivateCluster(home / "postgres")
    try:
        yield _lived(cluster, template_database, home, variables)
    finally:
        cluster.destroy()


def _lived(cluster: PrivateCluster, template: str, home: Path, variables: Path) -> Story:
    app = site.build_app(cluster.start(), home)
    system = str(cluster.ask("SELECT system_identifier FROM pg_control_system()"))
    now = datetime.now(HERE)
    story = Story(cluster, app, home, variables, now, now, system)
    lines = story.run("wal-settings", "--settings-file", str(variables)).output.splitlines()
    cluster.stop()
    cluster.configure(*lines, "archive_timeout = 1")
    cluster.start()
    cluster.fill_from(template)
    assert story.run("base-backup").exit_code == 0
    with app.app_context(), monday_seven():
        open_clinic()
    book(app, PEOPLE.sam, "09:00")
    story.between = cluster.ask("SELECT clock_timestamp() FROM pg_sleep(0.01)")
    book(app, PEOPLE.eve, "10:00")
    story.after = cluster.ask("SELECT clock_timestamp() FROM pg_sleep(0.01)")
    segment = cluster.ask("SELECT pg_walfile_name(pg_current_wal_lsn())")
    # A target is only reached when something later is in the log.
    book(app, PEOPLE.eve, "11:00")
    wait_until(lambda: _archived(cluster, segment), "the log was in the archive")
    with app.app_context():
        state = archive_state()
        assert state is not None
        assert not state.is_failing
        db.session.remove()
        db.engine.dispose()
    story.lose_everything()
    return story


def _archived(cluster: PrivateCluster, segment: object) -> object:
    last = "SELECT coalesce(last_archived_wal, '') > :segment FROM pg_stat_archiver"
    return cluster.ask(last, segment=segment)


def test_everything_comes_back_up_to_a_moment_between_two_bookings(story):  # BAK-01
    story.come_back(story.between)

    assert story.is_booked("09:00")
    assert not story.is_booked("10:00")


def work_a_little(story) -> None:
    """What a worker does first: any job."""
    runtime.use_site(story.app)
    try:
        with story.app.app_context():
            with transaction() as tx:
                outbox.enqueue(tx, JobName.PURGE_IDEMPOTENCY)
            newest = select(OutboxJob.id).order_by(OutboxJob.id.desc()).limit(1)
            job_id = session().scalars(newest).one()
            session().rollback()
        runtime.run_outbox_job(job_id, 0)
    finally:
        runtime._site.clear()


def test_messages_that_waited_at_the_moment_wait_for_a_person(story):  # BAK-04, NOT-01
    """As after a restore of a set: before the first job runs, and only once."""
    waiting = story.cluster.ask(f"{MAILS} AND status = 'queued'")

    work_a_little(story)
    held_back = story.cluster.ask(
        f"{MAILS} AND status = 'dead' AND error = :why", why=WAS_WAITING_THEN
    )
    book(story.app, PEOPLE.eve, "11:00")
    work_a_little(story)

    assert waiting > 0
    assert held_back == waiting
    assert story.cluster.ask(f"{MAILS} AND status = 'queued'") > 0  # the booking of just now
    assert story.cluster.ask(RECOVERED) == 1
    with story.app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_a_second_recovery_may_choose_a_later_moment(story):
    story.lose_everything()

    story.come_back(story.after)

    assert story.is_booked("09:00")
    assert story.is_booked("10:00")
    story.lose_everything()


def test_a_folder_that_exists_is_never_overwritten(story, tmp_path):
    done = story.recover(story.between, tmp_path)

    assert done.exit_code == 2
    assert "never overwrites" in done.output


def test_a_moment_before_the_first_copy_cannot_be_reached(story, tmp_path):
    done = story.recover(story.between - timedelta(days=1), tmp_path / "new")

    assert done.exit_code == 2
    assert "no base copy from before that moment" in done.output


def test_a_moment_that_has_not_come_is_refused(story, tmp_path):
    done = story.recover(story.after + timedelta(days=1), tmp_path / "new")

    assert "has not come yet" in done.output


def segments(story) -> list[Path]:
    """The archived segments of the first history that follow the base copy, oldest first."""
    return sorted(path for path in story.archive.glob("0" * 7 + "1*") if len(path.name) == 24)


def test_a_damaged_segment_is_found_before_anything_is_made(story, tmp_path):
    damaged = segments(story)[-1]
    whole = damaged.read_bytes()
    damaged.write_bytes(whole[:-20] + bytes([whole[-20] ^ 1]) + whole[-19:])
    try:
        done = story.recover(story.after, tmp_path / "new")
        code = wal(
            ["restore", damaged.name, str(tmp_path / "segment"), f"--cluster={story.system}"],
            {"USCPIS_HOME": str(story.home)},
        )
    finally:
        damaged.write_bytes(whole)

    assert done.exit_code == 2
    assert "is damaged" in done.output
    assert not (tmp_path / "new").exists()
    assert code == 200  # at which PostgreSQL gives up instead of opening too early


def test_a_missing_segment_is_named(story, tmp_path):
    missing = segments(story)[-2]
    aside = missing.rename(tmp_path / missing.name)
    try:
        done = story.recover(story.after, tmp_path / "new")
    finally:
        aside.rename(missing)

    assert done.exit_code == 2
    assert f"{missing.name} of the log is missing" in done.output


def test_a_cut_base_copy_is_found(story, tmp_path):
    [kept] = (story.home / "backups" / "_base").glob("base-*/cluster.tar.gz.sealed")
    whole = kept.read_bytes()
    kept.write_bytes(whole[: len(whole) // 2])
    try:
        done = story.recover(story.after, tmp_path / "new")
    finally:
        kept.write_bytes(whole)

    assert done.exit_code == 2
    assert "damaged or cut off" in done.output
    assert list(tmp_path.iterdir()) == []


def test_nothing_in_the_archive_can_be_read_without_the_keys(story):
    everything = b"".join(path.read_bytes() for path in (story.home / "backups").rglob("*.sealed"))
    everything += b"".join(path.read_bytes() for path in segments(story))

    assert b"Dela Cruz" not in everything
    assert b"scheduling_appointment" not in everything
