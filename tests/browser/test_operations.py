"""The operations page full of trouble, in a real browser, for everybody (BAK-04)."""

from datetime import timedelta

import pytest

from app.infra import error_reports, heartbeat, outbox
from app.infra.db import session, transaction
from app.infra.outbox import JobName
from app.kernel import clock
from app.kernel.actor import system_actor
from app.operations import services
from tests.browser.conftest import DESKTOP, PHONE, overflows, sign_in, violations
from tests.people import PEOPLE

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def trouble(live):
    """Late, failing and shrunk jobs, a job that was given up, an error that nobody expected."""
    with live.app.app_context():
        with clock.pretend(live.clock.now() - 2 * DAY):
            heartbeat.enter_checks(
                dict.fromkeys(("backup.create", "integrity.prove", "visits.close"), (DAY, DAY))
            )
        with clock.pretend(live.clock.now()):
            for size in (5_000_000, 2_000_000):
                heartbeat.report_size(size)
                with transaction() as tx:
                    heartbeat.note_success(tx, "integrity.prove", timedelta(seconds=3))
            heartbeat.note_failure("visits.close", timedelta(seconds=1))
            with transaction() as tx:
                outbox.enqueue(tx, JobName.PURGE_OUTBOX)
            job = session().query(outbox.OutboxJob).order_by(outbox.OutboxJob.id.desc()).first()
            outbox.postpone_job(job.id, error="IntegrityError", due_at=None)
            try:
                raise LookupError("never shown")
            except LookupError as error:
                error_reports.note_error(error, door="patients.show")
            services.check_system(system_actor())


LOOKS = [
    pytest.param(DESKTOP, False, id="desktop-light"),
    pytest.param(PHONE, True, id="phone-dark"),
    pytest.param(PHONE, False, id="phone-light"),
]


@pytest.mark.parametrize(("size", "dark"), LOOKS)
@pytest.mark.parametrize("path", ["/operations/", "/operations/alerts/"])
def test_the_page_full_of_trouble_is_for_everybody(new_page, live, trouble, path, size, dark):
    page = new_page(size, dark=dark)
    sign_in(page, PEOPLE.ada)

    page.goto(path)

    assert violations(page) == []
    assert not overflows(page)
    assert "never shown" not in page.content()


def test_an_admin_looks_after_an_alert_and_runs_a_job_again(new_page, live, trouble):
    page = new_page(PHONE)
    sign_in(page, PEOPLE.ada)
    page.goto("/operations/")

    page.get_by_role("button", name="Acknowledge").first.click()
    page.get_by_text("Ada Reyes looks after it").first.wait_for()
    page.goto("/operations/")
    page.get_by_role("button", name="Run again").click()

    page.get_by_text("The job will run again in a moment.").wait_for()
    page.get_by_text("Will be tried again").wait_for()
