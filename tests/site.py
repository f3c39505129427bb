"""Builds sites for tests: settings, databases that are copies, and transactions rolled back."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy.engine import make_url

from app.factory import create_app
from app.infra import databases
from app.infra.db import db
from app.infra.local import testing
from config.settings import Settings, read_settings
from portal import mount_portal
from tests.people import PASSWORD, PEOPLE, Person, create_people

SECRET = "a secret that only the tests know, long enough"


def settings_for(url: str, home: Path, **overrides: str) -> Settings:
    """Settings of a test site."""
    servers = testing.share_servers()
    environ = {
        "USCPIS_ENV": "testing",
        "SECRET_KEY": SECRET,
        "DATABASE_URL": url,
        "REDIS_URL": servers.redis_url,
        "USCPIS_HOME": str(home),
        "PUBLIC_URL": "http://localhost",
        "LOG_LEVEL": "WARNING",
        **overrides,
    }
    return read_settings(environ)


class Browser(FlaskClient):
    """A test client that signs in as one of the people."""

    def sign_in(self, person: Person) -> "Browser":
        """Sign in through the real form and stay signed in."""
        answer = self.post("/login/", data={"username": person.id, "password": PASSWORD})
        assert answer.status_code == 302, answer.get_data(as_text=True)
        return self


def build_app(url: str, home: Path, **overrides: str) -> Flask:
    """The whole site, without CSRF tokens (tests/web/test_csrf.py switches them on)."""
    app = create_app(settings_for(url, home, **overrides))
    app.config["WTF_CSRF_ENABLED"] = False
    app.test_client_class = Browser
    mount_portal(app)
    return app


def build_template(name: str, home: Path) -> str:
    """A migrated database with roles and people. Returns its URL, with no connection open."""
    url = testing.share_servers().database(name)
    app = build_app(url, home)
    with app.app_context():
        upgrade()
    app.test_cli_runner().invoke(args=["clinic", "sync-roles"], catch_exceptions=False)
    with app.app_context():
        create_people(app.extensions["appbuilder"].sm)
        db.session.remove()
        db.engine.dispose()
    return url


def copy_database(template_url: str, name: str) -> str:
    """A copy of the template database under another name. Returns its URL."""
    return databases.create_database(template_url, name, template=make_url(template_url).database)


def drop_database(app: Flask, url: str) -> None:
    """Close the site's connections and remove its database."""
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    server = make_url(url)
    admin_url = server.set(database="postgres").render_as_string(hide_password=False)
    databases.drop_database(admin_url, str(server.database))


@contextmanager
def rolled_back(app: Flask) -> Iterator[None]:
    """Everything that the site commits in here is taken back; commits become savepoints."""
    with app.app_context():
        engines = db.engines
        engine = engines[None]
    connection = engine.connect()
    outer = connection.begin()
    connection.name = connection.dialect.name  # FAB asks session.get_bind().name
    engines[None] = connection
    db.session.session_factory.configure(join_transaction_mode="create_savepoint")
    try:
        yield
    finally:
        with app.app_context():
            db.session.remove()
        outer.rollback()
        connection.close()
        engines[None] = engine
        db.session.session_factory.configure(join_transaction_mode="conditional_savepoint")


__all__ = ["PEOPLE", "Browser", "build_app", "build_template", "copy_database", "rolled_back"]
