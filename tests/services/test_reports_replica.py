"""Reports come from a real streaming copy; without it, or late, from the main database."""

import logging
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest
from flask import Flask

from app.analytics import services as analytics
from app.infra import replica
from app.infra.db import db, has_written, reading_from, session, transaction
from app.infra.pg_programs import environment, program
from app.infra.replica import ReplicaAway, lag_of, read_from_replica
from app.scheduling import services
from app.scheduling.services import Wish
from tests import site
from tests.clusters import PrivateCluster, ask, wait_until
from tests.factories.scheduling import at, monday_seven, open_clinic
from tests.people import PEOPLE, Person

MONDAY = date(2026, 11, 23)


@dataclass
class Pair:
    """A site whose main database is followed by a copy."""

    app: Flask
    main: PrivateCluster
    copy: PrivateCluster
    copy_url: str

    def booked(self) -> int:
        """What the report says."""
        with self.app.app_context(), monday_seven():
            report = analytics.scheduling_report(PEOPLE.ada.actor, first=MONDAY, last=MONDAY)
            return report.total.ahead

    def book(self, time_of_day: str, person: Person = PEOPLE.sam) -> None:
        with self.app.app_context(), monday_seven():
            wish = Wish(type="consultation", starts_at=at(time_of_day), provider=PEOPLE.dana.id)
            services.book_appointment(person.actor, wish=wish)

    def caught_up(self) -> None:
        """Wait until the copy has everything."""
        here = self.main.ask("SELECT pg_current_wal_lsn()::text")
        behind = f"SELECT pg_last_wal_replay_lsn() >= '{here}'"
        wait_until(lambda: ask(self.copy_url, behind), "the copy had caught up")

    def pause(self) -> None:
        """The copy goes on receiving and stops replaying: what a long report may do to it."""
        self.copy.as_superuser("SELECT pg_wal_replay_pause()")
        wait_until(
            lambda: ask(self.copy_url, "SELECT pg_get_wal_replay_pause_state() = 'paused'"),
            "the copy stood still",
        )

    def resume(self) -> None:
        self.copy.as_superuser("SELECT pg_wal_replay_resume()")
        self.caught_up()


@pytest.fixture(scope="module")
def pair(template_database, tmp_path_factory) -> Iterator[Pair]:
    home = tmp_path_factory.mktemp("pair")
    main, copy = PrivateCluster(home / "main"), PrivateCluster(home / "copy")
    try:
        main_url = main.start()
        main.fill_from(template_database)
        copy_url = follow(main, copy)
        app = site.build_app(main_url, home, DATABASE_REPLICA_URL=copy_url)
        with app.app_context(), monday_seven():
            open_clinic()
        made = Pair(app, main, copy, copy_url)
        made.caught_up()
        yield made
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
            for one in app.extensions[replica.EXTENSION].values():
                one.engine.dispose()
    finally:
        copy.destroy()
        main.destroy()


def follow(main: PrivateCluster, copy: PrivateCluster) -> str:
    """Make the second cluster a streaming copy of the first and start it; its URL."""
    copy.server.prepare()
    shutil.rmtree(copy.data)
    subprocess.run(
        [
            program("pg_basebackup", server_major=main.major),
            f"--pgdata={copy.data}",
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--no-password",
        ],
        env=environment(main.server.url()),
        check=True,
        capture_output=True,
    )
    copy.own_data()
    # The copy has the roles of the main server, so its password as well.
    shutil.copy(main.folder / "password", copy.folder / "password")
    return copy.start()


@pytest.fixture(autouse=True)
def _rested(pair, monkeypatch):
    """Each test finds a copy that is asked again at once."""
    monkeypatch.setattr(replica, "REST_SECONDS", 0.0)


def test_reports_read_from_the_copy(pair):
    pair.book("09:00")
    pair.caught_up()
    before = pair.booked()
    pair.pause()
    try:
        pair.book("10:00")
        while_it_stands_still = pair.booked()
    finally:
        pair.resume()

    assert (before, while_it_stands_still, pair.booked()) == (1, 1, 2)


def test_a_copy_that_is_too_far_behind_is_not_read(pair, monkeypatch, caplog):
    pair.caught_up()
    before = pair.booked()
    monkeypatch.setattr(replica, "MAX_LAG", timedelta(seconds=0.2))
    pair.pause()
    try:
        pair.book("11:00", PEOPLE.eve)
        time.sleep(0.5)
        lag = lag_of(pair.copy_url)
        with caplog.at_level(logging.WARNING):
            late = pair.booked()
    finally:
        pair.resume()

    assert lag > timedelta(seconds=0.2)
    assert late == before + 1
    assert "seconds behind" in caplog.text


def test_whoever_has_just_written_reads_the_main_database(pair):
    with pair.app.app_context():
        with transaction():
            pass
        written = has_written()
        follows = read_from_replica(lambda: session().get_bind().engine is db.engine)
    with pair.app.app_context():
        fresh = read_from_replica(lambda: session().get_bind().engine is db.engine)

    assert (written, follows, fresh) == (True, True, False)


def test_a_report_cannot_write(pair):
    def write() -> None:
        with transaction():
            pass

    with pair.app.app_context(), pytest.raises(RuntimeError, match="only reads"):
        read_from_replica(write)
    with pair.app.app_context(), reading_from(session()), pytest.raises(RuntimeError):
        write()


def test_a_server_that_follows_nobody_is_not_read_as_a_copy(pair, caplog):
    settings = pair.app.config["SETTINGS"]
    pair.app.config["SETTINGS"] = replace(
        settings, database_replica_url=settings.database_url + "&application_name=reports"
    )
    try:
        with pair.app.app_context(), caplog.at_level(logging.WARNING):
            from_main = read_from_replica(lambda: session().get_bind().engine is db.engine)
    finally:
        pair.app.config["SETTINGS"] = settings

    assert from_main
    assert "is no copy" in caplog.text


def test_a_copy_whose_main_server_is_gone_is_late_and_not_up_to_date(pair):
    """Everything that it received is replayed; that says nothing about what it did not receive."""
    pair.caught_up()
    up_to_date = lag_of(pair.copy_url)
    pair.main.stop()
    try:
        wait_until(
            lambda: not ask(pair.copy_url, "SELECT count(*) FROM pg_stat_wal_receiver"),
            "the copy had noticed",
        )
        alone = lag_of(pair.copy_url)
    finally:
        pair.main.start()
        with pair.app.app_context():
            db.engine.dispose()

    assert up_to_date == timedelta(0)
    assert alone > timedelta(0)


def test_a_killed_copy_is_replaced_by_the_main_database(pair, caplog, monkeypatch):
    before = pair.booked()
    pair.copy.kill()

    with caplog.at_level(logging.WARNING):
        after = pair.booked()
        monkeypatch.setattr(replica, "REST_SECONDS", 30.0)
        pair.booked()
        caplog.clear()
        at_once = pair.booked()

    assert (after, at_once) == (before, before)
    assert "main database" not in caplog.text  # it is left alone for a while
    with pytest.raises(ReplicaAway):
        lag_of(pair.copy_url)
