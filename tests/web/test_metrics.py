"""/metrics: who may read it, and that its numbers are true (BAK-04)."""

from dataclasses import replace
from uuid import uuid4

import pytest
from prometheus_client.parser import text_string_to_metric_families

from app.infra import heartbeat, queue, request_counts
from app.infra.db import transaction
from app.infra.local import testing
from tests.web.test_operations_screens import DAY, TOKEN, dead_job, late_job

REDIS_NUMBER = 11


@pytest.fixture
def redis_url(monkeypatch):
    """A Redis database without jobs, and counts that no other test adds to."""
    monkeypatch.setattr(request_counts, "KEY", f"test:{uuid4().hex}")
    return testing.share_servers().redis(REDIS_NUMBER)


@pytest.fixture
def watched(app, db, monkeypatch, redis_url):
    """The site with a key for programs that watch, and counts of its own."""
    settings = replace(app.config["SETTINGS"], metrics_token=TOKEN, redis_url=redis_url)
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    fresh = request_counts.RequestCounts()
    monkeypatch.setattr("app.web.counting.counts", fresh)
    app.extensions["test_counts"] = fresh
    return app


def scrape(app, key=TOKEN):
    return app.test_client().get("/metrics", headers={"Authorization": f"Bearer {key}"})


def numbers(app) -> dict[tuple[str, ...], float]:
    """Every sample by its name and the values of its labels."""
    answer = scrape(app)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def test_without_a_key_in_the_settings_there_is_no_such_page(client):
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize("shown", ["", "wrong", TOKEN[:-1], TOKEN + "x", "ñ"])
def test_a_wrong_key_is_refused(watched, shown):
    answer = watched.test_client().get(
        "/metrics", headers={"Authorization": f"Bearer {shown}".encode().decode("latin-1")}
    )

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert "uscpis_" not in answer.get_data(as_text=True)


def test_a_session_is_no_key(watched, client, people):
    assert client.sign_in(people.ada).get("/metrics").status_code == 401


def test_the_numbers_of_jobs_alerts_and_work_are_true(watched):
    late_job()
    heartbeat.report_size(0)
    dead_job()
    with transaction() as tx:
        heartbeat.note_start(tx, "backup.create")
        heartbeat.report_size(2048)
        heartbeat.note_success(tx, "backup.create", DAY)

    found = numbers(watched)

    assert found["uscpis_up", "database"] == found["uscpis_up", "queue"] == 1
    assert found["uscpis_job_size_bytes", "backup.create"] == 2048
    assert found["uscpis_job_duration_seconds", "backup.create"] == DAY.total_seconds()
    assert found["uscpis_job_bad", "backup.create"] == 0
    assert found["uscpis_outbox_dead",] == 1
    assert found["uscpis_alerts_open", "critical"] >= 1
    assert found["uscpis_database_bytes",] > 1_000_000
    assert found["uscpis_disk_free_bytes", "data folder"] > 0
    assert found["uscpis_queue_depth", "mail"] == 0


def test_requests_of_all_processes_are_added_up(watched, redis_url):
    other = request_counts.RequestCounts()
    other.add("QueueView.queue", 200, 9.0)
    client = watched.test_client()
    for path in ("/login/", "/login/", "/nowhere"):
        client.get(path)
    with queue.connect(redis_url) as connection:
        watched.extensions["test_counts"].flush(connection)
        other.flush(connection)
        other.flush(connection)

    found = numbers(watched)

    assert found["uscpis_http_requests_total", "SignInView.login", "200"] == 2
    assert found["uscpis_http_requests_total", "none", "404"] == 1
    assert found["uscpis_http_requests_total", "QueueView.queue", "200"] == 1
    assert found["uscpis_http_request_seconds_count",] == 4
    assert found["uscpis_http_request_seconds_bucket", "+Inf"] == 4
    assert found["uscpis_http_request_seconds_bucket", "5.0"] == 3
    assert found["uscpis_http_request_seconds_sum",] > 9


def test_counts_that_redis_did_not_take_are_kept(redis_url, tmp_path):
    mine = request_counts.RequestCounts()
    mine.add("x", 200, 0.01)
    with queue.connect(f"unix://{tmp_path}/no-redis.sock") as gone:
        mine.flush(gone)
    mine.add("x", 200, 0.01)

    with queue.connect(redis_url) as connection:
        mine.flush(connection)
        found = request_counts.counted(connection)

    assert found["count x 200"] == 2


def test_a_thread_of_its_own_brings_the_counts_to_redis(redis_url, monkeypatch):
    import time

    monkeypatch.setattr(request_counts, "PAUSE_SECONDS", 0.01)
    mine = request_counts.RequestCounts()
    mine.add("x", 200, 0.01)

    mine.keep_flushing(redis_url)
    first = mine._thread
    mine.keep_flushing(redis_url)

    assert mine._thread is first
    with queue.connect(redis_url) as connection:
        for _ in range(300):
            if request_counts.counted(connection):
                break
            time.sleep(0.02)
        assert request_counts.counted(connection)["count x 200"] == 1
    monkeypatch.setattr(request_counts, "PAUSE_SECONDS", 3600)


def test_without_redis_the_other_numbers_are_still_there(watched, monkeypatch, tmp_path):
    gone = replace(watched.config["SETTINGS"], redis_url=f"unix://{tmp_path}/no-redis.sock")
    monkeypatch.setitem(watched.config, "SETTINGS", gone)

    found = numbers(watched)

    assert (found["uscpis_up", "queue"], found["uscpis_up", "database"]) == (0, 1)


def test_a_question_that_the_database_refuses_leaves_the_others(watched, monkeypatch):
    from app.infra import database_facts

    monkeypatch.setattr(database_facts, "_SERVER", database_facts.text("SELECT * FROM nowhere"))

    found = numbers(watched)

    assert found["uscpis_up", "database"] == 0
    assert found["uscpis_outbox_waiting",] == 0
