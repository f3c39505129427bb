"""/healthz, and what happens while the database or the queue is gone."""

import socket

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from app.infra.db import db as site_db
from tests import site

pytestmark = pytest.mark.committed


class Outage:
    """The database refuses everybody and throws out who is inside; then it is back."""

    def __init__(self, app) -> None:
        self.url = make_url(app.config["SQLALCHEMY_DATABASE_URI"])
        self.engine = create_engine(self.url.set(database="postgres"), isolation_level="AUTOCOMMIT")

    def __enter__(self) -> "Outage":
        self.say(f'ALTER DATABASE "{self.url.database}" ALLOW_CONNECTIONS false')
        self.say(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name",
            name=self.url.database,
        )
        return self

    def __exit__(self, *_problem: object) -> None:
        self.say(f'ALTER DATABASE "{self.url.database}" ALLOW_CONNECTIONS true')
        self.engine.dispose()

    def say(self, statement: str, **values: object) -> None:
        """Tell the server."""
        with self.engine.connect() as connection:
            connection.execute(text(statement), values)


def test_a_ready_site_says_what_was_checked(client):
    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json["status"] == "ok"
    assert answer.json["checks"]["database"] == answer.json["checks"]["queue"] == "ok"


def test_without_the_queue_the_site_is_still_ready(app, tmp_path):
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    alone = site.build_app(url, tmp_path, REDIS_URL=f"unix://{tmp_path}/no-redis.sock")

    answer = alone.test_client().get("/healthz")

    assert answer.status_code == 200
    assert answer.json["checks"]["queue"] == "unavailable"
    with alone.app_context():
        site_db.engine.dispose()


def test_without_the_database_the_site_is_not_ready(app, client):
    with Outage(app):
        answer = client.get("/healthz")

    assert answer.status_code == 503
    assert answer.json["checks"]["database"] == "unavailable"
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/", "/calendar/", "/portal/", "/login/", "/nowhere"])
def test_people_are_asked_to_wait_and_need_no_restart_afterwards(app, client, people, path):
    client.sign_in(people.rosa)
    before = client.get(path).status_code

    with Outage(app):
        away = client.get(path)
    after = client.get(path).status_code

    page = away.get_data(as_text=True)
    assert away.status_code == 503
    assert away.headers["Retry-After"]
    assert "try again" in page
    assert "psycopg2" not in page
    assert after == before < 500


def test_programs_get_the_same_in_json(app, client, people):
    client.sign_in(people.rosa)

    with Outage(app):
        answer = client.get("/api/notifications/unread/")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert answer.json["code"] == "unavailable"


def test_signing_in_while_the_database_is_away_is_no_wrong_password(app, client, people):
    from tests.people import PASSWORD

    with Outage(app):
        answer = client.post("/login/", data={"username": people.rosa.id, "password": PASSWORD})

    assert answer.status_code == 503


def test_a_server_that_is_not_there_at_all_is_a_503(app, tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # nobody listens here
        url = f"postgresql+psycopg2://clinic@127.0.0.1:{taken.getsockname()[1]}/clinic"
        lost = site.build_app(url, tmp_path)
        answer = lost.test_client().post("/login/", data={"username": "a", "password": "b"})

    assert answer.status_code == 503
