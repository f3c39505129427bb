"""From refusals and bugs to answers: status, JSON shape, pages for people (INP-01)."""

import pytest
from flask import abort
from werkzeug.exceptions import HTTPException

from app.kernel import errors
from app.web.http import status_of

REFUSALS = {
    400: errors.Malformed("This has the wrong type.", errors={"starts_at": ["Not a time."]}),
    401: errors.NotSignedIn(),
    403: errors.Forbidden(),
    404: errors.NotFound(),
    409: errors.Conflict("This time has just been taken.", code="scheduling.slot_taken"),
    422: errors.Invalid("The request has unknown fields.", errors={"colour": ["Not known."]}),
    429: errors.TooMany("Too many tries."),
}


def answer_to(app, monkeypatch, error, accept):
    """What a caller gets when the door behind /healthz raises this."""

    def door():
        raise error

    monkeypatch.setitem(app.view_functions, "healthz", door)
    return app.test_client().get("/healthz", headers={"Accept": accept})


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_reaches_programs_in_one_shape(app, monkeypatch, status):
    refusal = REFUSALS[status]

    answer = answer_to(app, monkeypatch, refusal, "application/json")

    assert answer.status_code == status == status_of(refusal)
    assert answer.json["code"] == refusal.code
    assert answer.json["message"] == refusal.message
    assert answer.json.get("errors", {}) == refusal.errors


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_reaches_people_as_a_sentence(app, monkeypatch, status):
    answer = answer_to(app, monkeypatch, REFUSALS[status], "text/html")
    page = answer.get_data(as_text=True)

    assert answer.status_code == status
    assert REFUSALS[status].message in page
    assert f"Error {status}" not in page


def test_a_bug_is_never_shown(app, monkeypatch, caplog):
    bug = RuntimeError("SELECT secret FROM patients")

    program = answer_to(app, monkeypatch, bug, "application/json")
    person = answer_to(app, monkeypatch, bug, "text/html")

    assert (program.status_code, person.status_code) == (500, 500)
    assert "secret" not in program.get_data(as_text=True) + person.get_data(as_text=True)
    assert "SELECT secret" in caplog.text  # for us, with the request's id


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nowhere", 404), ("PUT", "/login/", 405), ("GET", "/api/nowhere/", 404)],
)
def test_http_errors_have_the_same_shape(client, method, path, status):
    answer = client.open(path, method=method, headers={"Accept": "application/json"})

    assert answer.status_code == status
    assert set(answer.json) == {"code", "message"}


def test_a_wrong_method_is_told_which_are_right(client):
    assert "POST" in client.put("/login/").headers["Allow"]


def test_a_request_that_is_too_large_is_refused_in_words(client, app, monkeypatch):
    monkeypatch.setitem(app.config, "MAX_CONTENT_LENGTH", 100)

    answer = client.post("/login/", data={"username": "x" * 1000, "password": "y"})

    assert answer.status_code == 413
    assert b"This is too large" in answer.data


@pytest.mark.parametrize("status", [400, 403, 404, 413, 500, 503])
@pytest.mark.parametrize("side", ["/healthz", "/portal/static/portal.css"])
def test_an_error_page_needs_no_database(app, monkeypatch, people, status, side):
    """The database may be what failed: no page may ask it who is looking."""
    browser = app.test_client().sign_in(people.sam)

    def door(*_arguments, **_more):
        abort(status)

    def gone(*_arguments, **_more):
        raise AssertionError("the error page asked the database")

    monkeypatch.setitem(app.view_functions, "healthz", door)
    monkeypatch.setitem(app.view_functions, "portal.static", door)
    if status >= 500:
        monkeypatch.setattr("app.security.queries.user_with_access", gone)
    answer = browser.get(side)

    assert answer.status_code == status
    assert answer.mimetype == "text/html"


def test_every_sentence_of_ours_is_calm():
    from app.web.http import PLAIN

    assert all(sentence.endswith(".") for sentence in PLAIN.values())
    assert not [s for s in PLAIN.values() if "error" in s.lower()]


NOT_OURS = (
    "//evil.example/",
    "///evil.example/",
    "/\\evil.example/",
    "\\\\evil.example/",
    "https://evil.example/",
    "http:evil.example",
    "javascript:alert(1)",
    "/%09/evil.example",
    "\t//evil.example",
    "http://localhost@evil.example/",
)


@pytest.mark.parametrize("place", NOT_OURS)
def test_signing_in_never_leads_off_the_site(client, people, place):
    """WEB-03"""
    from urllib.parse import urljoin, urlsplit

    from tests.people import PASSWORD

    answer = client.post(
        "/login/",
        query_string={"next": place},
        data={"username": people.rosa.id, "password": PASSWORD},
    )
    location = answer.headers["Location"]

    # A browser reads a backslash as a slash and drops tabs.
    seen = location.replace("\\", "/").replace("\t", "").replace("%5C", "\\")
    assert urlsplit(urljoin("http://localhost/login/", seen)).hostname == "localhost"


def test_signing_in_leads_on_to_the_page_that_was_asked_for(client, people):
    from tests.people import PASSWORD

    answer = client.post(
        "/login/?next=/calendar/?date=2026-11-24",
        data={"username": people.rosa.id, "password": PASSWORD},
    )

    assert answer.headers["Location"] == "/calendar/?date=2026-11-24"


@pytest.mark.parametrize("referrer", ["http://localhost//evil.example/x", "https://evil.example/"])
def test_going_back_never_leads_off_the_site(app, referrer):
    from app.web import history

    with app.test_request_context("/roles/action_post", headers={"Referer": referrer}):
        assert history.referrer() is None


def test_the_way_back_holds_no_searches(client, people):
    """A search may hold a patient's name; the cookie must not."""
    client.sign_in(people.rosa)
    client.get("/patients/list/?_flt_2_last_name=Cruz")

    with client.session_transaction() as kept:
        assert "Cruz" not in str(dict(kept))
        assert "/patients/list/" in str(dict(kept))


LISTS = {
    "/users/list/": ("ada", "ClinicUserView"),
    "/roles/list/": ("ada", "ClinicRoleView"),
    "/audit/list/": ("pia", "AuditEventView"),
    "/patients/list/": ("rosa", "PatientView"),
    "/enrolments/list/": ("rosa", "EnrolmentView"),
    "/appointments/list/": ("rosa", "AppointmentView"),
    "/dead-letters/list/": ("rosa", "DeadLetterView"),
    "/jobs/list/": ("ada", "JobView"),
    "/closures/list/": ("rosa", "ClosureView"),
}
ABSURD = (
    "psize_{}=100000",
    "psize_{}=abc",
    "psize_{}=-5",
    "psize_{}=0",
    "page_{}=abc",
    "page_{}=-1",
    "page_{}=99999999999999999999",
    "_oc_{}=nope&_od_{}=asc",
    "_oc_{}=password&_od_{}=sideways",
    "_flt_0_nope=1",
    "_flt_99_name=1",
    "_flt_x_name=1",
    "_flt_0_id=99999999999999999999",
    "_flt_2_name=%00",
    "_flt_0_at=yesterday",
    "_flt_1_at=99999-99-99",
)


@pytest.mark.parametrize("path", LISTS)
def test_absurd_paging_and_searching_never_breaks_a_list(client, people, path):
    """INP-01"""
    who, view = LISTS[path]
    client.sign_in(getattr(people, who))

    statuses = {
        query: client.get(f"{path}?{query.replace('{}', view)}").status_code for query in ABSURD
    }

    assert {query: s for query, s in statuses.items() if s not in {200, 400}} == {}


@pytest.mark.parametrize("key", ["abc", "0", "-1", "99999999999999999999", "1;DROP", "%00"])
@pytest.mark.parametrize("path", ["/users/show/", "/users/edit/", "/roles/edit/"])
def test_an_odd_key_is_simply_not_there(client, people, path, key):
    """INP-01"""
    client.sign_in(people.ada)

    assert client.get(path + key).status_code == 404


def test_a_page_holds_as_many_rows_as_asked_for(client, people):
    client.sign_in(people.ada)

    page = client.get("/users/list/?psize_ClinicUserView=1").get_data(as_text=True)

    assert page.count('href="/users/edit/') == 1


def test_every_http_error_that_flask_knows_becomes_a_sentence(app, monkeypatch):
    class Teapot(HTTPException):
        code = 418

    answer = answer_to(app, monkeypatch, Teapot(), "application/json")

    assert answer.status_code == 418
    assert answer.json["message"].endswith(".")
