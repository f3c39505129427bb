"""Sessions and tokens begin, grow old and end (AUT-05)."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from app.infra.db import session, transaction
from app.kernel import clock
from app.security import services
from app.security.models import ClinicUser
from tests.people import PASSWORD

PAGE = "/users/userinfo/"
STUDENT_PAGE = "/api/notifications/unread/"


def later(**time):
    """The clock stands that much later."""
    return clock.pretend(clock.now() + timedelta(**time))


def is_in(browser, page=PAGE) -> bool:
    """Whether the browser is still signed in."""
    return browser.get(page).status_code == 200


def token_of(app, person) -> dict[str, str]:
    """The header of a program that signed in as this person."""
    answer = app.test_client().post(
        "/api/v1/security/login",
        json={"username": person.id, "password": PASSWORD, "provider": "db"},
    )
    return {"Authorization": f"Bearer {answer.json['access_token']}"}


@pytest.mark.parametrize(("minutes", "stays"), [(14, True), (16, False)])
def test_staff_are_signed_out_after_fifteen_idle_minutes(client, people, minutes, stays):
    client.sign_in(people.rosa)

    with later(minutes=minutes):
        assert is_in(client) is stays


@pytest.mark.parametrize(("minutes", "stays"), [(29, True), (31, False)])
def test_students_are_signed_out_after_thirty(client, people, minutes, stays):
    client.sign_in(people.sam)

    with later(minutes=minutes):
        assert is_in(client, STUDENT_PAGE) is stays


def test_work_keeps_a_session_but_not_beyond_twelve_hours(client, people):
    client.sign_in(people.rosa)
    start = clock.now()

    for step in range(1, 73):
        with clock.pretend(start + timedelta(minutes=10 * step)):
            assert is_in(client)

    with clock.pretend(start + timedelta(hours=12, minutes=5)):
        assert not is_in(client)


def test_polling_in_the_background_is_not_activity(client, people):
    client.sign_in(people.rosa)
    with later(minutes=10):
        client.get(STUDENT_PAGE, headers={"X-Background": "1"})

    with later(minutes=16):
        assert not is_in(client)


def test_signing_out_ends_the_session_of_this_browser(client, people):
    client.sign_in(people.rosa)

    client.post("/logout/")

    assert not is_in(client)


def test_nothing_of_the_session_before_stays_after_signing_in(client, people):
    with client.session_transaction() as before:
        before["planted"] = "by somebody else"

    client.sign_in(people.rosa)

    with client.session_transaction() as after:
        assert "planted" not in after


def test_a_closed_account_is_out_at_the_next_request(client, app, people):
    client.sign_in(people.rosa)
    token = token_of(app, people.rosa)

    with app.app_context(), transaction() as tx:
        tx.execute(
            update(ClinicUser).where(ClinicUser.university_id == "STAFF901").values(active=False)
        )

    assert not is_in(client)
    assert app.test_client().get(STUDENT_PAGE, headers=token).status_code == 401
    answer = client.post("/login/", data={"username": people.rosa.id, "password": PASSWORD})
    assert b"This sign-in did not work" in answer.data  # AUT-01: no other words


def test_ended_sessions_take_the_tokens_with_them(client, app, people):
    token = token_of(app, people.rosa)
    program = app.test_client()
    assert program.get(STUDENT_PAGE, headers=token).status_code == 200

    with app.app_context():
        services.end_sessions(people.ada.actor, user_id=people.rosa.user_id)
        session().commit()

    assert program.get(STUDENT_PAGE, headers=token).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"username": 5, "password": PASSWORD, "provider": "db"}, 400),
        ({"username": "STAFF901", "password": ["x"], "provider": "db"}, 400),
        ({"username": "STAFF901", "password": PASSWORD, "provider": "ldap"}, 422),
        ({"username": "STAFF901", "password": PASSWORD, "role": "Admin"}, 422),
        ({"username": "a\x00", "password": PASSWORD}, 400),
        ({"username": "\ud800", "password": "\ud800"}, 401),
        ({"username": "STAFF901", "password": "x" * 1_000_000}, 401),
        ({"username": "STAFF901", "password": None}, 401),
        ({}, 401),
        (["STAFF901"], 400),
    ],
)
def test_the_token_login_answers_odd_bodies_in_words(client, body, status):
    """INP-01, ACC-04"""
    answer = client.post("/api/v1/security/login", json=body)

    assert answer.status_code == status
    assert {"code", "message"} <= set(answer.json)
