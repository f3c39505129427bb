"""Databases are dropped with whoever is inside, the server's own workers too."""

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError, ProgrammingError
from sqlalchemy.pool import NullPool

from app.infra import databases
from tests.clusters import PrivateCluster, wait_until

REFUSED = ProgrammingError("DROP DATABASE", {}, Exception("is being accessed by other users"))


@pytest.fixture
def refusals(monkeypatch):
    """How many times the server refuses, and what was asked of it."""
    left, asked = [0], []

    def administer(url, statement, **values):
        asked.append(statement)
        if left[0] and statement.startswith("DROP"):
            left[0] -= 1
            raise REFUSED

    monkeypatch.setattr(databases, "_administer", administer)
    monkeypatch.setattr(databases.time, "sleep", lambda _: None)
    return left, asked


def test_who_comes_back_is_thrown_out_again(refusals):
    left, asked = refusals
    left[0] = databases.TRIES - 1

    databases.drop_database("postgresql://nobody@nowhere/home", "scratch")

    assert asked == [databases.OUT, 'DROP DATABASE IF EXISTS "scratch"'] * databases.TRIES


def test_a_refusal_that_stays_is_raised(refusals):
    refusals[0][0] = databases.TRIES

    with pytest.raises(ProgrammingError):
        databases.drop_database("postgresql://nobody@nowhere/home", "scratch")


# Each page costs a worker a pause, so it is still at work when the database goes.
SLOW_TO_VACUUM = """
CREATE TABLE many (n int) WITH (autovacuum_vacuum_threshold = 1, autovacuum_vacuum_cost_limit = 1,
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 100);
INSERT INTO many SELECT n FROM generate_series(1, 100000) n; DELETE FROM many WHERE n % 2 = 0
"""
# What kind of process it is, PostgreSQL tells only a superuser; our own sessions are closed.
WORKERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = :name"


@pytest.fixture
def cluster(tmp_path):
    """A server that vacuums every second, as one in production does every minute."""
    made = PrivateCluster(tmp_path / "postgres")
    made.server.prepare()
    made.configure("autovacuum_naptime = 1s")
    made.start()
    yield made
    made.destroy()


def told(url, *statements):
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def test_a_database_goes_while_the_server_vacuums_it(cluster):
    """An account that is no superuser may not end a vacuum worker, and a proof needs none."""
    url = databases.create_database(cluster.server.url(), "scratch")
    told(url, SLOW_TO_VACUUM)
    wait_until(lambda: cluster.ask(WORKERS, name="scratch") == 1, "a worker vacuumed", 60)

    databases.drop_database(cluster.server.url(), "scratch")

    assert cluster.ask("SELECT count(*) FROM pg_database WHERE datname = 'scratch'") == 0


def test_a_database_goes_with_our_own_sessions_in_it(cluster):
    url = databases.create_database(cluster.server.url(), "scratch")
    with create_engine(url, poolclass=NullPool).connect() as inside:
        inside.execute(text("SELECT 1"))

        databases.drop_database(cluster.server.url(), "scratch")

        with pytest.raises(OperationalError):
            inside.execute(text("SELECT 1"))
        inside.invalidate()
