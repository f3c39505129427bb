"""docs/operations/deploy.md: its commands exist, and those of the first start are run."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from app import cli
from app.infra import databases
from app.infra.local import testing
from tests import site
from tests.architecture.test_rooms import ROOT
from tests.deploy.machine import DEPLOY, production

PAGE = (ROOT / "docs/operations/deploy.md").read_text()
BLOCKS = re.findall(r"^```sh(?P<name> [\w-]+)?\n(?P<text>.*?)^```", PAGE, flags=re.M | re.S)
PASSWORD = "the bell tower at six in the evening"
ADMIN = (
    "--id STAFF001 --first-name Ana --last-name Reyes --email ana@usc.edu.ph --password-stdin"
    f" <<<'{PASSWORD}'"
)


def command_at(words: list[str]) -> object:
    """The command that these words lead to, or None."""
    found: object = cli.clinic
    for word in words:
        if not hasattr(found, "commands") or word not in found.commands:
            break
        found = found.commands[word]
    return found if found is not cli.clinic and not hasattr(found, "commands") else None


@pytest.mark.parametrize("text", [text for _, text in BLOCKS], ids=range(len(BLOCKS)))
def test_a_block_of_commands_can_be_read_by_the_shell(text):
    plain = re.sub(r"<[a-z ]+>", "word", text)

    said = subprocess.run(["bash", "-n"], input=plain, capture_output=True, text=True, check=False)

    assert said.stderr == ""


def test_every_command_of_ours_exists(app):
    said = re.findall(
        r"(?:^|\s)(?:uscpis|flask clinic) ([a-z][\w -]*)", "".join(t for _, t in BLOCKS)
    )

    assert len(said) > 8
    assert [words for words in said if command_at(words.split()) is None] == []


def test_every_file_that_the_guide_copies_exists():
    named = re.findall(r"\bdeploy/[\w./*-]*\w", "".join(text for _, text in BLOCKS))

    assert named
    assert [name for name in named if not list(ROOT.glob(name.rstrip("/") + "*"))] == []


def test_every_unit_that_the_guide_names_exists():
    units = {path.name for path in (DEPLOY / "systemd").iterdir()}
    named = set(re.findall(r"uscpis[\w@-]*\.(?:service|socket|target)", PAGE))

    assert named
    assert {re.sub(r"@\w+", "@", name) for name in named} <= units


@pytest.fixture
def machine():
    """An empty database, and the command `uscpis` with its settings file and the owner's."""
    folder = Path(tempfile.mkdtemp(prefix="uscpis-guide-"))
    url = testing.share_servers().database(f"test_guide_{os.getpid()}")
    limited = testing.share_servers().as_site(url)
    given = production(limited, folder / "home", KEYS_FOLDER=str(folder / "keys"))
    changed = {name: value for name, value in given.items() if os.environ.get(name) != value}
    settings = folder / "uscpis.env"
    settings.write_text("# ours\n\n" + "".join(f"{n}={v}\n" for n, v in changed.items()))
    (folder / "owner.env").write_text(f"# the owner's\nDATABASE_OWNER_URL={url}\n")
    text = (DEPLOY / "uscpis").read_text()
    text = text.replace("/etc/uscpis/owner.env", str(folder / "owner.env"))
    text = text.replace("/etc/uscpis/uscpis.env", str(settings))
    text = text.replace("/opt/uscpis/current", str(ROOT))
    text = text.replace("account=uscpis", "account=$(id -un)")
    (folder / "uscpis").write_text(text)
    (folder / "uscpis").chmod(0o755)
    yield folder, url
    databases.drop_database(testing.share_servers().database_url, f"test_guide_{os.getpid()}")
    shutil.rmtree(folder)


def test_the_first_start_ends_with_an_admin_who_signs_in(machine):
    folder, url = machine
    (commands,) = [text for name, text in BLOCKS if name == " first-start"]
    commands = commands.replace("uscpis create-admin", f"uscpis create-admin {ADMIN}")

    said = subprocess.run(
        ["bash", "-e"],
        input=commands,
        env=dict(os.environ) | {"PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 0, said.stdout + said.stderr
    assert {path.name for path in (folder / "keys").iterdir()} >= {"audit.json", "backup.json"}
    app = site.build_app(testing.share_servers().as_site(url), folder / "seen")
    form = {"username": "STAFF001", "password": PASSWORD}
    answer = app.test_client().post("/login/", data=form)
    with app.app_context():
        site.db.engine.dispose()
    assert answer.status_code == 302
    assert PASSWORD not in said.stdout + said.stderr
