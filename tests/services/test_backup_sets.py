"""Sets are whole or not there, and any change of one is found (BAK-02, BAK-03, EVD-02)."""

import io
import json
import os
import shutil
import subprocess
import tarfile
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text

from app.backup.errors import BackupFailed, BadManifest, Damaged, SetNotFound, WrongKey
from app.backup.rules import CONFIGURATION, DATABASE, FILES, MANIFEST, MANIFEST_SEAL
from app.backup.rules.manifest import PARTS
from app.backup.services import making
from app.backup.services.checking import check_parts, opened, read_set
from app.infra.pg_programs import ProgramMissing, program
from app.infra.storage import LocalFolder
from app.infra.vault import create_keys
from tests.factories.backups import create_kit


@pytest.fixture
def kit(template_database, tmp_path):
    """What a backup of the template database needs."""
    return create_kit(template_database, tmp_path)


@pytest.fixture(scope="module")
def original(template_database, tmp_path_factory):
    """One finished set, which tests that spoil a set copy."""
    kit = create_kit(template_database, tmp_path_factory.mktemp("original"))
    return kit, kit.make()


@pytest.fixture
def spoilt(original, tmp_path):
    """A copy of the finished set, to be spoilt: the kit that reads it, its manifest, its folder."""
    kit, made = original
    folder = tmp_path / "backups"
    shutil.copytree(kit.folder.folder, folder)
    return replace(kit, folder=LocalFolder(folder)), made, folder / made.set_name


def content_of(kit, manifest, name):
    """What a part holds."""
    with opened(kit.folder, kit.vault, manifest, manifest.part(name)) as part:
        return b"".join(iter(part.read, b""))


def checked(kit, name, vault=None):
    """Read a set as a restore would."""
    manifest = read_set(kit.folder, vault or kit.vault, name)
    check_parts(kit.folder, vault or kit.vault, manifest)
    return manifest


def test_a_set_holds_database_files_and_configuration(kit, tmp_path):
    made = kit.make()

    manifest = checked(kit, made.set_name)

    assert manifest == made
    assert kit.folder.sets() == [made.set_name] == ["uscpis-20261123T043000Z-0a1b2c3d"]
    assert json.loads(content_of(kit, made, CONFIGURATION)) == {"CLINIC_NAME": "Health Services"}
    with tarfile.open(fileobj=io.BytesIO(content_of(kit, made, FILES))) as tar:
        assert tar.getnames() == ["reports/proof.json", "reports/proof.pdf"]
    dump = tmp_path / "dump"
    dump.write_bytes(content_of(kit, made, DATABASE))
    said = subprocess.run(
        [program("pg_restore", server_major=made.server_major), "--list", dump],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert "TABLE DATA public scheduling_appointment" in said


def test_the_rows_are_those_of_the_same_moment(kit):
    made = kit.make()

    engine = create_engine(kit.source.database_url)
    with engine.connect() as connection:
        users = connection.scalar(text("SELECT count(*) FROM ab_user"))
        revision = connection.scalar(text("SELECT version_num FROM alembic_version"))
    engine.dispose()
    assert made.row_counts["ab_user"] == users > 0
    assert made.schema_revision == revision


def test_nothing_in_a_set_can_be_read_without_the_keys(original):
    kit, made = original

    stored = b"".join(
        (kit.folder.folder / made.set_name / name).read_bytes()
        for name in kit.folder.files(made.set_name)
    )

    assert b"Health Services" not in stored
    assert b"PDF of" not in stored
    assert b"receptionist" not in stored.lower()


@pytest.mark.parametrize("name", [*PARTS, MANIFEST, MANIFEST_SEAL])
@pytest.mark.parametrize("place", [0, 20, 0.5, -1])
def test_one_flipped_bit_is_found(spoilt, name, place):
    kit, made, folder = spoilt
    path = folder / name
    data = bytearray(path.read_bytes())
    data[int(len(data) * place) if isinstance(place, float) else place] ^= 4
    path.write_bytes(data)

    with pytest.raises((Damaged, BadManifest, WrongKey)):
        checked(kit, made.set_name)


@pytest.mark.parametrize("name", [*PARTS, MANIFEST, MANIFEST_SEAL])
@pytest.mark.parametrize("change", ["cut", "gone", "longer", "empty"])
def test_a_part_that_is_not_whole_is_found(spoilt, name, change):
    kit, made, folder = spoilt
    path = folder / name
    data = path.read_bytes()
    path.unlink()
    if change != "gone":
        path.write_bytes({"cut": data[:-1], "longer": data + b"\n", "empty": b""}[change])

    with pytest.raises((Damaged, BadManifest)):
        checked(kit, made.set_name)


def test_parts_of_two_sets_cannot_be_swapped(kit):
    one, two = kit.make("00000001"), kit.make("00000002")
    here, there = (kit.folder.folder / made.set_name / DATABASE for made in (one, two))
    other = there.read_bytes()
    manifest = json.loads((here.parent / MANIFEST).read_text())
    assert len(other) == manifest["parts"][0]["size"]
    here.write_bytes(other)

    with pytest.raises(Damaged):
        checked(kit, one.set_name)


def test_a_manifest_that_somebody_rewrote_is_found(spoilt):
    kit, made, folder = spoilt
    path = folder / MANIFEST
    path.write_text(path.read_text().replace('"ab_user": ', '"ab_user": 1'))

    with pytest.raises(Damaged, match="not the one that was sealed"):
        read_set(kit.folder, kit.vault, made.set_name)


def test_a_set_under_another_name_is_found(spoilt):
    kit, _made, folder = spoilt
    folder.rename(folder.with_name("uscpis-renamed"))

    with pytest.raises(BadManifest, match="another set"):
        read_set(kit.folder, kit.vault, "uscpis-renamed")


def test_other_keys_are_told_apart_from_damage(original, tmp_path):
    kit, made = original
    others = create_keys(tmp_path / "others.json")

    with pytest.raises(WrongKey, match="escrow"):
        checked(kit, made.set_name, others)


@pytest.mark.parametrize("name", ["uscpis-nowhere", "..", "../home", "/etc", "", "a" * 200])
def test_an_unknown_set_is_refused(original, name):
    kit, _made = original

    with pytest.raises(SetNotFound):
        read_set(kit.folder, kit.vault, name)


def test_a_link_in_place_of_a_part_is_refused(spoilt, tmp_path):
    kit, made, folder = spoilt
    path = folder / FILES
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(Damaged):
        checked(kit, made.set_name)


def test_links_and_devices_among_the_files_are_left_out(kit):
    reports = kit.source.home / "reports"
    (reports / "passwd").symlink_to("/etc/passwd")
    (reports / "folder").symlink_to("/etc")
    os.mkfifo(reports / "pipe")

    made = kit.make()

    assert made.file_count == 2


def test_an_area_that_has_no_files_yet_is_fine(kit):
    for path in (kit.source.home / "reports").iterdir():
        path.unlink()
    (kit.source.home / "reports").rmdir()

    assert checked(kit, kit.make().set_name).file_count == 0


def test_a_dump_that_fails_leaves_nothing_and_says_why(kit, monkeypatch):
    earlier = kit.make("00000001")
    monkeypatch.setattr(making, "COMPRESSION", "no-such-method")

    with pytest.raises(BackupFailed, match="no-such-method"):
        kit.make("00000002")

    assert kit.folder.sets() == [earlier.set_name]
    assert [path.name for path in kit.folder.folder.iterdir()] == [earlier.set_name]


def test_a_run_that_is_interrupted_leaves_nothing(kit):
    def interrupt(step, _bytes):
        if step == "database":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        making.make_set(
            kit.source,
            kit.vault,
            kit.folder,
            made_at=making.datetime.now().astimezone(),
            mark="00000003",
            say=interrupt,
        )

    assert list(kit.folder.folder.iterdir()) == []


def test_a_server_newer_than_every_program_is_said_plainly():
    with pytest.raises(ProgramMissing, match="postgresql-client-99"):
        program("pg_dump", server_major=99)
