"""Disposals at the instant of holds and of each other, and a worker that is killed (RET-02)."""

import os
import signal
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from app.infra.db import session
from app.infra.outbox import RetryLater
from app.kernel import clock
from app.patients.queries import kept_records
from app.retention import queries, services
from app.retention.rules import DisposalStatus
from tests import site
from tests.factories.patients import create_patient
from tests.factories.retention import (
    LONG_AFTER,
    approved,
    give_birth_dates,
    long_after,
    open_second_officer,
    person,
)
from tests.factories.scheduling import MONDAY_SEVEN, SYSTEM
from tests.people import PEOPLE
from tests.racing import PROCESSES, race

pytestmark = pytest.mark.committed
CROWD = 8
OLD = [f"2018{number:04d}" for number in range(CROWD)]


@pytest.fixture
def old_people(app):
    """Eight people who were entered long ago, and the time after that."""
    with app.app_context():
        with clock.pretend(MONDAY_SEVEN):
            open_second_officer()
            for number in OLD:
                create_patient(number, "Old", f"Person{chr(65 + int(number[-1]))}")
            give_birth_dates()
        with long_after():
            yield app


def hold_or_carry_out(number: int, *, disposal_id: int, patient_ids: list[int]) -> str:
    """The first runner is the worker, every other one holds one person."""
    if number == 0:
        services.carry_out(SYSTEM, disposal_id=disposal_id)
        return "done"
    patient_id = patient_ids[number]
    services.place_hold(PEOPLE.pia.actor, patient_id=patient_id, reason="Just in time, or not")
    return "held"


def test_a_hold_at_the_instant_of_disposal_keeps_everything_or_is_refused(old_people, tmp_path):
    """RET-02: never both."""
    found = approved()
    ids = [int(person(number)) for number in OLD]
    session().rollback()  # an open transaction would be cut off while the others begin

    answers = race(
        old_people.config["SETTINGS"].database_url,
        tmp_path,
        hold_or_carry_out,
        runners=CROWD,
        processes=2,
        disposal_id=found.id,
        patient_ids=ids,
    )

    kept = {int(one.id) for one in kept_records(among=ids)}
    said = {number: answer for number, answer, _ in answers}
    assert said[0] == "done"
    for number in range(1, CROWD):
        expected = "held" if ids[number] in kept else "retention.already_disposed"
        assert said[number] == expected
    done = queries.known_disposal(found.id)
    assert (done.disposed, done.left_out) == (CROWD - len(kept), len(kept))


def carry_out_or_wait(number: int, *, disposal_id: int) -> str:
    """Several workers were handed the same job."""
    try:
        services.carry_out(SYSTEM, disposal_id=disposal_id)
    except RetryLater:
        return "later"
    return "done"


def test_two_workers_dispose_of_nobody_twice(old_people, tmp_path):
    """JOB-01."""
    found = approved()
    session().rollback()

    answers = race(
        old_people.config["SETTINGS"].database_url,
        tmp_path,
        carry_out_or_wait,
        runners=4,
        processes=2,
        disposal_id=found.id,
    )

    assert "done" in {answer for _, answer, _ in answers}
    done = queries.known_disposal(found.id)
    assert (done.status, done.disposed, done.counts["records"]) == (
        DisposalStatus.DONE,
        CROWD,
        CROWD,
    )


def work_slowly(url: str, home: Path, disposal_id: int) -> None:
    """One person per transaction, with time to be killed in between."""
    from app.retention.services import disposing

    app = site.build_app(url, home)
    disposing.BATCH = 1
    real = disposing._next_batch

    def slow(*arguments: object) -> bool:
        time.sleep(0.3)
        return bool(real(*arguments))

    disposing._next_batch = slow
    with app.app_context(), clock.pretend(LONG_AFTER):
        services.carry_out(SYSTEM, disposal_id=disposal_id)


def test_a_killed_worker_leaves_whole_people_and_the_next_one_goes_on(old_people, tmp_path):
    """RET-02: SIGKILL in the middle."""
    found = approved()
    url = old_people.config["SETTINGS"].database_url
    worker = PROCESSES.Process(target=work_slowly, args=(url, tmp_path, found.id))
    worker.start()
    _wait_for_first(found.id)
    assert worker.pid is not None
    os.kill(worker.pid, signal.SIGKILL)
    worker.join()
    session().rollback()

    half = queries.known_disposal(found.id)
    assert half.status is DisposalStatus.RUNNING
    assert 0 < half.disposed < CROWD
    gone = session().scalar(text("SELECT count(*) FROM patients_patient WHERE status = 'disposed'"))
    assert gone == half.disposed
    session().rollback()

    services.carry_out(SYSTEM, disposal_id=found.id)

    done = queries.known_disposal(found.id)
    assert (done.status, done.disposed) == (DisposalStatus.DONE, CROWD)
    file = services.certificates_folder() / f"{done.certificate}.json"
    told = services.verified_certificate(file)["disposed"]
    assert len({line["pseudonym"] for line in told}) == CROWD


def _wait_for_first(disposal_id: int) -> None:
    for _ in range(600):
        session().rollback()
        if queries.known_disposal(disposal_id).disposed:
            return
        time.sleep(0.1)
    pytest.fail("the worker never began")
