"""Whatever is sent to the JSON interface, a program can read the answer; it is never a 5xx."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.scheduling import monday_seven, open_clinic

FAST = settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
ODD_TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        ["consultation", "DOC901", "2026-11-23", "2026-11-23T09:00+08:00", "1", "-1", ""]
    ),
)
ODD_VALUE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | ODD_TEXT,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = st.sampled_from(
    [
        "type",
        "provider",
        "from",
        "to",
        "patient",
        "starts_at",
        "ends_at",
        "reason",
        "version",
        "override",
        "status",
        "when",
        "page",
        "page_size",
        "hours",
    ]
)
READS = st.sampled_from(
    [
        "/api/appointments/available-slots/",
        "/api/appointments/my-appointments/",
        "/api/appointments/provider-schedule/",
        "/api/appointments/why-not/",
        "/api/calendar/feed/",
    ]
)
WRITES = st.sampled_from(
    [
        ("POST", "/api/appointments/book/"),
        ("PUT", "/api/appointments/1/status/"),
        ("POST", "/api/appointments/1/reschedule/"),
        ("POST", "/api/appointments/99999999999999999999/reschedule/"),
    ]
)


@pytest.fixture
def rosa(app, people):
    with monday_seven():
        with app.app_context():
            open_clinic()
        yield app.test_client().sign_in(people.rosa)


def is_readable(answer):
    """A 2xx, or a refusal with its code and sentence."""
    if answer.status_code < 300:
        return True
    body = answer.json
    return 400 <= answer.status_code < 500 and bool(body["code"]) and bool(body["message"])


@FAST
@given(path=READS, query=st.dictionaries(FIELDS, ODD_TEXT, max_size=4))
def test_odd_questions_are_answered_readably(rosa, path, query):
    answer = rosa.get(path, query_string=query)

    assert is_readable(answer), answer.text


@FAST
@given(where=WRITES, body=st.dictionaries(FIELDS, ODD_VALUE, max_size=5))
def test_odd_orders_are_answered_readably(rosa, where, body):
    method, path = where

    answer = rosa.open(path, method=method, data=json.dumps(body), content_type="application/json")

    assert is_readable(answer), answer.text


@FAST
@given(where=WRITES, raw=st.binary(max_size=60), key=st.text(max_size=12))
def test_what_is_no_json_is_answered_readably(rosa, where, raw, key):
    method, path = where
    printable = key.encode("ascii", "ignore").decode()
    headers = {"Idempotency-Key": "".join(one for one in printable if one.isprintable())}

    answer = rosa.open(
        path, method=method, data=raw, content_type="application/json", headers=headers
    )

    assert is_readable(answer), answer.text
