"""Three copies in two kinds of places: what a place cannot take harms no other (BAK-01)."""

import os
import shutil
from contextlib import contextmanager
from dataclasses import replace

import pytest
import requests

from app.backup import queries, services
from app.backup.errors import PlaceNotFound
from app.backup.models import BackupRun
from app.backup.rules import FILES, Check, Proof, RunStatus
from app.backup.services import places, runs
from app.backup.services.checking import check_parts, read_set
from app.backup.services.keys import backup_vault
from app.infra.db import session
from app.infra.runtime import settings
from app.infra.storage import LocalFolder
from app.kernel.actor import system_actor

SYSTEM = system_actor()


@contextmanager
def s3_server():
    """An S3-compatible server on this machine."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    try:
        yield server, f"http://{host}:{port}"
    finally:
        server.stop()


@pytest.fixture(scope="module")
def endpoint():
    """The address of a server that runs for the whole module."""
    with s3_server() as (_server, address):
        yield address


@pytest.fixture
def site(db, app, tmp_path, monkeypatch):
    """The site with folders of its own; sets are proven without being restored."""
    good = [Check("restore", passed=True, sentence="It came back.")]
    monkeypatch.setattr(runs, "prove_set", lambda *_args, **_more: good)
    configure(app, monkeypatch, keys_folder=tmp_path / "keys", backup_folder=tmp_path / "first")
    return app


def configure(app, monkeypatch, **changed):
    """Other settings for this test."""
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], **changed))


def use_bucket(app, monkeypatch, address, *, makes=True):
    """A new bucket as a place."""
    name = f"clinic-{os.urandom(4).hex()}"
    configure(
        app,
        monkeypatch,
        backup_s3_bucket=name,
        backup_s3_prefix="copies",
        backup_s3_endpoint=address,
        backup_s3_region="us-east-1",
        backup_s3_key_id="id",
        backup_s3_secret_key="secret",
    )
    [bucket] = [place for place in places.other_places() if place.label.startswith("s3:")]
    if makes:
        bucket.client.create_bucket(Bucket=name)
    return bucket


def back_up():
    """One run as it is shown afterwards."""
    run_id = services.run_backup(SYSTEM)
    session().expire_all()
    return queries.known_run(run_id)


def told():
    """What the alert says of the last backup."""
    trouble = queries.last_trouble()
    return [trouble.sentence] if trouble else []


def test_a_set_lies_in_every_place_and_can_be_read_there(site, tmp_path, monkeypatch, endpoint):
    (tmp_path / "second").mkdir()
    configure(site, monkeypatch, backup_second_folder=str(tmp_path / "second"))
    use_bucket(site, monkeypatch, endpoint)

    run = back_up()

    assert [place["is_there"] for place in run.places] == [True, True, True]
    for place in run.places:
        target = places.place_named(place["label"])
        assert target.sets() == [run.set_name]
        check_parts(target, backup_vault(), read_set(target, backup_vault(), run.set_name))
    assert told() == []


def test_a_mount_that_is_away_is_told_and_caught_up_with(site, tmp_path, monkeypatch):
    second = tmp_path / "second"
    configure(site, monkeypatch, backup_second_folder=str(second))

    first_run = back_up()
    said = told()
    was_made = second.exists()
    second.mkdir()
    second_run = back_up()

    assert not was_made
    assert (first_run.status, first_run.proof) == (RunStatus.MADE, Proof.PASSED)
    assert first_run.places[1]["problem"] == f"{second}: the folder is not there. Is it mounted?"
    assert said == [f"A backup was not copied. {second}: the folder is not there. Is it mounted?"]
    assert told() == []
    assert set(LocalFolder(second).sets()) == {first_run.set_name, second_run.set_name}
    session().expire_all()
    assert all(place["is_there"] for place in queries.known_run(first_run.id).places)


def test_a_bucket_that_is_missing_is_told(site, monkeypatch, endpoint):
    use_bucket(site, monkeypatch, endpoint, makes=False)

    run = back_up()

    assert "NoSuchBucket" in run.places[1]["problem"]
    assert run.proof is Proof.PASSED


def test_wrong_credentials_are_told_and_no_key_is_named(site, monkeypatch, endpoint):
    use_bucket(site, monkeypatch, endpoint)
    requests.post(f"{endpoint}/moto-api/reset-auth", data=b"0", timeout=10)
    try:
        run = back_up()
    finally:
        requests.post(f"{endpoint}/moto-api/reset-auth", data=b"inf", timeout=10)

    problem = run.places[1]["problem"]
    assert "InvalidAccessKeyId" in problem
    assert "secret" not in problem
    assert run.proof is Proof.PASSED


def test_storage_that_goes_away_in_the_middle_leaves_the_first_copy(site, tmp_path, monkeypatch):
    with s3_server() as (server, address):
        use_bucket(site, monkeypatch, address)
        real_open = LocalFolder.open

        def open_and_stop(folder, set_name, file_name):
            if file_name == FILES:
                server.stop()
            return real_open(folder, set_name, file_name)

        monkeypatch.setattr(LocalFolder, "open", open_and_stop)
        run = back_up()

    assert run.places[0]["is_there"]
    assert "EndpointConnectionError" in run.places[1]["problem"]
    first = LocalFolder(tmp_path / "first")
    check_parts(first, backup_vault(), read_set(first, backup_vault(), run.set_name))
    assert len(told()) == 1


def test_half_a_copy_is_never_taken_for_a_whole_one(site, tmp_path, monkeypatch):
    second = tmp_path / "second"
    (second / ".half-uscpis-x").mkdir(parents=True)
    configure(site, monkeypatch, backup_second_folder=str(second))
    real_put = LocalFolder.put

    def put_short(folder, set_name, file_name, source):
        source.read(10)
        real_put(folder, set_name, file_name, source)

    monkeypatch.setattr(LocalFolder, "put", put_short)
    run = back_up()

    assert "does not have the size" in run.places[1]["problem"]
    assert LocalFolder(second).sets() == []


def test_a_set_that_is_lost_cannot_be_copied_later(site, tmp_path, monkeypatch):
    lost = back_up()
    shutil.rmtree(tmp_path / "first" / lost.set_name)
    (tmp_path / "second").mkdir()
    configure(site, monkeypatch, backup_second_folder=str(tmp_path / "second"))

    back_up()

    session().expire_all()
    after = queries.known_run(lost.id)
    assert "not in the first folder any more" in after.places[1]["problem"]


def test_other_things_in_the_folders_are_none_of_ours(site, tmp_path):
    (tmp_path / "first" / "wal").mkdir(parents=True)
    run = back_up()

    assert places.our_sets(places.first_folder()) == [run.set_name]
    assert (tmp_path / "first" / "wal").exists()


def test_a_place_that_is_not_set_up_is_unknown(site):
    with pytest.raises(PlaceNotFound):
        places.place_named("s3://somewhere-else")

    assert places.place_named(str(settings().backup_folder)).sets() == []
    assert session().query(BackupRun).count() == 0
