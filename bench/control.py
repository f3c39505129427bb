"""The control: bare Flask with psycopg2, no session, no permission, no ORM.

`/json` answers a constant, `/query` runs one SQL statement, `/insert` one durable insert under
the same kind of exclusion constraint as the product's claims.
"""

import os
import threading
from itertools import count

import psycopg2
from flask import Flask, Response, jsonify

URL = os.environ["BENCH_CONTROL_URL"]

app = Flask(__name__)
_local = threading.local()
_numbers = count(os.getpid() * 1_000_000)


def _connection():
    if not hasattr(_local, "connection"):
        _local.connection = psycopg2.connect(URL)
        _local.connection.autocommit = True
    return _local.connection


@app.get("/json")
def constant() -> Response:
    """A constant answer."""
    return jsonify(status="ok")


@app.get("/query")
def query() -> Response:
    """One SQL statement: the claims of one provider's day."""
    with _connection().cursor() as cursor:
        cursor.execute(
            "SELECT starts_at, ends_at FROM scheduling_claim WHERE active AND resource_kind = 1"
            " AND resource_id = 1 AND starts_at > now() AND starts_at < now() + interval '1 day'"
        )
        rows = cursor.fetchall()
    return jsonify(rows=[(start.isoformat(), end.isoformat()) for start, end in rows])


@app.post("/insert")
def insert() -> Response:
    """One durable insert that the constraint checks."""
    number = next(_numbers)
    with _connection().cursor() as cursor:
        cursor.execute(
            "INSERT INTO bench_claim (resource_id, starts_at, ends_at)"
            " VALUES (%s, now(), now() + interval '20 minutes') RETURNING id",
            (number,),
        )
        (key,) = cursor.fetchone()
    return jsonify(id=key), 201
