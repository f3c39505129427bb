"""The pages on which two administrators agree to bring a backup back (BAK-04)."""

import re

import pytest
from sqlalchemy import text

from app.infra.db import session
from tests.factories.restores import OTHER_ADMIN, create_world
from tests.people import PEOPLE

pytestmark = pytest.mark.committed
PAGE = "/backups/restore/"
REASON = "The timetable was deleted by mistake."


@pytest.fixture
def world(app):
    """A clinic with two administrators."""
    return create_world(app)


def kept_run(world):
    """A backup that was made and proven; the key of its run."""
    made = world.make()
    with world.app.app_context():
        run_id = session().scalar(
            text(
                "INSERT INTO backup_run (status, asked_by_name, started_at, finished_at, set_name,"
                " size_bytes, row_count, proof, places) VALUES ('made', 'system', :at, :at, :name,"
                " 100, 7, 'passed', CAST(:places AS jsonb)) RETURNING id"
            ),
            {
                "at": made.made_at,
                "name": made.set_name,
                "places": f'[{{"label": "{world.home}/backups", "is_there": true}}]',
            },
        )
        session().commit()
    return run_id, made


def test_one_asks_another_approves_and_reads_the_code_and_the_command(world, app):
    run_id, made = kept_run(world)
    ada = app.test_client().sign_in(PEOPLE.ada)
    abe = app.test_client().sign_in(OTHER_ADMIN)

    shown = ada.get(f"{PAGE}{run_id}/").get_data(as_text=True)
    asked = ada.post(f"{PAGE}{run_id}/ask/", data={"reason": REASON}, follow_redirects=True)
    waiting = abe.get(PAGE).get_data(as_text=True)
    request_id = re.search(r"requests/(\d+)/approve/", waiting)[1]
    refused = ada.post(f"{PAGE}requests/{request_id}/approve/", follow_redirects=True)
    approved = abe.post(f"{PAGE}requests/{request_id}/approve/")

    assert "would be gone" in shown
    assert "ab_user" not in shown, "no rows of accounts changed"
    assert "waits for another administrator" in asked.get_data(as_text=True)
    assert "Somebody else must approve it" in asked.get_data(as_text=True)
    assert "needs two people" in refused.get_data(as_text=True)
    page = approved.get_data(as_text=True)
    code = re.search(r"<strong><code>([A-Z2-9-]{23})</code>", page)[1]
    assert f"clinic restore {made.set_name} --from {world.home}/backups --code {code}" in page
    assert "no-store" in approved.headers["Cache-Control"]
    again = abe.get(PAGE).get_data(as_text=True)
    assert code not in again
    assert "Abe Santos approved and has the code" in again
    with app.app_context():
        hashes = session().scalars(text("SELECT code_hash FROM backup_restore_request")).all()
    assert all(code not in stored and len(stored) == 64 for stored in hashes)


def test_a_request_can_be_taken_back_and_is_over_then(world, app):
    run_id, _made = kept_run(world)
    ada = app.test_client().sign_in(PEOPLE.ada)
    ada.post(f"{PAGE}{run_id}/ask/", data={"reason": REASON})
    request_id = re.search(r"requests/(\d+)/cancel/", ada.get(PAGE).get_data(as_text=True))[1]

    gone = ada.post(f"{PAGE}requests/{request_id}/cancel/", follow_redirects=True)
    again = ada.post(f"{PAGE}requests/{request_id}/cancel/", follow_redirects=True)
    late = app.test_client().sign_in(OTHER_ADMIN).post(f"{PAGE}requests/{request_id}/approve/")

    assert "The request is cancelled." in gone.get_data(as_text=True)
    assert "Cancelled" in gone.get_data(as_text=True)
    assert "This request is over" in again.get_data(as_text=True)
    assert late.status_code == 303
    assert ada.post(f"{PAGE}requests/999999/approve/").status_code == 404
    assert ada.post(f"{PAGE}requests/999999/cancel/").status_code == 404


def test_a_request_needs_a_reason_and_a_set_that_can_be_opened(world, app):
    run_id, made = kept_run(world)
    ada = app.test_client().sign_in(PEOPLE.ada)

    short = ada.post(f"{PAGE}{run_id}/ask/", data={"reason": "oops"}, follow_redirects=True)
    unknown = ada.get(f"{PAGE}999999/")
    manifest = world.home / "backups" / made.set_name / "manifest.json"
    manifest.write_text(manifest.read_text().replace("San Carlos", "Somewhere"))
    spoilt = ada.get(f"{PAGE}{run_id}/", follow_redirects=True)

    assert "at least 10 characters" in short.get_data(as_text=True)
    assert unknown.status_code == 404
    assert "not the one that was sealed" in spoilt.get_data(as_text=True)


def test_the_page_says_so_while_there_is_nothing_to_choose(app, world):
    page = app.test_client().sign_in(PEOPLE.ada).get(PAGE).get_data(as_text=True)

    assert "Nobody asks for a restore" in page
    assert "No backup is kept" in page
