"""What `flask clinic wal-settings` prints is what a shell can run, and refusals are sentences."""

import os
import re
import subprocess
from dataclasses import replace

import pytest

from app.infra.vault import create_keys
from app.infra.wal_shelves import WAL_FOLDER
from tests.services.test_wal import NAME, segment

AS_ANOTHER = "sudo -n -u uscpis "


@pytest.fixture
def run(app):
    """Run a command of ours."""

    def command(*words):
        return app.test_cli_runner().invoke(args=["clinic", *words], catch_exceptions=False)

    return command


def test_the_printed_command_archives_through_another_account(app, run, tmp_path):
    home = app.config["SETTINGS"].home
    if not (home / "keys" / "backup.json").exists():
        create_keys(home / "keys" / "backup.json")
    variables = tmp_path / "the environment"  # a blank must not tear the command apart
    variables.write_text(f"USCPIS_HOME={home}\n")
    printed = run("wal-settings", "--account", "uscpis", "--settings-file", str(variables)).output
    command = re.search(r"^archive_command = '(.*)'$", printed, re.M)[1].replace("''", "'")
    system = re.search(r"--cluster=(\d+)", command)[1]
    (tmp_path / "segment").write_bytes(segment(cluster=system))

    ours = command.removeprefix(AS_ANOTHER).replace("%p", str(tmp_path / "segment"))
    done = subprocess.run(
        ["/bin/sh", "-c", ours.replace("%f", NAME)],
        cwd="/",
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        check=False,
    )

    assert command.startswith(AS_ANOTHER)
    assert done.returncode == 0, done.stderr
    assert (home / "backups" / WAL_FOLDER / system / NAME).exists()
    assert "archive_timeout = 300" in printed  # BAK-01: a quarter of an hour at most


def test_the_printed_command_names_the_link_to_the_current_release(run):
    printed = run("wal-settings", "--installation", "/opt/uscpis/current").output

    python = "/opt/uscpis/current/.venv/bin/python"
    assert f"'env PYTHONPATH=/opt/uscpis/current {python} -m app.infra.wal archive %p %f" in printed


def test_without_keys_nothing_is_copied_or_recovered(app, run, monkeypatch, tmp_path):
    settings = replace(app.config["SETTINGS"], keys_folder=tmp_path)
    monkeypatch.setitem(app.config, "SETTINGS", settings)

    copied = run("base-backup")
    recovered = run("recover", "--to", "2026-01-05 10:00", "--into", str(tmp_path / "new"))

    assert (copied.exit_code, recovered.exit_code) == (2, 2)
    assert "There are no backup keys yet" in copied.output
    assert "There are no backup keys yet" in recovered.output


def test_a_moment_that_is_no_time_is_explained(run, tmp_path):
    done = run("recover", "--to", "yesterday", "--into", str(tmp_path / "new"))

    assert done.exit_code == 2
    assert 'Write it like "2026-11-23 10:05"' in done.output


def test_a_server_that_is_away_is_told_in_a_sentence(app, run, monkeypatch):
    away = "postgresql+psycopg2://x@127.0.0.1:1/x"
    settings = replace(app.config["SETTINGS"], backup_replication_url=away)
    monkeypatch.setitem(app.config, "SETTINGS", settings)

    done = run("wal-settings")

    assert done.exit_code == 2
    assert "The database server refused" in done.output
