"""`flask clinic check-deployment` sees what is there: real servers and files (BAK-01, EVD-02)."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from app.deployment import looking
from app.infra.certificates import CertificateProblem
from app.infra.db import session
from app.integrity.queries import all_files
from app.kernel import clock
from tests import site


def look(app, **changes):
    """The facts with other settings."""
    before = app.config["SETTINGS"]
    app.config["SETTINGS"] = replace(before, **changes)
    try:
        with app.app_context():
            return looking.look(machines=1, workers=1, asks_outside="public_url" in changes)
    finally:
        app.config["SETTINGS"] = before


@pytest.fixture
def keys(tmp_path) -> Path:
    """A folder with every key, for us alone."""
    folder = tmp_path / "keys"
    folder.mkdir(mode=0o700)
    for name in looking.ESCROWED:
        (folder / name).write_text("secret")
        (folder / name).chmod(0o600)
    return folder


def test_the_command_names_what_is_wrong_and_fails(app):
    answer = app.test_cli_runner().invoke(args=["clinic", "check-deployment", "--offline"])

    assert answer.exit_code == 1
    for code in ("not-production", "http", "no-mail", "one-place", "fsync"):  # a site of tests
        assert f"WRONG  {code}:" in answer.output
    assert "Patients should not be served like this." in answer.output
    assert site.SECRET not in answer.output


def test_the_command_is_content_with_a_good_installation(app, monkeypatch):
    monkeypatch.setattr("app.cli_deployment.findings", lambda facts: [])

    answer = app.test_cli_runner().invoke(args=["clinic", "check-deployment", "--offline"])

    assert answer.exit_code == 0
    assert "Everything is as it should be." in answer.output


def test_a_migrated_database_with_an_admin_is_seen(app):
    database = look(app).database

    assert database.revision == database.wanted_revision
    assert database.admins == 1
    assert not database.has_demo_accounts
    assert not database.is_superuser
    assert set(database.settings) == set(looking.ASKED)
    assert abs(database.clock_ahead.total_seconds()) < 2


def test_pending_migrations_are_seen(app, db):
    db.execute(text("UPDATE alembic_version SET version_num = '0007'"))

    database = look(app).database

    assert database.revision == "0007" != database.wanted_revision


def test_a_database_without_any_table_is_seen(app, db):
    db.execute(text("ALTER TABLE alembic_version RENAME TO elsewhere"))

    assert look(app).database.revision == ""


def test_a_clock_that_differs_is_seen(app):
    ahead = clock.now().replace(year=2040)

    with clock.pretend(ahead):
        database = look(app).database

    assert database.clock_ahead.days < -365


def test_a_database_that_is_away_is_seen(app, monkeypatch):
    def broken() -> None:
        session().execute(text("SELECT nothing"))

    monkeypatch.setattr(looking, "_asked_database", broken)

    assert look(app).database is None


def test_the_queue_is_seen(app):
    queue = look(app).queue

    assert queue.policy == "noeviction"
    assert queue.is_kept is False  # that of the tests is thrown away
    assert queue.version[0].isdigit()


def test_a_queue_that_is_away_is_seen(app, tmp_path):
    assert look(app, redis_url=f"unix://{tmp_path}/nobody.sock").queue is None


def test_keys_for_us_alone_are_fine(app, keys):
    files = look(app, keys_folder=keys).files

    assert (files.open_keys, files.missing_keys, files.copied_keys) == ((), (), ())


def test_a_key_that_others_can_read_is_seen(app, keys):
    (keys / "backup.json").chmod(0o640)

    assert look(app, keys_folder=keys).files.open_keys == (str(keys / "backup.json"),)


def test_an_open_folder_of_keys_is_seen(app, keys):
    keys.chmod(0o755)

    assert look(app, keys_folder=keys).files.open_keys == (str(keys),)


def test_missing_keys_are_seen(app, keys):
    (keys / "audit.json").unlink()

    assert look(app, keys_folder=keys).files.missing_keys == ("audit.json",)


def test_keys_inside_a_backup_folder_are_seen_through_links_too(app, keys, tmp_path):
    """EVD-02"""
    backups = tmp_path / "backups"
    backups.mkdir()
    shutil.move(keys, backups / "keys")
    keys.symlink_to(backups / "keys")

    files = look(app, keys_folder=keys, backup_folder=backups).files

    assert files.copied_keys == (str(backups),)


def test_keys_inside_a_folder_that_is_backed_up_are_seen(app, tmp_path):
    area = tmp_path / all_files()[0].folder

    files = look(app, home=tmp_path, keys_folder=area / "keys").files

    assert files.copied_keys == (str(area),)


def test_a_home_that_anybody_can_list_is_seen(app, tmp_path):
    tmp_path.chmod(0o755)

    assert look(app, home=tmp_path).files.home_is_open
    tmp_path.chmod(0o711)
    assert not look(app, home=tmp_path).files.home_is_open


def test_a_second_place_that_is_not_mounted_is_seen(app, tmp_path):
    files = look(app, backup_second_folder=str(tmp_path / "mount")).files

    assert files.second_folder_is_missing


def test_a_second_place_on_the_same_disk_is_seen(app, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()

    files = look(
        app, backup_folder=tmp_path / "one", backup_second_folder=str(tmp_path / "two")
    ).files

    assert files.second_folder_is_here


def test_the_certificate_of_the_public_address_is_looked_at(app, monkeypatch):
    seen = []
    monkeypatch.setattr(looking, "expiry_of", lambda *where: seen.append(where) or clock.now())

    shown = look(app, public_url="https://clinic.example.edu:8443").certificate

    assert seen == [("clinic.example.edu", 8443)]
    assert shown.ends_at is not None


def test_a_certificate_that_is_refused_is_told(app, monkeypatch):
    def refuse(*where: object) -> None:
        raise CertificateProblem("is not accepted: self-signed certificate")

    monkeypatch.setattr(looking, "expiry_of", refuse)

    shown = look(app, public_url="https://clinic.example.edu").certificate

    assert shown.problem == "is not accepted: self-signed certificate"


def test_without_tls_there_is_no_certificate_to_look_at(app):
    assert look(app, public_url="http://localhost").certificate is None
