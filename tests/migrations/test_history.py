"""One line of history: up from nothing, down to nothing, up again, and no drift from the models."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Timer
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask_migrate import downgrade, upgrade
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError, OperationalError

from app.infra.local import testing
from app.infra.locks import LockSpace
from app.tables import Base
from tests import site
from tests.architecture.test_rooms import ROOT

APPEND_ONLY = ("security_audit_event", "scheduling_appointment_event")
LONGER_THAN_THE_SITE_WAITS = 5.5


@pytest.fixture
def empty(tmp_path):
    """The site on a database without any table."""
    url = testing.share_servers().database(f"test_migrations_{uuid4().hex[:8]}")
    app = site.build_app(url, tmp_path)
    yield app
    site.drop_database(app, url)


def tables_of(app) -> set[str]:
    """The tables that the database has now."""
    with app.app_context():
        engine = site.db.engine
        return set(inspect(engine).get_table_names()) - {"alembic_version"}


def test_there_is_one_head_and_one_line():
    script = ScriptDirectory(str(ROOT / "migrations"))

    revisions = list(script.walk_revisions())

    assert len(script.get_heads()) == 1
    assert all(len(revision.nextrev) <= 1 for revision in revisions)


def test_the_way_up_leads_down_and_up_again(empty):
    with empty.app_context():
        upgrade()
    full = tables_of(empty)
    with empty.app_context():
        downgrade(revision="base")
    bare = tables_of(empty)
    with empty.app_context():
        upgrade()

    assert bare == set()
    assert tables_of(empty) == full == set(Base.metadata.tables)


def test_nothing_but_tables_is_left_after_the_way_down(empty):
    with empty.app_context():
        upgrade()
        downgrade(revision="base")
        left = site.db.session.execute(
            text(
                "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
                " UNION ALL SELECT typname FROM pg_type t JOIN pg_namespace n"
                " ON n.oid = t.typnamespace AND n.nspname = 'public'"
                " WHERE typname NOT LIKE '%alembic_version' AND typtype IN ('e', 'd')"
            )
        ).all()
        site.db.session.remove()

    assert left == []


@pytest.mark.parametrize("revision", ["0001", "0002", "0003", "0004"])
def test_each_step_can_be_taken_back_alone(empty, revision):
    with empty.app_context():
        upgrade(revision=revision)
        before = tables_of(empty)
        downgrade(revision="-1")
        upgrade(revision=revision)

    assert tables_of(empty) == before


def test_the_migrations_make_what_the_models_say(app, template_database):
    engine = create_engine(template_database)
    try:
        with engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": True})
            drift = compare_metadata(context, Base.metadata)
    finally:
        engine.dispose()

    assert drift == []


def test_two_deployments_at_once_both_succeed(empty, tmp_path):
    url = empty.config["SQLALCHEMY_DATABASE_URI"]
    environ = {
        "PATH": "/usr/bin:/bin",
        "DATABASE_URL": url,
        "REDIS_URL": testing.share_servers().redis_url,
        "USCPIS_HOME": str(tmp_path),
        "SECRET_KEY": site.SECRET,
    }
    command = [sys.executable, "-m", "flask", "--app", "wsgi", "clinic", "deploy"]

    def deploy(_number):
        return subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, check=False)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(deploy, range(2)))

    assert [answer.returncode for answer in answers] == [0, 0], answers
    assert tables_of(empty) == set(Base.metadata.tables)


def test_a_deployment_waits_for_a_longer_one(empty):
    """The wait for the other deployment is not cut short by the site's own lock time-out."""
    with empty.app_context():
        other = site.db.engine.connect()
        other.execute(text(f"SELECT pg_advisory_xact_lock({int(LockSpace.MIGRATION)}, 1)"))
        Timer(LONGER_THAN_THE_SITE_WAITS, other.close).start()
        upgrade()

    assert tables_of(empty) == set(Base.metadata.tables)


def test_a_deployment_fails_soon_when_a_table_is_in_use(empty):
    """Waiting for a lock for ever would hold up every request behind it."""
    with empty.app_context():
        upgrade(revision="0001")
        reader = site.db.engine.connect()
        reader.execute(text("LOCK TABLE ab_user IN ACCESS SHARE MODE"))
        try:
            with pytest.raises(OperationalError, match="lock timeout"):
                downgrade(revision="base")
        finally:
            reader.close()

    assert "ab_user" in tables_of(empty)


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "change", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"]
)
def test_evidence_is_never_changed(db, table, change):
    """EVD-01, SCH-07: the database itself refuses, whoever asks."""
    with pytest.raises(DBAPIError, match="never changed or removed"):
        db.execute(text(change.format(table)))
