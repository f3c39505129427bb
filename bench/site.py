"""Sites to measure: the product on a durable database of its own, and the control beside it."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import event
from sqlalchemy.engine import make_url

from app.factory import create_app
from app.infra.db import db
from app.infra.local.testing import Servers
from bench import data
from config.settings import read_settings
from portal import mount_portal

SECRET = "a secret that only the measurements know"
WEB_PROCESSES = "2"


def environment(servers: Servers, url: str, home: Path) -> dict[str, str]:
    """What the site's processes read."""
    return {
        "USCPIS_ENV": "development",
        "SECRET_KEY": SECRET,
        "DATABASE_URL": url,
        "REDIS_URL": servers.redis_url,
        "USCPIS_HOME": str(home),
        "LOG_LEVEL": "ERROR",
        "MAX_OPEN_BOOKINGS": "100",
        "MAX_BOOKINGS_PER_DAY": "100",
        "MAX_BOOKINGS_PER_WEEK": "100",
    }


def build(servers: Servers, name: str, home: Path, *, visits: int) -> Flask:
    """The product with a clinic of so many visits."""
    url = servers.database(name)
    app = create_app(read_settings(environment(servers, url, home)))
    app.config["WTF_CSRF_ENABLED"] = False
    mount_portal(app)
    with app.app_context():
        upgrade()
    app.test_cli_runner().invoke(args=["clinic", "sync-roles"], catch_exceptions=False)
    with app.app_context():
        data.open_clinic(app.extensions["appbuilder"].sm)
        data.add_visits(visits)
        db.session.remove()
    return app


@contextmanager
def counted_queries(app: Flask) -> Iterator[list[str]]:
    """Every statement that the site sends while this is open."""
    statements: list[str] = []

    def note(connection, cursor, statement, *more) -> None:
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def served(module: str, environ: dict[str, str], *, ready_path: str) -> Iterator[int]:
    """A gunicorn with two processes on a free port."""
    port = free_port()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "-c", "config/gunicorn.py", module),
        ],
        env={
            **os.environ,
            **environ,
            "PORT": str(port),
            "WEB_WORKERS": WEB_PROCESSES,
            "DATABASE_POOL_SIZE": "8",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(port, ready_path)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int, path: str) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2):
                return
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def plain_url(url: str) -> str:
    """The URL as psycopg2 itself reads it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
