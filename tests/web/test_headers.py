"""Headers of every answer (WEB-01, EVD-03)."""

import re

import pytest

from tests import site


def policy_of(answer) -> dict[str, str]:
    """The content security policy by directive."""
    parts = (
        part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";")
    )
    return {part[0]: part[1] if len(part) > 1 else "" for part in parts}


@pytest.mark.parametrize("path", ["/login/", "/nowhere", "/portal/", "/healthz"])
def test_every_answer_is_private_and_not_guessed_at(client, path):
    """WEB-01"""
    headers = client.get(path).headers

    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/login/", "/nowhere"])
def test_scripts_run_only_with_the_nonce_of_their_page(client, path):
    answer = client.get(path)
    policy = policy_of(answer)
    nonce = policy["script-src"].removeprefix("'nonce-").removesuffix("'")
    scripts = re.findall(r"<script\b[^>]*>", answer.get_data(as_text=True))

    assert re.fullmatch(r"[\w-]{20,}", nonce)
    assert all(f'nonce="{nonce}"' in script for script in scripts)
    assert "unsafe-inline" not in answer.headers["Content-Security-Policy"]
    assert {
        policy[name] for name in ("default-src", "object-src", "base-uri", "frame-ancestors")
    } == {"'none'"}


def test_a_nonce_is_never_used_twice(client):
    assert (
        policy_of(client.get("/login/"))["script-src"]
        != (policy_of(client.get("/login/"))["script-src"])
    )


def test_static_files_may_be_kept_by_the_browser(client):
    with client.get("/static/css/base.css") as answer:
        headers = answer.headers

    assert "no-store" not in headers.get("Cache-Control", "")
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_every_request_has_an_id_of_its_own(client):
    """EVD-03: what the caller sends as an id is not believed."""
    ids = {
        client.get("/healthz", headers={"X-Request-Id": "forged"}).headers["X-Request-Id"]
        for _ in range(3)
    }

    assert len(ids) == 3
    assert "forged" not in ids


def test_tls_is_demanded_only_where_there_is_tls(client, app, tmp_path):
    url = app.config["SQLALCHEMY_DATABASE_URI"]
    secure = site.build_app(url, tmp_path, PUBLIC_URL="https://clinic.example.edu")

    answer = secure.test_client().get("/login/")

    assert "max-age" in answer.headers["Strict-Transport-Security"]
    assert answer.headers["Set-Cookie"].startswith("__Host-session=")
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(
        re.split(r";\s*", answer.headers["Set-Cookie"])
    )
    assert "Strict-Transport-Security" not in client.get("/login/").headers


@pytest.mark.parametrize(("proxies", "seen"), [("0", "127.0.0.1"), ("1", "203.0.113.9")])
def test_a_forwarded_address_counts_only_from_our_proxy(app, tmp_path, proxies, seen):
    """WEB-03"""
    from flask import request

    url = app.config["SQLALCHEMY_DATABASE_URI"]
    behind = site.build_app(url, tmp_path, TRUSTED_PROXIES=proxies)
    addresses = []
    behind.before_request(lambda: addresses.append(request.remote_addr))

    behind.test_client().get("/nowhere", headers={"X-Forwarded-For": "203.0.113.9"})

    assert addresses == [seen]


def test_other_sites_may_not_read_our_answers(client):
    """WEB-03: CORS is closed."""
    answer = client.get("/healthz", headers={"Origin": "https://elsewhere.example"})

    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]
