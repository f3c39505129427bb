"""Segments of the log: kept once, sealed, in every place; never another content (BAK-01)."""

import io
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.infra import wal_bucket, wal_shelves
from app.infra.storage import s3_bucket
from app.infra.vault import Vault, create_keys
from app.infra.wal import Refused, archive, main, restore
from app.infra.wal_shelves import FolderShelf, NotKept, ShelfFailed

CLUSTER = "7412345678901234567"
NAME = "000000010000000000000003"


def segment(fill: bytes = b"a booking", cluster: str = CLUSTER) -> bytes:
    """What PostgreSQL would hand over, only smaller."""
    header = struct.pack("=24xQ", int(cluster))
    return header + fill.ljust(100_000, b"\0")


@dataclass
class Desk:
    """Keys, two folders, and how the command is called on them."""

    home: Path
    second: Path
    vault: Vault

    @property
    def shelves(self) -> list[FolderShelf]:
        return [
            FolderShelf(self.home / "backups" / "_wal" / CLUSTER),
            FolderShelf(self.second / "_wal" / CLUSTER),
        ]

    def call(self, *words: str) -> int:
        environ = {"USCPIS_HOME": str(self.home), "BACKUP_SECOND_FOLDER": str(self.second)}
        return main([*words, f"--cluster={CLUSTER}"], environ)


@pytest.fixture
def desk(tmp_path):
    home = tmp_path / "home"
    return Desk(home, tmp_path / "second", create_keys(home / "keys" / "backup.json"))


@pytest.fixture
def kept(desk, tmp_path):
    """One archived segment."""
    (tmp_path / "segment").write_bytes(segment())
    assert desk.call("archive", str(tmp_path / "segment"), NAME) == 0
    return tmp_path / "segment"


def test_what_was_archived_is_restored_from_either_place(desk, kept, tmp_path):
    desk.shelves[0].remove(NAME)

    assert desk.call("restore", NAME, str(tmp_path / "back")) == 0
    assert (tmp_path / "back").read_bytes() == kept.read_bytes()


def test_a_quiet_segment_takes_little_room_and_shows_nothing(desk, kept):
    stored = desk.shelves[0].read(NAME)

    assert len(stored) < kept.stat().st_size / 10
    assert b"a booking" not in stored


def test_the_same_content_twice_is_fine_and_another_is_refused(desk, kept, capsys):
    before = desk.shelves[0].read(NAME)
    again = desk.call("archive", str(kept), NAME)
    kept.write_bytes(segment(b"another booking"))

    other = desk.call("archive", str(kept), NAME)

    assert (again, other) == (0, 1)
    assert "another content" in capsys.readouterr().err
    assert desk.shelves[0].read(NAME) == before


def test_a_segment_of_another_cluster_is_refused(desk, tmp_path, capsys):
    (tmp_path / "segment").write_bytes(segment(cluster="7499999999999999999"))

    assert desk.call("archive", str(tmp_path / "segment"), NAME) == 1
    assert f"not of the cluster {CLUSTER}" in capsys.readouterr().err


def test_a_place_that_missed_a_segment_gets_it_at_the_next_try(desk, kept):
    desk.shelves[1].remove(NAME)

    desk.call("archive", str(kept), NAME)

    assert desk.shelves[1].names() == [NAME]


def test_while_one_place_is_away_a_segment_does_not_count_as_archived(desk, tmp_path, capsys):
    (tmp_path / "segment").write_bytes(segment())
    desk.second.write_text("a file where the folder should be")

    assert desk.call("archive", str(tmp_path / "segment"), NAME) == 1
    assert str(desk.second) in capsys.readouterr().err


def test_a_file_that_was_never_archived_ends_a_recovery_in_good_order(desk, tmp_path):
    assert desk.call("restore", "00000002.history", str(tmp_path / "back")) == 1
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize("name", ["../../keys/backup.json", "pg_control", NAME + "/x", ""])
def test_names_that_are_none_of_the_log_are_refused(desk, name, tmp_path):
    assert desk.call("restore", name, str(tmp_path / "back")) == 200


def test_a_segment_damaged_in_one_place_comes_from_the_other(desk, kept):
    path = desk.shelves[0].folder / NAME
    path.write_bytes(path.read_bytes()[:-1])

    assert restore(NAME, CLUSTER, desk.vault, desk.shelves) == kept.read_bytes()


def test_damaged_everywhere_it_stops_a_recovery_loudly(desk, kept, tmp_path, capsys):
    for shelf in desk.shelves:
        (shelf.folder / NAME).write_bytes(b"not sealed by us at all")

    assert desk.call("restore", NAME, str(tmp_path / "back")) == 200
    assert "is damaged" in capsys.readouterr().err


def test_a_damaged_segment_is_not_silently_replaced(desk, kept, capsys):
    (desk.shelves[0].folder / NAME).write_bytes(b"cut")

    assert desk.call("archive", str(kept), NAME) == 1
    assert "Move it away" in capsys.readouterr().err


def test_two_segments_cannot_be_swapped(desk, kept):
    other = NAME[:-1] + "4"
    desk.shelves[0].write(other, desk.shelves[0].read(NAME))

    with pytest.raises(Refused):
        restore(other, CLUSTER, desk.vault, desk.shelves[:1])


def test_without_keys_nothing_is_archived(tmp_path, capsys):
    (tmp_path / "segment").write_bytes(segment())
    words = ["archive", str(tmp_path / "segment"), NAME, f"--cluster={CLUSTER}"]

    assert main(words, {"USCPIS_HOME": str(tmp_path)}) == 1
    assert "backup.json holds no keys" in capsys.readouterr().err


def test_settings_come_from_a_file_when_the_server_has_no_environment(desk, tmp_path):
    (tmp_path / "segment").write_bytes(segment())
    (tmp_path / "environment").write_text(f'# ours\nUSCPIS_HOME="{desk.home}"\n\nnot a line\n')
    words = ["archive", str(tmp_path / "segment"), NAME, f"--cluster={CLUSTER}"]

    assert main([*words, f"--settings={tmp_path / 'environment'}"], {}) == 0
    assert desk.shelves[0].names() == [NAME]


class Pipe:
    """Standard input and output of a command."""

    def __init__(self, content: bytes = b"") -> None:
        self.buffer = io.BytesIO(content)


def test_through_a_pipe_another_account_can_do_it(desk, monkeypatch):
    given, told = Pipe(segment()), Pipe()
    monkeypatch.setattr(sys, "stdin", given)
    monkeypatch.setattr(sys, "stdout", told)

    codes = desk.call("archive", "-", NAME), desk.call("restore", NAME, "-")

    assert codes == (0, 0)
    assert told.buffer.getvalue() == segment()


def test_a_cluster_is_named_by_its_number(desk):
    with pytest.raises(SystemExit):
        main(["archive", "x", NAME, "--cluster=../.."])


def test_a_full_disk_leaves_no_half_segment(desk, monkeypatch):
    def full(path, content):
        path.write_bytes(content[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(wal_shelves, "_write_durably", full)

    with pytest.raises(ShelfFailed, match="No space left"):
        archive(segment(), NAME, CLUSTER, desk.vault, desk.shelves)
    assert list(desk.shelves[0].folder.iterdir()) == []


def test_an_empty_place_has_no_names(tmp_path):
    assert FolderShelf(tmp_path / "none").names() == []


@pytest.fixture
def bucket(storage):
    """A shelf in S3-compatible storage."""
    target = s3_bucket(
        "copies", prefix="", endpoint=storage, region="us-east-1", key_id="id", secret_key="key"
    )
    target.client.create_bucket(Bucket="copies")
    return wal_bucket.BucketShelf(target.client, "copies", "clinic/_wal/1")


@pytest.fixture(scope="module")
def storage():
    """A server that speaks S3."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_a_bucket_keeps_segments_as_well(desk, bucket):
    archive(segment(), NAME, CLUSTER, desk.vault, [bucket])
    archive(segment(), NAME, CLUSTER, desk.vault, [bucket])

    assert restore(NAME, CLUSTER, desk.vault, [bucket]) == segment()
    assert bucket.names() == [NAME]
    bucket.remove(NAME)
    with pytest.raises(NotKept):
        bucket.read(NAME)


def test_a_bucket_that_is_not_there_is_told(desk, bucket):
    away = wal_bucket.BucketShelf(bucket.client, "nowhere", "x")

    with pytest.raises(ShelfFailed, match="NoSuchBucket"):
        away.write(NAME, b"x")


def test_the_settings_lead_to_the_bucket(desk, storage, tmp_path, monkeypatch):
    (tmp_path / "segment").write_bytes(segment())
    words = ["archive", str(tmp_path / "segment"), NAME, f"--cluster={CLUSTER}"]
    environ = {
        "USCPIS_HOME": str(desk.home),
        "BACKUP_S3_BUCKET": "not-made",
        "BACKUP_S3_ENDPOINT": storage,
        "BACKUP_S3_REGION": "us-east-1",
        "BACKUP_S3_KEY_ID": "id",
        "BACKUP_S3_SECRET_KEY": "key",
    }

    assert main(words, environ) == 1  # kept in the folder, but not yet everywhere
    assert desk.shelves[0].names() == [NAME]
