"""A restore that is killed leaves the old clinic or the new one, and can be run again (BAK-04)."""

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from flask_migrate import upgrade
from sqlalchemy import text
from sqlalchemy.engine import make_url

from app.backup.services import replacing, scratch
from app.backup.services.history import known_revisions
from app.backup.services.restoring import administering, create_database, drop_database
from app.infra.db import let_go
from tests import site
from tests.clusters import wait_until
from tests.factories.restores import World, create_world

ROOT = Path(__file__).parents[2]
AGREED = ("--empty-machine", "--asked-by", "Ada Reyes", "--approved-by", "Abe Santos")
# A restore in a process of its own, which kills itself at one moment.
DRIVER = """
import os, signal, sys
from app.backup.services import replacing, restore, settling
from app.factory import create_app
from app.kernel.actor import system_actor
from config.settings import read_settings

moment, folder, set_name = sys.argv[1:]

def die(*_args, **_options):
    os.kill(os.getpid(), signal.SIGKILL)

for name in ("_swap_databases", "_swap_files", "sync_folder"):
    if moment == name:
        setattr(replacing, name, die)

def tell(step):
    if step.startswith(moment):
        die()

with create_app(read_settings()).app_context():
    restore.restore_set(
        system_actor(), restore.found_set(folder, set_name),
        settling.Authority("Ada Reyes", "Abe Santos", "The old one was damaged."), tell=tell,
    )
"""
BEFORE = (
    "restoring the database",
    "changing places",
    "_swap_databases",
)
AFTER = ("_swap_files", "sync_folder", "writing the restore")

pytestmark = pytest.mark.committed


@pytest.fixture
def world(app):
    """A clinic that changed after its backup."""
    world = create_world(app)
    yield world
    with app.app_context():
        let_go()
    for name in world.databases():
        if name != world.name:
            drop_database(world.url, name)


def changed(world):
    """Make a set; then let the clinic go on."""
    made = world.make()
    world.say("UPDATE ab_user SET first_name = 'Later'")
    world.report.write_text("later")
    return made


def killed(world, made, moment):
    """Run the driver until it kills itself."""
    done = driven(world, made, moment)
    assert done.returncode == -signal.SIGKILL, done.stderr
    wait_until(lambda: is_noticed(world), "the server noticed that the restore is gone")


def is_noticed(world):
    """Whether the lock of the killed restore is free: its session ends a moment after it."""
    with administering(world.url) as server:
        wanted = {"name": f"uscpis restore {world.name}"}
        return server.scalar(text("SELECT pg_try_advisory_lock(hashtext(:name))"), wanted)


def driven(world, made, moment="never"):
    """A restore in a process of its own; how it ended."""
    environment = {
        "USCPIS_ENV": "testing",
        "SECRET_KEY": site.SECRET,
        "DATABASE_URL": world.url,
        "REDIS_URL": world.app.config["SETTINGS"].redis_url,
        "USCPIS_HOME": str(world.home),
    }
    return subprocess.run(
        [sys.executable, "-c", DRIVER, moment, str(world.home / "backups"), made.set_name],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
    )


def is_later(world):
    """Whether the clinic is the one that went on, database and files alike."""
    by_rows = world.asked("SELECT count(*) FROM ab_user WHERE first_name = 'Later'") > 0
    assert by_rows == (world.report.read_text() == "later"), "half old, half new"
    return by_rows


def is_tidied(world):
    """Other tests tidy up on the same server, and hold a name for the moment that it takes."""
    scratch.tidy_copies(world.url, world.home)
    return list(world.home.glob(".uscpis*")) == []


@pytest.mark.parametrize("moment", BEFORE)
def test_killed_before_the_swap_everything_is_as_it_was(world, moment):
    made = changed(world)

    killed(world, made, moment)

    assert is_later(world)
    assert world.databases() == [world.name]
    assert world.run("restore", "--finish").exit_code == 0
    assert is_later(world)
    assert not (world.home / replacing.NOTE).exists()
    assert not (world.home / replacing.INCOMING).exists()
    wait_until(lambda: is_tidied(world), "what the killed run left was removed")


@pytest.mark.parametrize("moment", AFTER)
def test_killed_after_the_swap_the_next_call_finishes_it(world, app, moment):
    made = changed(world)

    killed(world, made, moment)
    again = world.run("restore", made.set_name, "--from", str(world.home / "backups"))

    assert not is_later(world)
    is_finished = "is finished now" in again.output
    assert is_finished == (moment != "writing the restore"), again.output
    assert not (world.home / replacing.NOTE).exists()
    assert next(world.home.glob("before-*/reports/proof.txt")).read_text() == "later"


def test_the_door_stays_shut_while_files_and_database_do_not_fit(world, app):
    made = changed(world)
    killed(world, made, "_swap_files")

    assert app.test_client().get("/healthz").status_code == 503
    deployed = world.run("deploy")
    assert deployed.exit_code == 0, deployed.output
    assert "is finished now" in deployed.output
    assert app.test_client().get("/healthz").status_code == 200


def test_people_who_work_meanwhile_see_a_pause_and_no_error(world, app):
    made = changed(world)
    statuses, is_over = set(), threading.Event()

    def work():
        client = app.test_client()
        while not is_over.is_set():
            statuses.add(client.get("/login/").status_code)
            time.sleep(0.05)

    people = [threading.Thread(target=work) for _ in range(3)]
    for person in people:
        person.start()
    done = driven(world, made)
    is_over.set()
    for person in people:
        person.join()

    assert done.returncode == 0, done.stderr
    assert statuses <= {200, 503}
    assert app.test_client().get("/login/").status_code == 200
    assert not is_later(world)


def test_a_set_of_an_older_release_is_brought_up_to_date(app, worker_name, tmp_path, monkeypatch):
    monkeypatch.setenv("USCPIS_HOME", str(tmp_path / "other"))
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    older_url = create_database(url, f"{worker_name}_older")
    older = World(site.build_app(older_url, tmp_path / "older"))
    with older.app.app_context():
        upgrade(revision="0007")
        let_go()
    made = older.make(seals=False)
    assert made.schema_revision == "0007"
    drop_database(url, str(make_url(older_url).database))

    done = older.run(
        *("restore", made.set_name, "--from", str(older.home / "backups")),
        *("--accept", "audit trail", *AGREED),
    )

    assert done.exit_code == 0, done.output
    revision = older.asked("SELECT version_num FROM alembic_version")
    site.drop_database(older.app, older_url)
    assert revision == known_revisions()[-1]
