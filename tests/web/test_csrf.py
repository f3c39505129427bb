"""WEB-02: a cookie alone changes nothing; a token in a header or form, or a bearer token, does."""

import re

import pytest

from tests.people import PASSWORD


@pytest.fixture
def strict(app, monkeypatch):
    """The site with CSRF tokens on, as everywhere outside the tests."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    return app


def token_of(browser) -> str:
    """The CSRF token of the page that everybody can open."""
    page = browser.get("/login/").get_data(as_text=True)
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert found
    return found[1]


def signed_in(strict, person):
    """A browser with a cookie, and the token that its pages carry."""
    browser = strict.test_client()
    answer = browser.post(
        "/login/",
        data={"username": person.id, "password": PASSWORD, "csrf_token": token_of(browser)},
    )
    assert answer.status_code == 302
    page = browser.get(answer.headers["Location"]).get_data(as_text=True)
    found = re.search(r'(?:name="csrf[_-]token"[^>]*(?:value|content)|data-csrf)="([^"]+)"', page)
    assert found, "every page carries the token for its scripts"
    return browser, found[1]


def bearer(app, person) -> dict[str, str]:
    """The header of a program that signed in."""
    answer = app.test_client().post(
        "/api/v1/security/login",
        json={"username": person.email, "password": PASSWORD, "provider": "db"},
    )
    assert answer.status_code == 200, answer.json
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


def test_a_cookie_alone_changes_nothing(strict, people):
    browser, _ = signed_in(strict, people.rosa)

    answer = browser.post("/api/notifications/read-all/")

    assert answer.status_code == 400
    assert answer.json["code"] == "csrf"
    assert "reload" in answer.json["message"]


def test_a_cookie_with_the_pages_token_is_enough(strict, people):
    browser, token = signed_in(strict, people.rosa)

    answer = browser.post("/api/notifications/read-all/", headers={"X-CSRFToken": token})

    assert answer.status_code == 200


def test_a_bearer_token_needs_no_csrf_token(strict, people):
    answer = strict.test_client().post(
        "/api/notifications/read-all/", headers=bearer(strict, people.rosa)
    )

    assert answer.status_code == 200


def test_the_person_of_the_bearer_token_acts_not_the_one_of_the_cookie(strict, people):
    browser, _ = signed_in(strict, people.cass)

    refused = browser.get("/api/calendar/feed/")
    answer = browser.get("/api/calendar/feed/", headers=bearer(strict, people.rosa))

    assert refused.status_code == 403
    assert answer.status_code != 403


def test_a_broken_bearer_token_is_not_helped_by_a_cookie(strict, people):
    browser, token = signed_in(strict, people.rosa)

    answer = browser.post(
        "/api/notifications/read-all/",
        headers={"Authorization": "Bearer nonsense", "X-CSRFToken": token},
    )

    assert answer.status_code == 401
    assert answer.json["code"] == "not_signed_in"


def test_a_form_without_token_changes_nothing_and_says_what_to_do(strict, people):
    browser, _ = signed_in(strict, people.ada)

    answer = browser.post("/roles/add", data={"name": "Forged"})

    assert answer.status_code == 400
    assert b"reload it and try again" in answer.data


def test_signing_in_needs_a_token_too(strict, people):
    answer = strict.test_client().post(
        "/login/", data={"username": people.rosa.id, "password": PASSWORD}
    )

    assert answer.status_code == 400


def test_signing_out_needs_a_token_too(strict, people):
    browser, token = signed_in(strict, people.rosa)

    without = browser.post("/logout/")
    with_token = browser.post("/logout/", data={"csrf_token": token})

    assert (without.status_code, with_token.status_code) == (400, 302)


def test_reading_never_deletes(client, people):
    """WEB-02: GET changes nothing, FAB's delete links included."""
    client.sign_in(people.ada)
    before = client.get("/roles/list/").get_data(as_text=True).count("/roles/delete/")

    client.get("/roles/delete/1")

    assert client.get("/roles/list/").get_data(as_text=True).count("/roles/delete/") == before > 0
