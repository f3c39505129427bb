"""The runbook, rehearsed: its very commands, from an empty machine to a login (BAK-02, BAK-03)."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.backup.services.keys import letters
from app.backup.services.requests import approve_restore, ask_restore
from app.backup.services.restoring import administer, drop_database
from app.infra.databases import quoted
from app.infra.db import let_go
from app.integrity.services import create_report_key
from tests import site
from tests.factories.restores import OTHER_ADMIN, SYSTEM, World, create_world
from tests.people import PEOPLE

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/operations/disaster-recovery.md").read_text()
BLOCK = re.compile(r"^```(sh|sql|sh keys)\n(.*?)^```", re.MULTILINE | re.DOTALL)
FIRST, LOST, FILES, MACHINE, WRONG = (
    "Before you begin",
    "1. The database is lost",
    "2. Files are lost",
    "3. The machine is lost",
    "4. The data is wrong since some hours",
)

pytestmark = pytest.mark.committed


def commands(section, kind="sh"):
    """The commands of one section of the page."""
    text = re.split(r"^## ", PAGE, flags=re.MULTILINE)
    body = next(part for part in text if part.startswith(section))
    found = [line for k, block in BLOCK.findall(body) if k == kind for line in block.splitlines()]
    assert found, section
    return found


@pytest.fixture
def world(app):
    """A clinic with a backup, which went on afterwards."""
    world = create_world(app)
    yield world
    with app.app_context():
        let_go()
    for name in world.databases():
        if name != world.name:
            drop_database(world.url, name)


def environment(world, made, **more):
    """What an administrator's shell holds."""
    settings = world.app.config["SETTINGS"]
    values = {
        "USCPIS_ENV": settings.environment.value,
        "SECRET_KEY": site.SECRET,
        "DATABASE_URL": world.url,
        "REDIS_URL": settings.redis_url,
        "USCPIS_HOME": str(world.home),
        "SET": made.set_name,
        "PLACE": str(world.home / "backups"),
        "FIRST": "Ada Reyes",
        "SECOND": "Abe Santos",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    return os.environ | values | more


def typed(lines, env, *, said=None):
    """Type the commands into a shell, one after the other; what they answered."""
    done = subprocess.run(
        ["sh", "-e", "-c", "\n".join(lines)],
        cwd=ROOT,
        env=env,
        input=said,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{lines}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def code_for(world, made):
    """What two administrators do on the page."""
    with world.app.app_context():
        place = str(world.home / "backups")
        reason = "Found to be wrong this morning."
        asked = ask_restore(PEOPLE.ada.actor, set_name=made.set_name, place=place, reason=reason)
        code = approve_restore(OTHER_ADMIN.actor, request_id=asked)
        let_go()
    return code


def gone_on(world):
    """Make a set; then change everything."""
    made = world.make()
    world.say("UPDATE ab_user SET first_name = 'Later'")
    return made


def is_as_it_was(world):
    """Whether rows and files are those of the backup."""
    later = world.asked("SELECT count(*) FROM ab_user WHERE first_name = 'Later'")
    return later == 0 and world.report.read_text() == "as it was"


def test_the_database_is_lost(world, app):
    made = gone_on(world)
    with app.app_context():
        let_go()
    for line in commands(LOST, "sql"):
        rename = line.replace("uscpis_damaged", quoted(f"{world.name}_damaged"))
        administer(world.url, rename.replace(" uscpis ", f" {quoted(world.name)} "))

    said = typed(commands(LOST), environment(world, made))

    assert "Everybody must sign in again" in said
    assert is_as_it_was(world)
    app.test_client().sign_in(PEOPLE.rosa)


def test_files_are_lost(world):
    made = gone_on(world)
    world.report.unlink()
    kept = world.report.with_name("newer.txt")
    kept.write_text("newer")

    said = typed(commands(FILES), environment(world, made, CODE=code_for(world, made)))

    assert "1 files came back" in said
    assert world.report.read_text() == "as it was"
    assert kept.read_text() == "newer"
    assert world.asked("SELECT count(*) FROM ab_user WHERE first_name = 'Later'") > 0
    action = "SELECT count(*) FROM security_audit_event WHERE action = 'backup:set:restore-files'"
    assert world.asked(action) == 1


def test_the_machine_is_lost(world, app, tmp_path):
    """BAK-03: from the set, the letters in escrow and the repository to a working login."""
    with app.app_context():
        create_report_key()
        made = world.make()
        escrow = [letter.text for letter in letters(SYSTEM)]
    copy = tmp_path / "usb" / made.set_name
    copy.parent.mkdir()
    (world.home / "backups" / made.set_name).rename(copy)
    drop_database(world.url, world.name)
    new = World(site.build_app(world.url, tmp_path / "new"))
    env = environment(new, made, USCPIS_ENV="production", PLACE=str(copy.parent))

    for letter in escrow:
        typed(commands(MACHINE, "sh keys"), env, said=f"{letter[:60]}\n{letter[60:]}\n\n")
    typed(commands(MACHINE), env)

    assert len(escrow) == 3
    assert is_as_it_was(new)
    assert new.app.test_client().sign_in(PEOPLE.rosa).get("/").status_code == 200
    with new.app.app_context():
        let_go()


def test_the_data_is_wrong_since_some_hours(world, app):
    made = gone_on(world)
    world.report.write_text("later")
    env = environment(world, made, CODE=code_for(world, made))

    looked = typed(commands(FIRST), env)
    assert "Nothing was changed." in looked
    assert "can be restored." in looked
    assert not is_as_it_was(world)
    said = typed(commands(WRONG), env)

    assert is_as_it_was(world)
    assert "_before_" in said
    assert "was removed." in said
    assert world.databases() == [world.name]
