"""A set comes back as it was, beside what is live; a malicious one does nothing (BAK-02)."""

import io
import tarfile
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text

from app.backup.errors import BackupFailed, Damaged
from app.backup.rules import FILES
from app.backup.services import restoring
from app.backup.services.making import row_counts
from app.backup.services.sealing import sealed_file
from app.infra.storage import LocalFolder
from tests.factories.backups import AREA, create_kit


@pytest.fixture(scope="module")
def kit(template_database, tmp_path_factory):
    """What backups of the template database need."""
    return create_kit(template_database, tmp_path_factory.mktemp("kit"))


@pytest.fixture(scope="module")
def place(kit):
    """One finished set."""
    return restoring.Place(kit.folder, kit.vault, kit.make())


@pytest.fixture
def scratch(kit, worker_name):
    """An empty database that is removed afterwards; its URL."""
    name = f"{worker_name}_scratch"
    yield restoring.create_database(kit.source.database_url, name)
    restoring.drop_database(kit.source.database_url, name)


def asked(url, question):
    """One value of a database."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = connection.scalar(text(question))
    engine.dispose()
    return found


def test_a_database_comes_back_with_every_row_and_rule(kit, place, scratch, tmp_path):
    restoring.restore_database(place, scratch, tmp_path)

    engine = create_engine(scratch)
    with engine.connect() as connection:
        assert row_counts(connection) == place.manifest.row_counts
    engine.dispose()
    for question in (
        "SELECT count(*) FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
        "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = indrelid"
        " WHERE relnamespace = 'public'::regnamespace",
        "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal",
    ):
        assert asked(scratch, question) == asked(kit.source.database_url, question) > 0
    assert list(tmp_path.iterdir()) == []


def test_files_come_back_as_they_were(kit, place, tmp_path):
    count = restoring.restore_files(place, [AREA], tmp_path / "back")

    assert count == 2
    for name in ("proof.pdf", "proof.json"):
        came, was = tmp_path / "back/reports" / name, kit.source.home / "reports" / name
        assert came.read_bytes() == was.read_bytes()
        assert came.stat().st_mode & 0o777 == 0o600


def entry(name="reports/a.pdf", kind=tarfile.REGTYPE, link="", content=b"abc"):
    """One member of an archive, with its content."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(content)
    return info, io.BytesIO(content)


def archive(*entries):
    """The bytes of an archive."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for info, content in entries:
            tar.addfile(info, content if info.isreg() else None)
    return target.getvalue()


def sealed_by_somebody(place, folder, content):
    """A set with right seals and hashes, and files that no backup of ours would hold."""
    target = LocalFolder(folder / "evil")
    name = "uscpis-evil"
    with sealed_file(target, place.vault, name, FILES) as file:
        file.write(content)
    target.finish(name)
    parts = tuple(file.part() if p.name == FILES else p for p in place.manifest.parts)
    manifest = replace(place.manifest, set_name=name, parts=parts, file_count=1)
    return restoring.Place(target, place.vault, manifest)


@pytest.mark.parametrize(
    "content",
    [
        archive(entry("../../evil.pdf")),
        archive(entry("reports/../../evil.pdf")),
        archive(entry("/reports/evil.pdf")),
        archive(entry("evil.pdf")),
        archive(entry("reports")),
        archive(entry("unknown/evil.pdf")),
        archive(entry("reports/link", tarfile.SYMTYPE, "/etc/passwd")),
        archive(entry("reports/link", tarfile.LNKTYPE, "reports/a.pdf")),
        archive(entry("reports/null", tarfile.CHRTYPE)),
        archive(entry("reports/disk", tarfile.BLKTYPE)),
        archive(entry("reports/pipe", tarfile.FIFOTYPE)),
        archive(entry("reports/folder", tarfile.DIRTYPE)),
        archive(entry(), entry()),
        archive(entry(), entry("reports/b.pdf")),
        archive(entry(content=b"x" * 5000))[:2000],
        b"not an archive at all" * 100,
        b"",
    ],
)
def test_a_malicious_archive_is_refused_and_nothing_lies_outside(place, tmp_path, content):
    evil = sealed_by_somebody(place, tmp_path, content)
    outside = tmp_path / "evil.pdf"

    with pytest.raises(Damaged):
        restoring.restore_files(evil, [AREA], tmp_path / "one" / "back")

    assert not outside.exists()
    assert not any(path.is_symlink() for path in (tmp_path / "one").rglob("*"))


def test_a_database_that_is_in_the_way_is_not_touched(kit, place, scratch):
    name = scratch.rsplit("/", 1)[-1].split("?")[0]

    with pytest.raises(BackupFailed, match="already exists"):
        restoring.create_database(kit.source.database_url, name)


def test_a_restore_over_existing_tables_stops_at_the_first_error(kit, place, scratch, tmp_path):
    restoring.restore_database(place, scratch, tmp_path)

    with pytest.raises(BackupFailed, match="already exists"):
        restoring.restore_database(place, scratch, tmp_path)


def test_names_are_quoted_whatever_they_hold(kit):
    name = 'odd "name; DROP'
    restoring.create_database(kit.source.database_url, name)

    restoring.drop_database(kit.source.database_url, name)

    assert asked(kit.source.database_url, "SELECT count(*) FROM pg_database") > 0
