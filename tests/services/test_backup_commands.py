"""Backups from the command line, and one that is killed in the middle (JOB-01, BAK-03)."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app.backup import queries
from app.backup.rules import Check, Proof, RunStatus
from app.backup.services import keys, making, runs
from app.infra.db import session
from app.infra.runtime import settings
from app.kernel.actor import system_actor

pytestmark = pytest.mark.committed
SYSTEM = system_actor()
ROOT = Path(__file__).parents[2]


@pytest.fixture
def site(app, monkeypatch):
    """A site whose sets are proven without being restored."""
    good = [Check("restore", passed=True, sentence="It came back.")]
    monkeypatch.setattr(runs, "prove_set", lambda *_args, **_more: good)
    return app


def said_by(app, *args, typed=None):
    """The exit code of a command and what it printed."""
    result = app.test_cli_runner().invoke(args=["clinic", *args], input=typed)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_a_backup_is_made_in_the_foreground(site):
    code, said = said_by(site, "backup")

    assert code == 0, said
    assert "Copying the database ..." in said
    assert "right  It came back." in said
    assert said.rstrip().endswith("Proven.")


def test_the_exit_code_tells_a_bad_backup_from_none(site, monkeypatch):
    bad = [Check("restore", passed=False, sentence="Rows are missing.")]
    monkeypatch.setattr(runs, "prove_set", lambda *_args, **_more: bad)
    not_proven = said_by(site, "backup")
    monkeypatch.setattr(making, "COMPRESSION", "no-such-method")
    not_made = said_by(site, "backup")

    assert not_proven[0] == 1
    assert "WRONG  Rows are missing." in not_proven[1]
    assert "NOT PROVEN" in not_proven[1]
    assert not_made[0] == 2
    assert "pg_dump failed" in not_made[1]


def test_keys_are_made_printed_rotated_and_entered(site, tmp_path):
    new, again = said_by(site, "backup-keys", "new"), said_by(site, "backup-keys", "new")
    sheet = said_by(site, "backup-keys", "sheet", str(tmp_path / "escrow.pdf"))
    twice = said_by(site, "backup-keys", "sheet", str(tmp_path / "escrow.pdf"))
    rotated = said_by(site, "backup-keys", "rotate")
    with site.app_context():
        [letter] = [one for one in keys.letters(SYSTEM) if one.file_name == "backup.json"]
        before = (settings().keys_folder / "backup.json").read_bytes()
        (settings().keys_folder / "backup.json").unlink()
    wrong = said_by(site, "backup-keys", "enter", typed="hello\n\n")
    entered = said_by(
        site, "backup-keys", "enter", typed=f"{letter.text[:50]}\n{letter.text[50:]}\n\n"
    )

    codes = [code for code, _ in (new, again, sheet, twice, rotated, wrong, entered)]
    assert codes == [0, 2, 0, 2, 0, 2, 0]
    assert (tmp_path / "escrow.pdf").read_bytes().startswith(b"%PDF")
    assert (tmp_path / "escrow.pdf").stat().st_mode & 0o077 == 0
    assert "escrow sheet" in wrong[1]
    with site.app_context():
        assert (settings().keys_folder / "backup.json").read_bytes() == before
    assert not any(letter.text[20:60] in said for _, said in (new, sheet, rotated, entered))


def test_a_set_gives_the_settings_back(site):
    said_by(site, "backup")
    with site.app_context():
        [run] = queries.latest_runs()
        folder, given = settings().backup_folder, settings().given

    code, said = said_by(site, "backup-settings", str(run.set_name), "--from", str(folder))

    assert code == 0
    assert "PUBLIC_URL=http://localhost" in said.splitlines()
    assert len(said.splitlines()) == len(given)


def wait_for(url, question, seconds=180):
    """Until the database answers yes."""
    engine = create_engine(url)
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline:
            with engine.connect() as connection:
                if connection.scalar(text(question)):
                    return
            time.sleep(0.02)
    finally:
        engine.dispose()
    raise AssertionError(f"never: {question}")


def test_a_backup_that_was_killed_leaves_nothing_that_looks_whole(site, people):
    with site.app_context():
        url, home = settings().database_url, settings().home
        given = dict(settings().given)
        # Enough work that the kill comes in the middle.
        (home / "reports").mkdir(exist_ok=True)
        with (home / "reports" / "large.pdf").open("wb") as file:
            file.truncate(2_000_000_000)
    process = subprocess.Popen(
        [sys.executable, "-m", "flask", "--app", "wsgi", "clinic", "backup"],
        cwd=ROOT,
        env=os.environ | given,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(url, "SELECT count(*) FROM backup_run WHERE step = 'files'")
    finally:
        process.kill()
        process.wait()
    (home / "reports" / "large.pdf").unlink()
    left = [path.name for path in (home / "backups").iterdir()]

    code, said = said_by(site, "backup")

    assert all(name.startswith(".half-") for name in left)
    assert code == 0, said
    with site.app_context():
        second, first = queries.latest_runs()
        assert (first.status, second.status) == (RunStatus.FAILED, RunStatus.MADE)
        assert "interrupted" in first.error
        assert second.proof is Proof.PASSED
        assert [path.name for path in settings().backup_folder.iterdir()] == [second.set_name]
        session().rollback()
