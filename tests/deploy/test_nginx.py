"""The production guide, executed: nginx with TLS in front of gunicorn (WEB-01, WEB-03, AUT-05)."""

import json
import re
import shutil
import ssl
import tempfile
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app.infra import databases
from config.flask import flask_config
from tests import site
from tests.deploy.machine import CLIENT, DEPLOY, NAME, Nginx, Web, production, until
from tests.people import PASSWORD, PEOPLE


@pytest.fixture(scope="module")
def folder():
    """A short path: that of a unix socket has 107 bytes."""
    made = Path(tempfile.mkdtemp(prefix="uscpis-nginx-"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def database(template_database, worker_name):
    """A database of its own, where other processes see what is committed."""
    name = f"{worker_name}_nginx"
    yield site.copy_database(template_database, name)
    databases.drop_database(template_database, name)


@pytest.fixture(scope="module")
def web(folder, database):
    """gunicorn with the settings of production."""
    started = Web(folder, production(database, folder / "home"))
    started.start()
    yield started
    started.stop()
    started.listener.close()


@pytest.fixture(scope="module")
def nginx(folder, web):
    """nginx in front of it."""
    started = Nginx(folder, web.door)
    started.start()
    try:
        until(lambda: started.ask("GET", "/healthz").status == 200)
        yield started
    finally:
        started.stop()


def sign_in(nginx, **headers):
    """Sign in as a person does: the page first, then the form with its token and cookie."""
    page = nginx.ask("GET", "/login/")
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    cookie = page.headers["Set-Cookie"].split(";")[0]
    return nginx.ask(
        "POST",
        "/login/",
        f"username={PEOPLE.rosa.id}&password={PASSWORD.replace(' ', '+')}&csrf_token={token[1]}",
        {
            "Cookie": cookie,
            "Referer": f"https://{NAME}/login/",
            "Content-Type": "application/x-www-form-urlencoded",
            **headers,
        },
    )


def test_http_leads_to_https_of_our_own_name(nginx):
    answer = nginx.plain("/portal/?day=1")

    assert answer.status == 301
    assert answer.headers["Location"] == f"https://{NAME}/portal/?day=1"


def test_who_asks_for_another_name_gets_no_answer(nginx):
    with pytest.raises(OSError, match=r"closed|reset"):
        nginx.plain("/", host="evil.example")
    with pytest.raises(ssl.SSLError):
        nginx.channel("evil.example")


def test_pages_come_with_one_strict_transport_security_and_are_kept_nowhere(nginx):
    """WEB-01"""
    answer = nginx.ask("GET", "/login/", headers={"Accept-Encoding": "gzip"})

    assert answer.headers.get_all("Strict-Transport-Security") == [
        "max-age=31536000; includeSubDomains"
    ]
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] is None  # the page holds a secret
    assert answer.headers["Server"] == "nginx"


def test_style_sheets_are_compressed(nginx):
    answer = nginx.ask("GET", "/static/css/base.css", headers={"Accept-Encoding": "gzip"})

    assert answer.status == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_session_cookie_is_bound_to_this_host_and_to_tls(nginx):
    """AUT-05"""
    answer = sign_in(nginx)

    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    parts = {part.strip() for part in rest.split(";")[1:]}
    assert answer.status == 302
    assert name == "__Host-session"
    assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= parts
    assert not any(part.startswith("Domain") for part in parts)


def test_the_audit_trail_knows_the_address_of_the_client_and_no_made_up_one(nginx, database):
    """WEB-03: nginx replaces what the client claims, and the site believes one hop."""
    made_up = {
        "X-Forwarded-For": "203.0.113.9",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Proto": "http",
        "Forwarded": "for=203.0.113.9;host=evil.example",
        "X-Real-IP": "203.0.113.9",
    }

    answer = sign_in(nginx, **made_up)

    engine = create_engine(database)
    with engine.connect() as connection:
        address = connection.execute(
            text(
                "SELECT address FROM security_sign_in_attempt WHERE succeeded ORDER BY id DESC"
                " LIMIT 1"
            )
        ).scalar_one()
    engine.dispose()
    assert address == CLIENT
    assert "evil" not in str(answer.headers)
    assert "Secure" in answer.headers["Set-Cookie"]


def test_too_large_a_body_is_refused_before_it_is_sent(nginx):
    """INP-01: the limit is that of the site itself."""
    bytes_allowed = flask_config(site.settings_for("postgresql:///x", Path("x")))[
        "MAX_CONTENT_LENGTH"
    ]
    configured = re.search(
        r"client_max_body_size (\d+)m;", (DEPLOY / "nginx/uscpis.conf").read_text()
    )

    answer = nginx.ask("POST", "/login/", headers={"Content-Length": str(bytes_allowed + 1)})

    assert int(configured[1]) * 1024**2 == bytes_allowed
    assert answer.status == 413
    assert "At most 32 MB" in answer.text
    assert answer.headers["Strict-Transport-Security"]


def test_the_log_leads_to_the_lines_of_the_site_and_keeps_no_query(nginx, folder):
    """EVD-03"""
    answer = nginx.ask("GET", "/login/?next=Dela+Cruz")

    log = folder / "uscpis.log"
    named = answer.headers["X-Request-Id"]
    until(lambda: named in log.read_text(), 10)
    line = next(line for line in log.read_text().splitlines() if named in line)
    assert json.loads(line)["address"] == CLIENT
    assert json.loads(line)["path"] == "/login/"
    assert "Cruz" not in log.read_text()


@contextmanager
def load(nginx, visitors=4):
    """People who look at pages all the time; what they got is counted."""
    got: Counter[object] = Counter()
    stopping = threading.Event()

    def visit() -> None:
        while not stopping.is_set():
            try:
                got[nginx.ask("GET", "/login/").status] += 1
            except OSError as error:
                got[repr(error)] += 1

    threads = [threading.Thread(target=visit) for _ in range(visitors)]
    for thread in threads:
        thread.start()
    try:
        yield got
    finally:
        stopping.set()
        for thread in threads:
            thread.join(80)


def busy(got: Counter[object], more: int = 20) -> Callable[[], bool]:
    """A condition: so many further answers came."""
    wanted = got.total() + more
    return lambda: got.total() >= wanted


def test_a_reload_fails_no_request(nginx, web):
    with load(nginx) as got:
        until(busy(got))
        before = web.workers()
        web.reload()
        until(lambda: web.workers() and not web.workers() & before)
        until(busy(got))

    assert set(got) == {200}


def test_a_restart_for_a_new_release_fails_no_request(nginx, web):
    with load(nginx) as got:
        until(busy(got))
        web.stop()
        web.start()
        until(busy(got))

    assert set(got) == {200}


def test_without_the_web_server_people_are_told_to_wait_a_moment():
    with tempfile.TemporaryDirectory(prefix="uscpis-") as name:
        alone = Nginx(Path(name), Path(name) / "nobody.sock")
        alone.start()
        try:
            answer = alone.ask("GET", "/portal/")
        finally:
            alone.stop()

    assert answer.status == 503
    assert answer.headers["Retry-After"] == "5"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Strict-Transport-Security"]
    assert "try again in a moment" in answer.text
