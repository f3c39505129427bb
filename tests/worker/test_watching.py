"""Dead-man checks end to end: what the runtime notes, what the watcher outside hears (BAK-04)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from app.infra import error_reports, heartbeat, outbox
from app.infra.db import session, transaction
from app.infra.outbox import JobName, OutboxJob, RetryLater
from app.infra.pings import slug_of
from app.kernel import clock
from app.operations.queries import alerts, beats
from app.operations.rules import BeatState
from tests import site
from tests.worker.sink import hung_server
from worker import relay, runtime, schedule, watching
from worker.runtime import Job, Transactions

pytestmark = pytest.mark.committed
NAME = JobName.PURGE_OUTBOX
PATH = "/key/upkeep-purge-finished-jobs"


@contextmanager
def watcher(status: int = 200) -> Iterator[tuple[str, list[str]]]:
    """A Healthchecks-compatible server: its address, and the paths that were asked for."""
    heard: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            heard.append(self.path)
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            """Quietly."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/key", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def run(app, tmp_path, monkeypatch):
    """Run a job of ours once with this work, the watcher at this address."""
    sites = []

    def do(work, *, ping_url="", transactions=Transactions.ONE):
        url = app.config["SQLALCHEMY_DATABASE_URI"]
        here = site.build_app(url, tmp_path, PING_URL=ping_url) if ping_url else app
        sites.append(here)
        runtime.use_site(here)
        jobs = {NAME: Job(work, "default", timedelta(minutes=1), transactions)}
        monkeypatch.setattr(runtime, "declared_jobs", lambda: jobs)
        with here.app_context():
            timeouts = dict.fromkeys(schedule.EVERY, timedelta(minutes=1))
            watching.expect(timeouts)
            with transaction() as tx:
                outbox.enqueue(tx, NAME)
            job_id = session().query(OutboxJob.id).order_by(OutboxJob.id.desc()).first()[0]
        runtime.run_outbox_job(job_id, 0)
        with here.app_context():
            return session().get(OutboxJob, job_id).status

    yield do
    runtime._site.clear()
    for here in sites:
        with here.app_context():
            site.db.session.remove()
            site.db.engine.dispose()


def state(app) -> tuple[BeatState, int | None]:
    with app.app_context():
        lines = {line.beat.name: line for line in beats.job_lines(clock.now())}
    return lines[NAME].state, lines[NAME].beat.size


@pytest.mark.parametrize("transactions", list(Transactions))
def test_a_run_is_noted_with_its_size_and_told_outside(app, run, transactions):
    def work(actor):
        heartbeat.report_size(4096)

    with watcher() as (address, heard):
        status = run(work, ping_url=address, transactions=transactions)

    assert status == "done"
    assert heard == [f"{PATH}/start", PATH]
    assert state(app) == (BeatState.FINE, 4096)


def test_a_run_that_fails_is_noted_told_and_reported(app, run):
    """BAK-04, EVD-03"""

    def work(actor):
        raise KeyError("Sam Dela Cruz")

    with watcher() as (address, heard):
        status = run(work, ping_url=address)

    assert status == "waiting"
    assert heard == [f"{PATH}/start", f"{PATH}/fail"]
    assert state(app)[0] is BeatState.FAILING
    with app.app_context():
        [report] = error_reports.open_reports(5)
    assert (report.kind, report.door) == ("builtins.KeyError", NAME)
    assert report.request_id.startswith("ob-")


def test_a_run_that_asks_to_come_back_later_neither_succeeds_nor_fails(app, run):
    def work(actor):
        raise RetryLater("not yet", timedelta(minutes=5))

    run(work)

    assert state(app)[0] is BeatState.WAITING


def test_a_watcher_that_refuses_or_hangs_or_is_gone_keeps_no_job_from_succeeding(
    app, run, monkeypatch
):
    monkeypatch.setattr("app.infra.pings.SECONDS", 0.2)

    def work(actor):
        """Nothing to do."""

    with watcher(status=500) as (address, _), hung_server() as port:
        statuses = [
            run(work, ping_url=url)
            for url in (address, f"http://127.0.0.1:{port}", "http://127.0.0.1:1/x")
        ]

    assert statuses == ["done"] * 3
    assert state(app)[0] is BeatState.FINE


def test_the_address_of_a_check_is_made_of_the_name_of_its_job():
    assert slug_of("upkeep.purge_finished_jobs") == "upkeep-purge-finished-jobs"


def test_the_relay_notices_that_nobody_works(app, monkeypatch):
    """BAK-04: a dead worker cannot say that it is dead."""
    from redis import Redis

    monkeypatch.setattr(relay.Relay, "_move", lambda self, *_: 0)
    with app.app_context():
        mover = relay.Relay(Redis())
        mover.tick()
        before = len(alerts.alert_lines())
        mover.looked_at -= relay.LOOK_SECONDS
        with clock.pretend(clock.now() + timedelta(minutes=20)):
            mover.tick()
        sentences = [line.sentence for line in alerts.alert_lines(only_open=True)]

    assert before == 0
    [sentence] = sentences  # and not one for each job and one for the queue
    assert "has never run since it was planned 20 minutes ago" in sentence
    assert "is the worker running?" in sentence


def test_a_bug_in_the_checks_does_not_stop_the_relay(app, monkeypatch, caplog):
    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr(watching.services, "check_system", broken)
    with app.app_context():
        watching.look_around()
        [report] = error_reports.open_reports(5)

    assert "could not look around" in caplog.text
    assert report.door == "relay"
