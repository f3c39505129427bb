"""Base copies in several places, and how old ones go together with their log (BAK-01)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.backup.errors import BackupFailed, Damaged
from app.backup.rules.base_copy import CLUSTER_FILES, CONTENTS, write_base
from app.backup.services.base_copies import (
    base_copies,
    first_place,
    make_base,
    other_places,
    prune_bases,
    send_base,
)
from app.backup.services.recovering import choose, prepare
from app.backup.services.sealing import sealed_file
from app.infra.storage import LocalFolder, S3Bucket, StorageFailed
from app.infra.vault import create_keys
from app.infra.wal_shelves import FolderShelf
from tests.rules.test_base_copy_rules import COPY, NOON
from tests.site import settings_for


@pytest.fixture
def vault(tmp_path):
    """Keys."""
    return create_keys(tmp_path / "keys" / "backup.json")


@pytest.fixture
def place(tmp_path):
    """A folder for base copies."""
    return LocalFolder(tmp_path / "base")


def keep_copy(place, vault, number, cluster=COPY.cluster):
    """A finished copy with little in it."""
    copy = replace(
        COPY,
        set_name=f"base-{number}",
        cluster=cluster,
        start_wal=f"0000000100000000000000{number:02X}",
        finished_at=NOON + timedelta(hours=number),
    )
    for name, content in ((CLUSTER_FILES, b"no tar"), (CONTENTS, write_base(copy))):
        with sealed_file(place, vault, copy.set_name, name) as file:
            file.write(content)
    place.finish(copy.set_name)
    return copy


def test_a_copy_reaches_another_place_whole(place, vault, tmp_path):
    copy, other = keep_copy(place, vault, 1), LocalFolder(tmp_path / "other")

    send_base(copy, place, other)

    assert base_copies(other, vault) == [copy]


def test_a_place_that_is_full_keeps_no_half_copy(place, vault, tmp_path):
    class Full(LocalFolder):
        def finish(self, set_name):
            raise StorageFailed("other: No space left on device.")

    copy, other = keep_copy(place, vault, 1), Full(tmp_path / "other")

    with pytest.raises(StorageFailed):
        send_base(copy, place, other)
    assert list((tmp_path / "other").iterdir()) == []


def test_old_copies_go_with_the_log_that_only_they_need(place, vault, tmp_path):
    copies = [keep_copy(place, vault, number) for number in (1, 2, 3)]
    shelf = FolderShelf(tmp_path / "wal")
    for copy in copies:
        shelf.write(copy.start_wal, b"x")
    shelf.write("00000002.history", b"x")

    gone = prune_bases(place, [shelf], vault, keep=2, cluster=COPY.cluster)

    assert gone == 1
    assert base_copies(place, vault) == copies[1:]
    assert shelf.names() == [copies[1].start_wal, copies[2].start_wal, "00000002.history"]


def test_copies_of_another_cluster_stay(place, vault):
    strangers = [keep_copy(place, vault, number, cluster="7") for number in (1, 2, 3)]

    prune_bases(place, [], vault, keep=2, cluster=COPY.cluster)

    assert base_copies(place, vault) == strangers


def test_the_copy_to_begin_with_is_the_latest_before_the_moment(place, vault):
    copies = [keep_copy(place, vault, number) for number in (1, 2, 3)]

    assert choose(place, vault, NOON + timedelta(hours=2, minutes=5)) == copies[1]


def test_a_copy_sealed_with_other_keys_is_told(place, vault, tmp_path):
    keep_copy(place, vault, 1)

    with pytest.raises(Damaged, match="keys at hand"):
        base_copies(place, create_keys(tmp_path / "others.json"))


def test_a_copy_that_is_no_cluster_prepares_nothing(place, vault, tmp_path):
    copy = keep_copy(place, vault, 1)

    with pytest.raises(Damaged):
        prepare(
            copy, place, [], vault, moment=NOON, folder=tmp_path / "new", restore_command="false"
        )
    assert not (tmp_path / "new").exists()


def test_a_server_that_allows_no_copy_says_so_and_nothing_is_left(
    template_database, vault, place
):  # the servers of tests have no replication
    with pytest.raises(BackupFailed, match="pg_basebackup failed"):
        make_base(template_database, vault, place, made_at=NOON, mark="0a")
    assert list(place.folder.iterdir()) == []


def test_a_server_that_is_away_is_told(vault, place):
    with pytest.raises(BackupFailed, match="refused"):
        make_base("postgresql+psycopg2://x@127.0.0.1:1/x", vault, place, made_at=NOON, mark="0a")


def test_places_come_from_the_settings(tmp_path):
    settings = settings_for(
        "postgresql:///unused",
        tmp_path,
        BACKUP_SECOND_FOLDER=str(tmp_path / "mount"),
        BACKUP_S3_BUCKET="copies",
        BACKUP_S3_PREFIX="clinic",
        BACKUP_S3_REGION="us-east-1",
    )

    folder, bucket = other_places(settings)

    assert first_place(settings).folder == tmp_path / "backups" / "_base"
    assert folder.folder == tmp_path / "mount" / "_base"
    assert isinstance(bucket, S3Bucket)
    assert bucket.label == "s3://copies/clinic/_base"
