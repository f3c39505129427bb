"""The operations page, alerts, and /healthz for those who may know (BAK-04, EVD-03)."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from app.infra import database_facts, error_reports, heartbeat, outbox
from app.infra.db import session, transaction
from app.infra.outbox import JobName
from app.kernel import clock
from app.kernel.actor import system_actor
from app.operations import services
from app.operations.queries import alerts, system
from app.operations.views.system import size

DAY = timedelta(days=1)
TOKEN = "a key that only the watcher knows"


@pytest.fixture
def ada(db, client, people):
    """The administrator's browser."""
    return client.sign_in(people.ada)


def page_of(browser, path="/operations/") -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def late_job() -> None:
    """A job that has been silent for two days, and the alert of it."""
    with clock.pretend(clock.now() - 2 * DAY):
        heartbeat.enter_checks({"backup.create": (DAY, DAY)})
    services.check_system(system_actor())


def dead_job() -> int:
    with transaction() as tx:
        outbox.enqueue(tx, JobName.PURGE_OUTBOX)
    job = session().query(outbox.OutboxJob).order_by(outbox.OutboxJob.id.desc()).first()
    outbox.postpone_job(job.id, error="IntegrityError", due_at=None)
    return job.id


def report() -> str:
    try:
        raise LookupError("Sam Dela Cruz")
    except LookupError as error:
        error_reports.note_error(error, door="patients.show")
    return error_reports.open_reports(1)[0].fingerprint


def test_an_idle_clinic_says_that_nothing_is_wrong(ada):
    page = page_of(ada)

    assert "No periodic job is known" in page
    assert "No job has failed" in page
    assert "PostgreSQL" in page
    assert "pg_stat_statements is not installed" in page


def test_what_is_wrong_stands_on_top_of_the_page(ada):
    late_job()
    dead_job()
    report()

    page = page_of(ada)

    assert "has never run since it was planned 2 days ago" in page
    assert "c-badge--bad" in page
    assert "IntegrityError" in page
    assert "LookupError" in page
    assert "Sam Dela Cruz" not in page


def test_the_page_takes_the_same_number_of_statements_however_much_is_wrong(ada):
    asked: list[str] = []

    def note(connection, cursor, statement, *_):
        asked.append(statement)

    event.listen(session().get_bind(), "before_cursor_execute", note)
    counts = []
    for _ in range(2):
        page_of(ada)  # what is remembered of roles is remembered then
        asked.clear()
        page_of(ada)
        counts.append(len(asked))
        dead_job()
        dead_job()
        late_job()
        report()
    event.remove(session().get_bind(), "before_cursor_execute", note)

    assert counts[0] == counts[1]


def test_an_admin_acknowledges_an_alert_once(ada):
    late_job()
    [line] = [one for one in alerts.alert_lines() if "create (backup)" in one.sentence]

    answer = ada.post(f"/operations/alerts/{line.id}/acknowledge/", follow_redirects=True)

    assert "You look after it" in answer.get_data(as_text=True)
    assert "Ada Reyes looks after it" in page_of(ada, "/operations/alerts/")


def test_an_alert_that_is_not_there_is_refused_in_words(ada):
    answer = ada.post("/operations/alerts/999999/acknowledge/", follow_redirects=True)

    assert "This alert was not found." in answer.get_data(as_text=True)


def test_the_privacy_officer_sees_alerts_and_nothing_else_of_operations(db, client, people):
    late_job()
    pia = client.sign_in(people.pia)

    assert "backup" in page_of(pia, "/operations/alerts/")
    assert pia.get("/operations/").status_code in {302, 403}


def test_a_job_runs_again_by_a_button(ada):
    number = dead_job()

    first = ada.post(f"/operations/jobs/{number}/run/", follow_redirects=True)
    second = ada.post(f"/operations/jobs/{number}/run/", follow_redirects=True)

    assert "will run again" in first.get_data(as_text=True)
    assert "Only jobs that were given up" in second.get_data(as_text=True)


def test_an_error_report_is_put_away_by_a_button(ada):
    fingerprint = report()

    first = ada.post(f"/operations/errors/{fingerprint}/put-away/", follow_redirects=True)
    second = ada.post(f"/operations/errors/{fingerprint}/put-away/", follow_redirects=True)

    assert "is put away" in first.get_data(as_text=True)
    assert "No unexpected error" in first.get_data(as_text=True)
    assert "no such open error report" in second.get_data(as_text=True)


def test_a_report_that_cannot_be_one_is_refused_in_words(ada):
    answer = ada.post("/operations/errors/a%00b/put-away/", follow_redirects=True)

    assert "no such open error report" in answer.get_data(as_text=True)


def test_the_checks_run_by_a_button(ada):
    answer = ada.post("/operations/look-now/", follow_redirects=True)

    assert "Checked." in answer.get_data(as_text=True)


def test_a_part_that_is_down_says_so_and_the_rest_is_there(ada, app, monkeypatch, tmp_path):
    from dataclasses import replace

    gone = replace(app.config["SETTINGS"], redis_url=f"unix://{tmp_path}/no-redis.sock")
    monkeypatch.setitem(app.config, "SETTINGS", gone)
    monkeypatch.setattr(system, "disks", lambda: (_ for _ in ()).throw(PermissionError(13, "no")))
    monkeypatch.setattr(database_facts, "_TABLES", database_facts.text("SELECT * FROM nowhere"))

    page = page_of(ada)

    assert "The queue server cannot be reached" in page
    assert "This could not be read" in page
    assert "The database did not answer this question: ProgrammingError." in page
    assert "Nothing has been running for longer than a second" in page


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        (
            "SELECT * FROM p WHERE name = 'Sam' AND n = 5",
            "SELECT * FROM p WHERE name = ? AND n = ?",
        ),
        ("INSERT INTO p VALUES ('O''Neil', E'a\\'b')", "INSERT INTO p VALUES (?, ?)"),
        ("SELECT 'cut off in the midd", "SELECT ?"),
        ("SELECT $$free text$$", "SELECT ?"),
        ("SELECT a\n   FROM b WHERE id = 12.5", "SELECT a FROM b WHERE id = ?"),
        ("SELECT x FROM y WHERE z = $1", "SELECT x FROM y WHERE z = $?"),
    ],
)
def test_statements_are_shown_without_values(statement, shown):
    """EVD-03"""
    assert database_facts.without_values(statement) == shown


def test_a_long_statement_is_cut():
    assert len(database_facts.without_values("SELECT " + "column_of_ours, " * 99)) == 160


@pytest.mark.parametrize(
    ("count", "said"),
    [(0, "0 B"), (1536, "1.5 KB"), (20 * 1024**2, "20 MB"), (5 * 1024**4, "5.0 TB")],
)
def test_bytes_are_said_as_people_say_them(count, said):
    assert size(count) == said


# -- /healthz


@pytest.fixture
def watched(app, monkeypatch):
    """The site with a key for programs that watch."""
    from dataclasses import replace

    settings = replace(app.config["SETTINGS"], metrics_token=TOKEN)
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    return app


def test_strangers_learn_no_details(db, watched, client, people):
    late_job()
    client.sign_in(people.rosa)

    answers = [
        watched.test_client().get("/healthz"),
        watched.test_client().get("/healthz", headers={"Authorization": "Bearer wrong"}),
        watched.test_client().get("/healthz", headers={"Authorization": f"Basic {TOKEN}"}),
        client.get("/healthz"),
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert [answer.json for answer in answers if "details" in answer.json] == []


def test_the_key_and_an_admin_show_what_is_late(watched, ada):
    late_job()
    dead_job()

    by_key = watched.test_client().get("/healthz", headers={"Authorization": f"Bearer {TOKEN}"})
    by_session = ada.get("/healthz")

    for answer in (by_key, by_session):
        details = answer.json["details"]
        assert details["jobs_late"] == ["backup.create"]
        assert details["job_success_age_seconds"] == {"backup.create": None}
        assert details["outbox_dead"] == 1
        assert details["alerts_open"]["critical"] >= 1


def test_without_a_key_in_the_settings_no_key_fits(app, db):
    answer = app.test_client().get("/healthz", headers={"Authorization": "Bearer "})

    assert "details" not in answer.json


def test_details_that_cannot_be_read_do_not_make_the_site_unready(watched, monkeypatch, db):
    from sqlalchemy.exc import OperationalError

    def away():
        raise OperationalError("x", {}, Exception("gone"))

    monkeypatch.setattr("app.operations.views.health.health_details", away)

    answer = watched.test_client().get("/healthz", headers={"Authorization": f"Bearer {TOKEN}"})

    assert answer.status_code == 200
    assert answer.json["details"] == {"problem": "OperationalError"}
