"""A backup counts only after it was restored and checked from every side (BAK-02)."""

import hashlib
import re
import shutil
import subprocess
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.backup.rules.proof import has_passed
from app.backup.services import proving, scratch
from app.backup.services.checking import read_set
from app.backup.services.restoring import Place, administering, create_database
from app.infra.storage import LocalFolder
from app.kernel.invariant import FileArea
from app.security.services import seal_events
from tests import site
from tests.factories.backups import AREA, create_kit

PDF = hashlib.sha256(b"%PDF").hexdigest()
KNOWN = replace(AREA, hashes=f"SELECT 'proof.pdf', '{PDF}'")
LEFT_BEHIND = f"{scratch.SCRATCH}0123456789ab"


def kit_of(app, folder):
    """What backups of a clinic with a sealed audit trail need."""
    with app.app_context():
        seal_events()
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    return create_kit(url, folder, files={"proof.pdf": b"%PDF"})


@pytest.fixture(scope="module")
def proving_app(template_database, worker_name, tmp_path_factory):
    """A clinic of this module, which no test changes."""
    url = site.copy_database(template_database, f"{worker_name}_proving")
    app = site.build_app(url, tmp_path_factory.mktemp("proving"))
    yield app
    site.drop_database(app, url)


@pytest.fixture(scope="module")
def kit(proving_app, tmp_path_factory):
    """Its kit."""
    return kit_of(proving_app, tmp_path_factory.mktemp("kit"))


@pytest.fixture(scope="module")
def made(kit):
    """A good set, which no test changes."""
    return kit.make()


def names_of(url):
    """All databases of the server."""
    with administering(url) as connection:
        return set(connection.scalars(text("SELECT datname FROM pg_database")))


@pytest.fixture
def prove(proving_app, tmp_path, monkeypatch):
    """Proves a set of a kit; whatever it says, nothing is left behind."""
    made_here = []

    def create(url, name):
        made_here.append(name)
        return create_database(url, name)

    monkeypatch.setattr(scratch, "create_database", create)

    def proven(kit, manifest, areas=(KNOWN,), *, app=proving_app):
        url, work = kit.source.database_url, tmp_path / "work"
        with app.app_context():
            place = Place(kit.folder, kit.vault, manifest)
            checks = proving.prove_set(place, areas, url, work)
        assert names_of(url).isdisjoint(made_here)
        assert list(work.glob(".*")) == []
        return checks

    return proven


def spoil(kit, *statements):
    """Change the clinic's database as no use case of ours would."""
    engine = create_engine(kit.source.database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def failed(checks):
    """The names of the checks that did not pass."""
    return [check.name for check in checks if not check.passed]


def test_a_good_set_passes_every_check_and_says_what_was_found(prove, kit, made):
    checks = prove(kit, made)

    assert has_passed(checks)
    assert [check.name for check in checks] == [
        "seals",
        "compatibility",
        "room",
        "restore",
        "schema",
        "row counts",
        "files",
        "rules about the data",
        "audit trail",
        "files of reports",
    ]
    said = {check.name: check.sentence for check in checks}
    assert "rows of" in said["row counts"]
    assert "chain of" in said["audit trail"]
    assert said["files of reports"].startswith("1 of 1 files")


def test_a_damaged_set_fails_before_anything_is_restored(prove, kit):
    made = kit.make("00000002")
    path = kit.folder.folder / made.set_name / made.parts[0].name
    content = path.read_bytes()
    path.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))

    checks = prove(kit, made)

    assert [check.name for check in checks] == failed(checks) == ["seals"]
    assert "damaged" in checks[0].sentence or "not what" in checks[0].sentence


def test_a_set_of_an_unknown_release_is_told_apart_from_damage(prove, kit, made):
    checks = prove(kit, replace(made, schema_revision="9999"))

    assert failed(checks) == ["compatibility"]
    assert "does not know" in checks[-1].sentence


def test_a_disk_without_room_is_said_with_both_numbers_before_anything_is_restored(
    proving_app, kit, made, tmp_path
):
    """BAK-02: on a real small file system, where we may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    large = replace(made.parts[0], plain_size=10**18)  # who may not mount has no such disk
    parts = made.parts if mounted.returncode == 0 else (large, *made.parts[1:])
    try:
        with proving_app.app_context():
            place = Place(kit.folder, kit.vault, replace(made, parts=parts))
            checks = [proving.room_for(place, disk / "home" / "not made yet")]
            if mounted.returncode == 0:
                url = kit.source.database_url
                (disk / "taken").write_bytes(bytes(900_000))
                checks = proving.prove_set(place, (KNOWN,), url, disk / "home")
    finally:
        if mounted.returncode == 0:
            subprocess.run(["umount", str(disk)], check=True)

    assert failed(checks) == ["room"]
    assert checks[-1].sentence.startswith("There is no room to unpack it: ")
    assert re.search(
        r"[\d,.]+ MB are needed in USCPIS_HOME and [\d,.]+ MB are free", checks[-1].sentence
    )


def test_rows_that_are_missing_are_named(prove, kit, made):
    counts = made.row_counts | {"ab_user": made.row_counts["ab_user"] + 1, "gone_table": 3}

    checks = prove(kit, replace(made, row_counts=counts))

    assert failed(checks) == ["row counts"]
    sentence = next(check.sentence for check in checks if not check.passed)
    assert "gone_table has no table instead of 3" in sentence
    assert "ab_user has" in sentence


def test_another_schema_than_the_manifest_says_is_found(prove, kit, made):
    checks = prove(kit, replace(made, schema_revision="0001"))

    assert "schema" in failed(checks)


@pytest.mark.committed
def test_a_broken_audit_trail_is_found(prove, app, tmp_path):
    kit = kit_of(app, tmp_path / "kit")
    spoil(
        kit,
        "ALTER TABLE security_audit_event DISABLE TRIGGER USER",
        "UPDATE security_audit_event SET actor_name = 'somebody else'"
        " WHERE id = (SELECT min(event_id) FROM security_audit_seal)",
        "ALTER TABLE security_audit_event ENABLE TRIGGER USER",
    )

    assert failed(prove(kit, kit.make(), app=app)) == ["audit trail"]


@pytest.mark.committed
def test_rules_that_do_not_hold_are_named(prove, app, tmp_path):
    kit = kit_of(app, tmp_path / "kit")
    spoil(kit, "DELETE FROM infra_stamp")

    checks = prove(kit, kit.make(), app=app)

    assert failed(checks) == ["rules about the data"]
    assert "stamps" in next(check.sentence for check in checks if not check.passed)


@pytest.mark.parametrize("content", [b"changed", None])
def test_files_that_the_database_knows_are_compared(prove, proving_app, tmp_path, content):
    kit = kit_of(proving_app, tmp_path / "kit")
    path = kit.source.home / "reports" / "proof.pdf"
    path.unlink()
    if content is not None:
        path.write_bytes(content)

    checks = prove(kit, kit.make())

    assert failed(checks) == ["files of reports"]
    assert "proof.pdf" in checks[-1].sentence


def test_a_server_that_gives_no_scratch_database_is_an_answer_and_no_error(
    proving_app, kit, made, tmp_path
):
    nowhere = make_url(kit.source.database_url).set(username="nobody_here")

    with proving_app.app_context():
        checks = proving.prove_set(
            Place(kit.folder, kit.vault, made),
            [AREA],
            nowhere.render_as_string(hide_password=False),
            tmp_path / "work",
        )

    assert failed(checks) == ["compatibility"]


def test_an_area_that_this_release_does_not_know_fails_the_files(prove, kit, made):
    checks = prove(kit, made, areas=[FileArea("test.other", "other", "Others.")])

    assert "restore" in failed(checks)


def test_what_a_killed_run_left_behind_goes_at_the_next(kit, tmp_path):
    spoil(kit, f"CREATE DATABASE {LEFT_BEHIND}")
    (tmp_path / f".{LEFT_BEHIND}" / "reports").mkdir(parents=True)
    url = kit.source.database_url

    with scratch.copy_beside(url, tmp_path, scratch.SCRATCH) as copy:
        assert list(tmp_path.iterdir()) == [copy.folder]

    assert LEFT_BEHIND not in names_of(url)


def test_a_copy_that_is_in_use_is_left_alone(kit, tmp_path):
    url = kit.source.database_url
    with scratch.copy_beside(url, tmp_path / "one", scratch.SCRATCH) as copy:
        assert copy.name not in scratch.tidy_copies(url, tmp_path / "one")
        assert copy.folder.is_dir()


def test_a_set_that_vanishes_during_the_proof_is_an_answer(prove, kit):
    made = read_set(kit.folder, kit.vault, kit.make("00000003").set_name)
    shutil.rmtree(kit.folder.folder / made.set_name)

    assert failed(prove(kit, made)) == ["seals"]


def test_a_folder_that_cannot_be_written_is_an_answer(proving_app, kit, made, tmp_path):
    (tmp_path / "file").write_text("in the way")
    place = Place(LocalFolder(kit.folder.folder), kit.vault, made)

    with proving_app.app_context():
        checks = proving.prove_set(place, [AREA], kit.source.database_url, tmp_path / "file")

    assert failed(checks) == ["restore"]
    assert checks[-1].sentence == "It could not be done (FileExistsError)."
