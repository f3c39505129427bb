"""The pages of backups in a real browser, for everybody, and a backup that somebody follows."""

from datetime import timedelta

import pytest

from app.backup.models import BackupRun
from app.infra.db import session, transaction
from tests.browser.conftest import DESKTOP, PHONE, overflows, sign_in, violations
from tests.people import PEOPLE

LOOKS = [
    pytest.param(DESKTOP, False, id="desktop-light"),
    pytest.param(PHONE, True, id="phone-dark"),
]


def a_run(at, **changed):
    """A run in the table; its key."""
    values = {
        "status": "made",
        "asked_by_name": "system",
        "started_at": at,
        "finished_at": at,
        "set_name": f"uscpis-{at:%Y%m%dT%H%M%SZ}-0a1b2c3d",
        "size_bytes": 5_000_000,
        "proof": "passed",
        "proven_at": at,
        "proof_seconds": 12.0,
        "key_id": 1234567890,
        "checks": [
            {"name": "row counts", "passed": True, "sentence": "All 1,234 rows came back."},
            {"name": "audit trail", "passed": False, "sentence": "The trail was cut off."},
        ],
        "places": [
            {"label": "/srv/clinic/backups", "is_there": True, "problem": ""},
            {
                "label": "s3://clinic-copies-of-the-university/uscpis",
                "is_there": False,
                "problem": "s3://clinic-copies-of-the-university/uscpis: the storage answered 403.",
            },
        ],
    }
    run = BackupRun(**values | changed)
    with transaction() as tx:
        tx.add(run)
        tx.flush()
        return run.id


@pytest.fixture(scope="module")
def runs(live):
    """Good and bad runs, a hold, and one under way; the key of a made one."""
    with live.app.app_context():
        now = live.clock.now()
        made = a_run(now - timedelta(hours=30))
        a_run(now - timedelta(hours=20), proof="failed")
        failed = {"status": "failed", "set_name": None, "proof": "", "error": "The disk is full."}
        a_run(now - timedelta(hours=10), **failed)
        a_run(
            now - timedelta(days=40),
            held_at=now,
            hold_reason="The board asks for it",
            held_by_name="Ada Reyes",
        )
        yield made
        session().rollback()


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_the_pages_full_of_runs_are_for_everybody(new_page, live, runs, size, dark):
    page = new_page(size, dark=dark)
    sign_in(page, PEOPLE.ada)

    for path in ("/backups/", f"/backups/{runs}/"):
        page.goto(path)
        assert violations(page) == [], path
        assert not overflows(page), path


def test_an_admin_asks_for_a_backup_and_watches_it_end(new_page, live, runs):
    page = new_page(PHONE)
    sign_in(page, PEOPLE.ada)
    page.goto("/backups/")

    page.get_by_role("button", name="Back up now").click()
    page.locator("#c-confirm").get_by_role("button", name="Back up now").click()
    page.get_by_text("Waiting for its turn").wait_for()
    assert violations(page) == []
    with live.app.app_context(), transaction() as tx:
        run = session().query(BackupRun).filter_by(status="waiting").one()
        run.status, run.step, run.error = "failed", "", "The disk is full, says the test."
        run.finished_at = live.clock.now()
        tx.flush()
    page.get_by_text("The disk is full, says the test.").wait_for()

    assert page.get_by_role("button", name="Back up now").is_visible()
