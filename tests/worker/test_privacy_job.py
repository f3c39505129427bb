"""A copy of somebody's data, made by a real worker (JOB-01, DPA-02)."""

import zipfile

import pytest

from app.infra.db import session
from app.privacy import queries, services
from app.privacy.rules import CopyStatus
from tests.factories.patients import create_patient
from tests.factories.privacy import in_work
from tests.people import PEOPLE
from tests.worker.test_queue_failures import crew, wait_until  # noqa: F401 - a fixture

pytestmark = pytest.mark.committed


def test_a_worker_makes_the_copy_that_was_asked_for(app, crew):  # noqa: F811
    with app.app_context():
        create_patient()
        copy_id = services.request_copy(PEOPLE.pia.actor, request_id=in_work())
    crew.start_redis()
    crew.start("worker", "worker.relay")

    def status() -> CopyStatus:
        with app.app_context():
            found = queries.known_copy(copy_id)
            session().rollback()
        return found.status

    wait_until(lambda: status() is CopyStatus.READY, "the copy is ready")

    with app.app_context():
        file = services.copy_file(PEOPLE.pia.actor, copy_id=copy_id)
    assert zipfile.is_zipfile(file)
