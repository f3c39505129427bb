"""The site on real servers: PostgreSQL and Redis are started by the run and stopped with it.

Most tests run in one outer transaction that is rolled back. A test marked `committed` gets a
database of its own, with real commits, for races and for other processes.
"""

import logging
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

RULES_ONLY = Path(__file__).parent / "rules"


def _needs_servers(config: pytest.Config) -> bool:
    """Rule tests run without any server, so that they need nothing but Python."""
    paths = [Path(str(argument).split("::")[0]).resolve() for argument in config.args]
    return not all(path == RULES_ONLY or RULES_ONLY in path.parents for path in paths)


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once: the controller of parallel runs does, its workers find them."""
    if _needs_servers(config):
        from app.infra.local import testing

        testing.share_servers()


@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    """Instead of pytest-flask's: one context for all requests would share who is signed in."""


@pytest.fixture(scope="session")
def worker_name(worker_id: str) -> str:
    """A name for this process's databases."""
    return f"test_{worker_id}_{os.getpid()}"


@pytest.fixture(scope="session")
def template_database(worker_name, tmp_path_factory) -> str:
    """A migrated database with roles and people, which tests copy."""
    from tests import site

    return site.build_template(f"{worker_name}_template", tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="session")
def shared_app(template_database, worker_name, tmp_path_factory):
    """The site on a copy of the template; tests roll back, so one serves all."""
    from tests import site

    url = site.copy_database(template_database, f"{worker_name}_shared")
    return site.build_app(url, tmp_path_factory.mktemp("shared"))


@pytest.fixture
def committed_app(template_database, worker_name, tmp_path):
    """The site on a database of its own, where commits are real."""
    from tests import site

    name = f"{worker_name}_{uuid4().hex[:8]}"
    url = site.copy_database(template_database, name)
    app = site.build_app(url, tmp_path)
    yield app
    site.drop_database(app, url)


@pytest.fixture
def app(request: pytest.FixtureRequest):
    """The site: rolled back after the test, or with real commits when marked `committed`."""
    if request.node.get_closest_marker("committed"):
        yield request.getfixturevalue("committed_app")
        return
    from tests import site

    shared = request.getfixturevalue("shared_app")
    with site.rolled_back(shared):
        yield shared


@pytest.fixture
def db(app) -> Iterator[object]:
    """The session, inside an application context."""
    from app.infra.db import session

    with app.app_context():
        yield session()


@pytest.fixture
def client(app):
    """A browser without pages: `client.sign_in(people.rosa)`."""
    return app.test_client()


@pytest.fixture
def clinic(app) -> Iterator[None]:
    """An open clinic on a Monday at 7:00 AM, with two patients and nothing booked."""
    from tests.factories.scheduling import monday_seven, open_clinic

    with monday_seven(), app.app_context():
        open_clinic()
        yield


@pytest.fixture
def people():
    """Rosa, Neil, Dana, Sam, Eve and the others of the house."""
    from tests.people import PEOPLE

    return PEOPLE


@pytest.fixture(autouse=True)
def _quiet_logs() -> Iterator[None]:
    """Leave pytest's own log capture in place; the site would replace it."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    yield
    root.handlers = handlers
