"""What a restore says when the server, the keys or the migrations say no (BAK-04)."""

import json
import shutil
from types import SimpleNamespace

import pytest

from app.backup.errors import AlreadyRunning, BackupFailed, ProofFailed
from app.backup.services import proving, restore
from app.backup.services.history import migrate_copy
from app.backup.services.preview import preview_set
from app.backup.services.replacing import NOTE, fill_gaps, live_state, previous, recover
from app.backup.services.restoring import Place, administering
from app.backup.services.settling import Authority, numbers_given_out
from app.infra.db import let_go
from app.security.errors import NoAuditKey
from tests import site
from tests.factories.backups import create_kit
from tests.factories.restores import SYSTEM, create_world


@pytest.fixture
def nowhere(tmp_path):
    """A site whose database server is away."""
    return site.build_app(f"postgresql://nobody@/clinic?host={tmp_path}", tmp_path / "home")


def test_a_server_that_is_away_is_said_plainly(nowhere):
    with nowhere.app_context():
        live = restore.live_site()
        with pytest.raises(BackupFailed, match="cannot be reached"):
            live_state(live)
        assert numbers_given_out(live.database_url) == {}
        with pytest.raises(BackupFailed, match="could not be brought up to date"):
            migrate_copy(live.database_url)


def test_a_code_cannot_be_looked_up_without_the_database(nowhere, template_database, tmp_path):
    kit = create_kit(template_database, tmp_path / "kit")
    made = kit.make()
    keys = nowhere.config["SETTINGS"].keys_folder
    keys.mkdir(parents=True)
    shutil.copy(kit.keys, keys)
    command = ("clinic", "restore", made.set_name, "--from", str(kit.folder.folder))

    refused = nowhere.test_cli_runner().invoke(args=[*command, "--code", "ABCDE"])

    assert refused.exit_code == 2
    assert "disaster-recovery.md" in refused.output


def test_a_note_of_a_killed_run_waits_until_the_server_is_back(nowhere):
    with nowhere.app_context():
        live = restore.live_site()
        assert recover(live) is None
        live.home.mkdir(parents=True, exist_ok=True)
        live.note.write_text(json.dumps({"live": "clinic"}))
        with pytest.raises(BackupFailed, match="cannot be reached"):
            restore.finish_restore(SYSTEM)
        assert (live.home / NOTE).exists()


@pytest.mark.committed
def test_without_room_nothing_is_unpacked_and_nothing_replaced(app, monkeypatch):
    """BAK-02: the refusal names both numbers."""
    world = create_world(app)
    made = world.make()
    monkeypatch.setattr(proving, "disk_usage", lambda _path: SimpleNamespace(free=5_000))
    authority = Authority("Ada Reyes", "Abe Santos", "The timetable was deleted by mistake.")
    with app.app_context():
        place = restore.found_set(str(world.home / "backups"), made.set_name)
        for deed in (restore.restore_set, restore.bring_back_files):
            with pytest.raises(ProofFailed, match=r"room: .* MB are needed .* 0\.0 MB are free"):
                deed(SYSTEM, place, authority, tell=lambda _step: None)
        let_go()

    assert world.databases() == [world.name]
    assert list(world.home.glob(".*")) == []


@pytest.mark.committed
def test_nobody_finishes_what_somebody_else_is_doing(app):
    with app.app_context():
        live = restore.live_site()
        live.note.parent.mkdir(parents=True, exist_ok=True)
        live.note.write_text("{}")
        with administering(live.database_url) as server:
            server.scalar(restore._ONE, {"name": f"uscpis restore {live.database}"})
            with pytest.raises(AlreadyRunning):
                restore.finish_restore(SYSTEM)


@pytest.mark.committed
def test_a_trail_that_cannot_be_sealed_is_told_and_stops_nothing(app, monkeypatch):
    def refuse(*_args, **_options):
        raise NoAuditKey("audit.json")

    monkeypatch.setattr(restore, "accept_chain", refuse)
    with app.app_context():
        assert "audit.json" in restore._accept_trail(SYSTEM, "Restored.")


@pytest.mark.committed
def test_a_set_of_a_newer_release_is_refused_in_the_preview(app, tmp_path):
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    kit = create_kit(url, tmp_path / "kit")
    made = kit.make()
    with app.app_context():
        preview = preview_set(Place(kit.folder, kit.vault, made))
        assert not preview.refusal
        object.__setattr__(made, "schema_revision", "9999")
        assert "does not know" in preview_set(Place(kit.folder, kit.vault, made)).refusal


@pytest.mark.committed
def test_only_what_a_restore_made_counts_as_what_was_before(app):
    with app.app_context():
        live = restore.live_site()
        for name in ("before-20261123043000", "before-long-ago", "before-2026112304300x"):
            (live.home / name).mkdir(parents=True)
        (live.home / "before-20261123043001").symlink_to(live.home)
        assert previous(live) == [str(live.home / "before-20261123043000")]
        assert fill_gaps(live, live.home / "nothing") == 0
