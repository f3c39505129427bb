"""The self-test that an administrator runs: what it proves, and that it can fail."""

import os
import subprocess
import sys

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.selftest import __main__ as command
from app.selftest import races
from app.selftest.races import Verdict
from tests.architecture.test_rooms import ROOT
from tests.site import SECRET

pytestmark = pytest.mark.committed


def databases(url: str) -> set[str]:
    engine = create_engine(make_url(url).set(database="postgres"))
    with engine.connect() as connection:
        found = set(connection.execute(text("SELECT datname FROM pg_database")).scalars())
    engine.dispose()
    return found


def test_the_races_end_well_and_leave_nothing_behind(app, tmp_path):
    """SCH-02, SCH-03: with real processes, from the command that the handbook names."""
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    environ = os.environ | {
        "USCPIS_ENV": "testing",
        "DATABASE_URL": url,
        "SECRET_KEY": SECRET,
        "USCPIS_HOME": str(tmp_path),
    }

    answer = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "clinic", "self-test", "races"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environ,
        timeout=300,
        check=False,
    )

    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert answer.stdout.count("OK   ") == len(races.RACES) + 1
    assert "does not double-book" in answer.stdout
    assert not [name for name in databases(url) if name.startswith("uscpis_selftest")]


def test_a_race_that_goes_wrong_is_said_and_ends_with_an_error(app, monkeypatch, tmp_path):
    monkeypatch.setenv("DATABASE_URL", app.config["SQLALCHEMY_DATABASE_URI"])
    monkeypatch.setenv("USCPIS_HOME", str(tmp_path))
    monkeypatch.setattr(
        command, "run_all", lambda *_: [Verdict("The last slot", False, "Two people got it.")]
    )

    answer = CliRunner().invoke(command.main, ["races"])

    assert answer.exit_code == 1
    assert "WRONG The last slot: Two people got it." in answer.stdout
    assert "stop online booking" in answer.stdout


def test_a_verdict_is_bad_when_a_time_is_given_twice(monkeypatch):
    monkeypatch.setattr(races, "race", lambda *_, **__: ["confirmed"] * 2 + [races.TAKEN] * 38)

    assert not races.last_slot("", None).is_good
