"""A backup that an admin asked for, made and proven by a real worker (JOB-01, BAK-02)."""

import time

import pytest

from app.backup import queries, services
from app.backup.rules import Proof, RunStatus
from app.infra.db import session
from tests.people import PEOPLE
from tests.worker.test_queue_failures import crew  # noqa: F401 - a fixture

pytestmark = pytest.mark.committed
PATIENCE = 180.0


def ended(app, run_id):
    """The run when it has ended, None before."""
    with app.app_context():
        run = queries.known_run(run_id)
        session().rollback()
    return None if run is None or run.is_under_way else run


def test_a_worker_makes_and_proves_the_backup_that_was_asked_for(app, crew):  # noqa: F811
    with app.app_context():
        run_id = services.request_backup(PEOPLE.ada.actor)
    crew.start_redis()
    crew.start("worker", "worker.relay")

    deadline = time.monotonic() + PATIENCE
    while (run := ended(app, run_id)) is None:
        assert time.monotonic() < deadline, "the backup never ended"
        time.sleep(0.2)

    assert run.status is RunStatus.MADE, run.error
    assert run.proof is Proof.PASSED, run.checks
    assert [path.name for path in (app.config["SETTINGS"].backup_folder).iterdir()] == [
        run.set_name
    ]
