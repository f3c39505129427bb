"""Requests of several gunicorn processes are one number on /metrics (BAK-04)."""

import http.client
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.infra.local import testing
from tests.worker.sink import free_port

pytestmark = pytest.mark.committed
PATIENCE = 90.0
TOKEN = "a key that only the watcher knows"
REDIS_NUMBER = 12


@pytest.fixture
def port(app, tmp_path):
    """The site served by two processes."""
    settings, chosen = app.config["SETTINGS"], free_port()
    environment = dict(os.environ) | {
        "USCPIS_ENV": "development",
        "SECRET_KEY": settings.secret_key,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": testing.share_servers().redis(REDIS_NUMBER),
        "USCPIS_HOME": str(settings.home),
        "METRICS_TOKEN": TOKEN,
        "PORT": str(chosen),
        "WEB_WORKERS": "2",
        "WEB_THREADS": "1",
    }
    command = [sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", "wsgi:app"]
    with (tmp_path / "web.log").open("wb") as log:
        program = subprocess.Popen(
            command, env=environment, cwd=Path(__file__).parents[2], stdout=log, stderr=log
        )
    yield chosen
    program.terminate()
    program.wait(PATIENCE)


def get(port: int, path: str, key: str = "") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        headers = {"Authorization": f"Bearer {key}", "Connection": "close"}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    except OSError:
        return 0, ""
    finally:
        connection.close()


def counted(port: int) -> float:
    """How many times /nowhere was answered, says the site."""
    _, text = get(port, "/metrics", TOKEN)
    wanted = 'uscpis_http_requests_total{route="none",status="404"} '
    lines = [line for line in text.splitlines() if line.startswith(wanted)]
    return float(lines[0].rpartition(" ")[2]) if lines else 0.0


def test_two_processes_add_up_to_one_number(port):
    deadline = time.monotonic() + PATIENCE
    while get(port, "/healthz")[0] != 200:
        assert time.monotonic() < deadline, "the site did not start"
        time.sleep(0.2)
    before = counted(port)

    statuses = {get(port, "/nowhere")[0] for _ in range(20)}

    while counted(port) < before + 20:
        assert time.monotonic() < deadline, f"only {counted(port) - before} of 20 were counted"
        time.sleep(0.5)
    assert statuses == {404}
    assert counted(port) == before + 20
    assert get(port, "/metrics", "wrong")[0] == 401
