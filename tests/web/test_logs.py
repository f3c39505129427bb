"""Logs: one JSON object per line, the request's id, and nobody's data (EVD-03, INP-02)."""

import json
import logging
import sys

import pytest
from sqlalchemy import text

from app.infra.db import session
from config.logging import JsonFormatter, request_id, set_up_logging


def line(message="said", *args, error=None, name="app") -> dict[str, str]:
    """What a log line says."""
    info = (type(error), error, error.__traceback__) if error else None
    record = logging.LogRecord(name, logging.ERROR, __file__, 1, message, args, info)
    written = JsonFormatter().format(record)
    assert "\n" not in written
    return json.loads(written)


def caught(deed) -> Exception:
    """The error that a deed raises."""
    try:
        deed()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


def test_a_line_is_json_in_utc_with_the_id_of_its_request():
    token = request_id.set("abc123")
    try:
        said = line("two\nlines %s", 'and a quote "')
    finally:
        request_id.reset(token)

    assert said["request"] == "abc123"
    assert said["message"] == 'two\nlines and a quote "'
    assert said["at"].endswith("+00:00")


def test_the_text_of_an_exception_is_not_written():
    def convert():
        int("Sam Dela Cruz")

    said = line("bad", error=caught(convert))

    assert "Sam" not in json.dumps(said)
    assert "builtins.ValueError" in said["exception"]
    assert "in convert" in said["exception"]


def test_neither_is_that_of_its_cause():
    def wrap():
        try:
            raise KeyError("Sam Dela Cruz")
        except KeyError as cause:
            raise RuntimeError("about Sam") from cause

    said = line("bad", error=caught(wrap))

    assert "Sam" not in json.dumps(said)
    assert said["exception"].index("builtins.KeyError") < said["exception"].index("RuntimeError")


def test_a_cause_that_was_set_aside_or_runs_in_a_circle_ends_the_story():
    first, second = RuntimeError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first

    assert line("bad", error=first)["exception"].count("Error") == 2


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO infra_stamp (name, value) SELECT name, value FROM infra_stamp",
        "SELECT CAST('Sam Dela Cruz' AS integer)",
        "SELECT 'Sam Dela Cruz' FROM nowhere",
    ],
)
def test_a_database_error_leaves_no_value_in_the_log(db, statement):
    """EVD-03: PostgreSQL quotes the row, the value or the statement in its answer."""
    error = caught(lambda: session().execute(text(statement)))
    session().rollback()

    said = line("it failed", error=error)

    assert "Sam" not in json.dumps(said)
    assert "Key (" not in json.dumps(said)
    assert type(error).__name__ in said["exception"]


def test_the_values_of_a_row_are_cut_from_a_message_that_quotes_an_error():
    answer = "duplicate key\nDETAIL:  Key (name)=(Sam Dela Cruz) already exists."

    assert line("refused: %s", answer)["message"] == "refused: duplicate key"


def test_a_bug_in_a_page_leaves_its_kind_and_place_and_the_id_that_the_page_shows(
    app, client, monkeypatch, capsys
):
    def door():
        raise LookupError("Sam Dela Cruz")

    set_up_logging("WARNING")
    logging.getLogger().handlers[0].setStream(sys.stderr)
    monkeypatch.setitem(app.view_functions, "healthz", door)

    answer = client.get("/healthz?name=Sam+Dela+Cruz", headers={"Accept": "text/html"})

    page, written = answer.get_data(as_text=True), capsys.readouterr().err
    [said] = [json.loads(row) for row in written.splitlines() if "unexpected error" in row]
    assert answer.status_code == 500
    assert said["request"] == answer.headers["X-Request-Id"]
    assert said["request"][:8] in page
    assert "Sam" not in page + written


def test_an_unexpected_error_of_a_page_is_reported_by_the_name_of_its_route(
    app, client, monkeypatch
):
    from app.infra import error_reports

    def door():
        raise LookupError("Sam Dela Cruz")

    monkeypatch.setitem(app.view_functions, "healthz", door)

    answers = [client.get("/healthz?name=Sam") for _ in range(3)]

    with app.app_context():
        [report] = error_reports.open_reports(5)
        assert (report.count, report.door, report.kind) == (3, "healthz", "builtins.LookupError")
        assert report.request_id == answers[-1].headers["X-Request-Id"]
        assert "Sam" not in str(vars(report))


def test_lines_of_the_web_server_are_json_too():
    server = logging.getLogger("gunicorn.error")
    server.addHandler(logging.NullHandler())

    set_up_logging("WARNING")

    assert server.handlers == []
    assert server.propagate
