"""Proofs and backups as operations sees them (BAK-02, BAK-04)."""

from datetime import timedelta

import pytest
from sqlalchemy import insert

from app.backup.models import BackupRun
from app.infra import heartbeat
from app.infra.db import session
from app.integrity.models import IntegrityRun
from app.kernel import clock
from app.kernel.actor import system_actor
from app.operations import services
from app.operations.queries import alerts, numbers, system

HOUR = timedelta(hours=1)


def ended(status: str, ago: timedelta) -> None:
    """A proof that ended some time ago."""
    at = clock.now() - ago
    session().execute(
        insert(IntegrityRun).values(status=status, asked_by="x", started_at=at, finished_at=at)
    )
    session().commit()


def sentences() -> list[str]:
    services.check_system(system_actor())
    return [line.sentence for line in alerts.alert_lines(only_open=True)]


def test_a_proof_that_failed_is_an_alert_until_one_passes(db):
    ended("failed", 2 * HOUR)
    before = sentences()
    ended("passed", HOUR)
    with clock.pretend(clock.now() + 10 * timedelta(minutes=1)):
        after = sentences()

    assert "The last proof of the stored data failed: look at the proofs now." in before
    assert not [one for one in after if "proof" in one]


@pytest.mark.parametrize("status", ["failed", "broken"])
def test_everything_that_watches_knows_of_it(db, client, people, status):
    ended(status, HOUR)

    page = client.sign_in(people.ada).get("/operations/").get_data(as_text=True)
    details = system.health_details()["proof"]
    gauges = numbers.read_numbers().gauges

    assert "Proof of the data" in page
    assert "Failed" in page
    assert (details["has_passed"], details["age_seconds"] >= 3600) == (False, True)
    assert gauges["proof_passed"][2] == [((), 0.0)]


def test_before_the_first_proof_nothing_is_said_of_it(db):
    assert system.health_details()["proof"] is None
    assert "proof_passed" not in numbers.read_numbers().gauges


def test_an_old_proof_is_told(db):
    ended("passed", 48 * HOUR)

    assert "The stored data was last proven 2 days ago." in sentences()


def backed_up(ago: timedelta) -> None:
    """A set that was made and brought back some time ago."""
    at = clock.now() - ago
    session().execute(
        insert(BackupRun).values(
            status="made",
            asked_by_name="x",
            started_at=at,
            finished_at=at,
            set_name="set",
            size_bytes=2048,
            proof="passed",
            proven_at=at,
        )
    )
    session().commit()


def test_a_backup_that_is_too_old_is_an_alert(db):
    """BAK-04"""
    backed_up(48 * HOUR)

    assert "The last backup that was proven by a restore was made 2 days ago." in sentences()


def test_a_new_clinic_gets_its_first_night(db):
    heartbeat.enter_checks({"backup.create": (24 * HOUR, HOUR)})
    first = sentences()
    with clock.pretend(clock.now() + 27 * HOUR):
        second = sentences()

    assert not [one for one in first if "backup" in one]
    assert "No backup has been proven by a restore yet." in second


def test_the_last_proven_backup_is_known_everywhere(db, client, people):
    backed_up(HOUR)

    page = client.sign_in(people.ada).get("/operations/").get_data(as_text=True)
    details = system.health_details()["last_proven_backup"]
    gauges = numbers.read_numbers().gauges

    assert "1 hour ago" in page
    assert details["size_bytes"] == 2048
    assert details["age_seconds"] >= 3600
    assert gauges["backup_proven_bytes"][2] == [((), 2048.0)]
