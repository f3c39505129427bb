"""Prepared statements, remembered answers and idle connections (docs/adr/0013, 0014)."""

import pytest
from sqlalchemy import text

from app.infra import pool
from app.infra.db import db as database
from app.infra.db import plain, transaction
from app.infra.idempotency import IdempotencyKey
from app.infra.remembered import Remembered

ECHO = text("SELECT CAST(:word AS text) AS word, CAST(:word AS text) || '%' AS more")


def test_a_prepared_statement_takes_odd_texts_as_they_are(db):
    for word in ("100 %", "it's", "ñ", "%(word)s", "a\\b", "; DROP TABLE x"):
        row = plain(ECHO, {"word": word}).one()

        assert (row.word, row.more) == (word, f"{word}%")


def test_a_statement_is_prepared_once_per_connection(db):
    plain(ECHO, {"word": "one"})
    plain(ECHO, {"word": "two"})

    prepared = db.execute(
        text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%AS word%'")
    ).scalar()

    assert prepared == 1


def test_a_prepared_statement_outlives_a_rollback(db):
    plain(ECHO, {"word": "one"})
    db.rollback()

    assert plain(ECHO, {"word": "two"}).one().word == "two"


def test_rows_written_later_are_there_after_the_transaction(db):
    claim = text(
        "INSERT INTO infra_idempotency_key (user_id, key, body_hash, created_at)"
        " VALUES (:user, :key, '', now())"
    )

    with transaction() as tx:
        for key in ("50 %", "it's", "ñ"):
            tx.later(claim, {"user": 1, "key": key})

    found = {row.key for row in db.query(IdempotencyKey)}
    assert found == {"50 %", "it's", "ñ"}


def test_an_answer_is_asked_for_once_per_stamp_and_forgotten_in_time():
    asked = []
    known = Remembered(most=2)

    def ask(what):
        return lambda: asked.append(what) or what

    for stamp, question in (("s", 1), ("s", 1), ("t", 1), ("t", 2), ("s", 1)):
        known.answer(stamp, question, ask((stamp, question)))

    assert asked == [("s", 1), ("t", 1), ("t", 2), ("s", 1)]


@pytest.mark.committed
def test_a_connection_that_died_at_rest_is_replaced_before_its_next_use(app, monkeypatch):
    with app.app_context(), database.engine.connect() as other:
        first = database.session.execute(text("SELECT pg_backend_pid()")).scalar()
        database.session.remove()
        other.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": first})
        monkeypatch.setattr(pool, "IDLE_SECONDS", 0)

        second = database.session.execute(text("SELECT pg_backend_pid()")).scalar()

    assert second != first
