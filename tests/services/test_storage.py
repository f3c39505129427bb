"""Folders and buckets keep sets alike: whole or invisible (BAK-01)."""

import io
import os

import pytest

from app.infra.storage import LocalFolder, StorageFailed, s3_bucket

CONTENT = os.urandom(20_000_000)  # more than one piece of an upload


@pytest.fixture(scope="module")
def s3_server():
    """An S3-compatible server on this machine."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def bucket(address, name="clinic", **changed):
    """A bucket of that server."""
    values = {"prefix": "copies", "region": "us-east-1", "key_id": "id", "secret_key": "secret"}
    return s3_bucket(name, endpoint=address, **values | changed)


@pytest.fixture(params=["folder", "bucket"])
def target(request, tmp_path):
    """Each kind of place, empty."""
    if request.param == "folder":
        return LocalFolder(tmp_path / "sets")
    made = bucket(request.getfixturevalue("s3_server"), f"clinic-{os.urandom(4).hex()}")
    made.client.create_bucket(Bucket=made.bucket)
    return made


def store(target, name="uscpis-1", content=b"content"):
    """A finished set of one file."""
    target.put(name, "part.sealed", io.BytesIO(content))
    target.finish(name)


def test_a_finished_set_is_listed_and_read(target):
    store(target, content=CONTENT)

    assert target.sets() == ["uscpis-1"]
    assert target.files("uscpis-1") == {"part.sealed": len(CONTENT)}
    with target.open("uscpis-1", "part.sealed") as file:
        assert file.read() == CONTENT


def test_a_set_that_is_not_finished_is_not_there(target):
    target.put("uscpis-1", "part.sealed", io.BytesIO(b"half"))

    assert target.sets() == []


def test_an_abandoned_set_leaves_nothing(target):
    target.put("uscpis-1", "part.sealed", io.BytesIO(b"half"))
    target.abandon("uscpis-1")
    store(target)

    assert target.sets() == ["uscpis-1"]
    with target.open("uscpis-1", "part.sealed") as file:
        assert file.read() == b"content"


def test_a_removed_set_is_gone_and_the_others_stay(target):
    store(target, "uscpis-1")
    store(target, "uscpis-2")

    target.remove("uscpis-1")

    assert target.sets() == ["uscpis-2"]


def test_an_empty_place_has_no_sets(target):
    assert target.sets() == []


@pytest.mark.parametrize("name", ["..", "../up", "a/b", "", ".hidden", "UPPER", "x" * 101])
def test_a_name_that_leads_elsewhere_is_refused(target, name):
    with pytest.raises(StorageFailed):
        target.put(name, "part.sealed", io.BytesIO(b""))
    with pytest.raises(StorageFailed):
        target.open(name, "part.sealed")
    with pytest.raises(StorageFailed):
        target.remove(name)


@pytest.mark.parametrize("name", ["..", "../up", "a/b", "", ".hidden", "complete/x"])
def test_a_file_name_that_leads_elsewhere_is_refused(target, name):
    with pytest.raises(StorageFailed):
        target.put("uscpis-1", name, io.BytesIO(b""))


def test_what_is_not_there_is_said_plainly(target):
    with pytest.raises(StorageFailed):
        target.open("uscpis-1", "part.sealed")


def test_foreign_things_in_the_folder_are_not_sets(tmp_path):
    folder = LocalFolder(tmp_path)
    store(folder)
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "link").symlink_to(tmp_path / "uscpis-1")
    (tmp_path / "Some folder").mkdir()

    assert folder.sets() == ["uscpis-1"]


def test_a_set_is_for_its_owner_alone(tmp_path):
    folder = LocalFolder(tmp_path)
    store(folder)

    assert (tmp_path / "uscpis-1").stat().st_mode & 0o077 == 0
    assert (tmp_path / "uscpis-1" / "part.sealed").stat().st_mode & 0o077 == 0


def test_leftovers_of_interrupted_runs_are_tidied_away(tmp_path):
    folder = LocalFolder(tmp_path)
    store(folder)
    folder.put("uscpis-2", "part.sealed", io.BytesIO(b"half"))
    (tmp_path / ".doomed-uscpis-0").mkdir()

    folder.tidy()

    assert [path.name for path in tmp_path.iterdir()] == ["uscpis-1"]


def test_a_bucket_that_is_not_there_is_said_without_secrets(s3_server):
    with pytest.raises(StorageFailed, match="s3://nowhere/copies") as refusal:
        bucket(s3_server, "nowhere", secret_key="very-secret").sets()

    assert "very-secret" not in str(refusal.value)


def test_storage_that_does_not_answer_is_said_plainly():
    with pytest.raises(StorageFailed, match="s3://clinic"):
        bucket("http://127.0.0.1:9").sets()


def test_sets_lie_below_their_prefix_only(s3_server):
    one = bucket(s3_server, "shared-bucket")
    one.client.create_bucket(Bucket="shared-bucket")
    other = bucket(s3_server, "shared-bucket", prefix="")
    store(one)

    assert other.sets() == []
