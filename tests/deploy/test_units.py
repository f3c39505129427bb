"""The systemd units: they parse, start what exists, and give a process no more than it needs."""

import re
import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from config import gunicorn
from config.settings import read_settings
from tests.architecture.test_example_env import example
from tests.architecture.test_rooms import ROOT
from tests.deploy.machine import DEPLOY, GUNICORN

UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [path for path in UNITS if path.suffix == ".service"]
HERE = "/opt/uscpis/current"
ANALYZE = shutil.which("systemd-analyze")
LINE = re.compile(r"\[(?P<section>\w+)\]|(?P<key>\w+)=(?P<value>.*)")


def unit(path: Path) -> dict[str, list[str]]:
    """`Section.Key` to its values. Fails for a line that is neither."""
    found, section = defaultdict(list), ""
    for line in path.read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        parts = LINE.fullmatch(line)
        assert parts, line
        if parts["section"]:
            section = parts["section"]
        else:
            found[f"{section}.{parts['key']}"].append(parts["value"])
    return found


def settings_file() -> dict[str, str]:
    """deploy/uscpis.env as an environment."""
    lines = (DEPLOY / "uscpis.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_says_what_it_is(path):
    assert len(unit(path)["Unit.Description"]) == 1


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_runs_as_nobody_special_and_writes_only_to_the_data(path):
    facts = unit(path)

    assert facts["Service.User"] == facts["Service.Group"] == ["uscpis"]
    assert facts["Service.NoNewPrivileges"] == ["yes"]
    assert facts["Service.ProtectSystem"] == ["strict"]
    assert facts["Service.CapabilityBoundingSet"] == [""]
    assert facts["Service.UMask"] == ["0077"]
    assert facts["Service.Restart"] == ["always"]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_may_write_where_the_settings_lead_it(path):
    (allowed,) = unit(path)["Service.ReadWritePaths"]
    given = settings_file()

    needed = {given[name] for name in ("USCPIS_HOME", "KEYS_FOLDER", "BACKUP_FOLDER")}

    assert needed <= {folder.lstrip("-") for folder in allowed.split()}
    assert unit(path)["Service.EnvironmentFile"] == ["/etc/uscpis/uscpis.env"]


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_service_starts_what_is_in_the_repository(path):
    (words,) = (line.split() for line in unit(path)["Service.ExecStart"])

    assert unit(path)["Service.WorkingDirectory"] == [HERE]
    assert words[0].startswith(f"{HERE}/.venv/bin/")
    if words[0].endswith("gunicorn"):
        assert words[1:] == GUNICORN[1:]
        assert (ROOT / words[2]).is_file()
    else:
        module = words[2].replace(".", "/")
        assert (ROOT / f"{module}.py").is_file() or (ROOT / module / "__main__.py").is_file()


def test_the_web_server_has_the_time_that_it_gives_its_workers():
    facts = unit(DEPLOY / "systemd/uscpis-web.service")

    assert int(facts["Service.TimeoutStopSec"][0]) > gunicorn.graceful_timeout
    assert facts["Service.KillMode"] == ["mixed"]
    assert "HUP" in facts["Service.ExecReload"][0]


def test_only_nginx_may_speak_to_the_web_server():
    """WEB-03: whoever else could, would choose the address in the audit trail."""
    facts = unit(DEPLOY / "systemd/uscpis-web.socket")
    upstream = (DEPLOY / "nginx/uscpis-upstream.conf").read_text()

    assert facts["Socket.SocketMode"] == ["0660"]
    assert facts["Socket.SocketGroup"] == ["www-data"]
    assert f"unix:{facts['Socket.ListenStream'][0]} " in upstream


def test_the_settings_of_the_guide_are_accepted_in_production():
    given = settings_file()

    settings = read_settings(given | {"SECRET_KEY": "k" * 48})

    assert set(given) <= set(example())
    assert settings.is_production
    assert settings.keys_folder not in settings.home.parents
    assert settings.home not in settings.keys_folder.parents


def verified(folder: Path) -> str:
    """What systemd itself says about the units."""
    for path in UNITS:
        text = path.read_text().replace(f"{HERE}/.venv", str(ROOT / ".venv"))
        (folder / path.name.replace("@", "@1")).write_text(text)
    names = [str(path) for path in sorted(folder.iterdir())]
    said = subprocess.run(
        [str(ANALYZE), "verify", "--man=no", *names],
        capture_output=True,
        text=True,
        check=False,
    )
    return said.stderr


if ANALYZE:

    def test_systemd_itself_finds_nothing_wrong(tmp_path):
        complaints = [line for line in verified(tmp_path).splitlines() if "uscpis" in line]

        assert complaints == []
