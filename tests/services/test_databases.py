"""Dropping a database waits for the server's own workers, but not for ever."""

import pytest
from sqlalchemy.exc import ProgrammingError

from app.infra import databases

REFUSED = ProgrammingError("DROP DATABASE", {}, Exception("permission denied to terminate process"))


@pytest.fixture
def refusals(monkeypatch):
    """How many times the server refuses, and what was asked of it."""
    left, asked = [0], []

    def administer(url, statement):
        asked.append(statement)
        if left[0]:
            left[0] -= 1
            raise REFUSED

    monkeypatch.setattr(databases, "_administer", administer)
    monkeypatch.setattr(databases.time, "sleep", lambda _: None)
    return left, asked


def test_a_vacuum_worker_inside_is_waited_for(refusals):
    left, asked = refusals
    left[0] = databases.TRIES - 1

    databases.drop_database("postgresql://nobody@nowhere/home", "scratch")

    assert len(asked) == databases.TRIES
    assert set(asked) == {'DROP DATABASE IF EXISTS "scratch" WITH (FORCE)'}


def test_a_refusal_that_stays_is_raised(refusals):
    refusals[0][0] = databases.TRIES

    with pytest.raises(ProgrammingError):
        databases.drop_database("postgresql://nobody@nowhere/home", "scratch")
