"""The page of backups: what an admin sees, and what each button does (BAK-01, BAK-04)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import event

from app.backup import queries
from app.backup.models import BackupRun
from app.backup.services import keys
from app.infra.db import session, transaction
from app.infra.outbox import JobName, OutboxJob
from app.kernel import clock
from app.kernel.actor import system_actor


@pytest.fixture
def ada(db, app, client, people, tmp_path, monkeypatch):
    """The administrator's browser, at a site with folders of its own."""
    changed = replace(
        app.config["SETTINGS"], keys_folder=tmp_path / "keys", backup_folder=tmp_path / "first"
    )
    monkeypatch.setitem(app.config, "SETTINGS", changed)
    return client.sign_in(people.ada)


def a_run(*, hours_ago=1.0, **changed):
    """A run in the table; its key."""
    at = clock.now() - timedelta(hours=hours_ago)
    values = {
        "status": "made",
        "asked_by_name": "system",
        "started_at": at,
        "finished_at": at,
        "set_name": f"uscpis-{hours_ago}",
        "size_bytes": 5_000_000,
        "row_count": 1234,
        "proof": "passed",
        "proven_at": at,
        "proof_seconds": 12.0,
        "key_id": 7,
        "checks": [{"name": "row counts", "passed": True, "sentence": "All rows came back."}],
        "places": [
            {"label": "/backups", "is_there": True, "problem": ""},
            {"label": "s3://clinic", "is_there": False, "problem": "s3://clinic: away."},
        ],
    }
    run = BackupRun(**values | changed)
    with transaction() as tx:
        tx.add(run)
        tx.flush()
        return run.id


def page_of(browser, path="/backups/") -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def test_an_empty_page_says_what_to_do(ada):
    page = page_of(ada)

    assert "There is no proven backup yet." in page
    assert "No backup yet" in page
    assert "Back up now" in page
    assert "One place only" in page


def test_a_fresh_proven_backup_is_said_with_its_age(ada):
    a_run(hours_ago=3)

    page = page_of(ada)

    assert "3 hours old" in page
    assert "Restored and checked" in page
    assert "1 of 2" in page
    assert "newer than 26 hours" not in page


def test_a_stale_backup_is_red(ada):
    a_run(hours_ago=30)
    a_run(hours_ago=1, proof="failed")

    page = page_of(ada)

    assert "There is no proven backup that is newer than 26 hours." in page
    assert "30 hours old" in page
    assert "Not restorable" in page


def test_the_page_says_what_the_plan_will_remove(ada):
    for day in range(1, 40):
        a_run(hours_ago=24 * day)

    page = page_of(ada)

    assert "Kept: newest of its day" in page
    assert "Goes with the next backup" in page


def test_keys_that_were_never_printed_are_recalled(ada):
    keys.backup_vault()
    before = page_of(ada)
    keys.note_sheet(system_actor(), keys.backup_vault())
    after = page_of(ada)
    keys.rotate_backup_keys(system_actor())

    assert "were never printed" in before
    assert "were never printed" not in after
    assert "were never printed" in page_of(ada)


def test_a_backup_is_asked_for_and_followed(ada):
    answer = ada.post("/backups/run/", follow_redirects=True)
    [run] = queries.latest_runs()
    now = ada.get(f"/backups/{run.id}/progress/").get_json()

    assert "The backup begins in a moment." in answer.get_data(as_text=True)
    assert "Waiting for its turn" in answer.get_data(as_text=True)
    assert "Back up now" not in answer.get_data(as_text=True)
    assert now == {"status": "waiting waiting", "done": 0, "expected": 100}
    [job] = session().query(OutboxJob).filter_by(name=JobName.BACK_UP)
    assert job.payload == {"run_id": run.id}


def test_a_second_wish_is_refused_in_words(ada):
    ada.post("/backups/run/")

    answer = ada.post("/backups/run/", follow_redirects=True)

    assert "A backup or a restore is under way." in answer.get_data(as_text=True)


def test_progress_moves_and_ends(ada):
    run_id = a_run(
        status="running",
        set_name=None,
        proof="",
        finished_at=None,
        step="files",
        done_bytes=25,
        expected_bytes=100,
    )

    page, now = page_of(ada), ada.get(f"/backups/{run_id}/progress/").get_json()
    session().query(BackupRun).update({"finished_at": clock.now(), "status": "failed"})
    after = ada.get(f"/backups/{run_id}/progress/").get_json()

    assert "Copying the files" in page
    assert f'data-progress="/backups/{run_id}/progress/"' in page
    assert now == {"status": "running files", "done": 25, "expected": 100}
    assert after["status"] == "failed"


def test_one_backup_shows_each_check_and_each_place(ada):
    page = page_of(ada, f"/backups/{a_run()}/")

    assert "All rows came back." in page
    assert "s3://clinic: away. The next backup tries again." in page
    assert "1,234" in page


def test_a_set_is_held_and_let_go(ada):
    run_id = a_run()

    held = ada.post(
        f"/backups/{run_id}/hold/", data={"reason": "The board asks"}, follow_redirects=True
    ).get_data(as_text=True)
    lifted = ada.post(f"/backups/{run_id}/lift/", follow_redirects=True).get_data(as_text=True)

    assert "The board asks" in held
    assert "Lift the hold" in held
    assert "The hold is lifted" in lifted


def test_a_hold_without_a_reason_is_refused_in_words(ada):
    answer = ada.post(f"/backups/{a_run()}/hold/", data={}, follow_redirects=True)

    assert "Please say why" in answer.get_data(as_text=True)


@pytest.mark.parametrize("path", ["/backups/99999/", "/backups/99999/progress/"])
def test_a_backup_that_is_not_there_is_not_found(ada, path):
    assert ada.get(path).status_code == 404
    assert ada.post("/backups/99999/lift/").status_code == 404
    assert ada.post("/backups/99999/hold/", data={"reason": "because"}).status_code == 404


def test_a_page_of_many_runs_costs_no_more_than_one_of_few(ada):
    few = statements_of_a_page(ada)
    for number in range(30):
        a_run(hours_ago=1 + number)

    assert statements_of_a_page(ada) == few < 20


def statements_of_a_page(browser) -> int:
    """How many statements one page takes, after it was seen once."""
    page_of(browser)
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        statements.append(statement)

    engine = session().get_bind().engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        page_of(browser)
    finally:
        event.remove(engine, "before_cursor_execute", note)
    return len([one for one in statements if "SAVEPOINT" not in one])


def test_sets_of_a_future_that_was_undone_are_named(ada, tmp_path):
    (tmp_path / "first" / "uscpis-later").mkdir(parents=True)

    assert "1 set in the first folder was made after the moment" in page_of(ada)
