"""The bell and the inbox behind it (NOT-05)."""

import re

import pytest

from app.infra.db import transaction
from app.kernel import clock
from app.kernel.actor import system_actor
from app.notifications import services
from app.notifications.rules import Template
from app.notifications.services import Recipient


@pytest.fixture
def tell(app):
    """Write a message into somebody's bell."""

    def write(person, *, occurrence=0, **more):
        with app.app_context(), transaction() as tx:
            services.notify(
                tx,
                system_actor(),
                event="appointment.confirmed",
                entity="appointment/1",
                occurrence=occurrence,
                recipient=Recipient(person.user_id, person.name, ""),
                subject="Your dental cleaning is confirmed",
                template=Template.CONFIRMED,
                params={"starts_at": "2026-11-24T01:00:00+00:00", "place": "Downtown"},
                **more,
            )

    return write


def token(client, page="/portal/"):
    """What our scripts send with a POST: the page's CSRF token."""
    html = client.get(page).get_data(as_text=True)
    return {"X-CSRFToken": re.search(r'name="csrf-token" content="([^"]+)"', html)[1]}


def newest_id(app, person):
    from app.notifications import queries

    with app.app_context():
        return queries.inbox(person.user_id).messages[0].id


def test_the_inbox_tells_what_when_and_where(client, people, tell):
    tell(people.rosa)

    page = client.sign_in(people.rosa).get("/messages/").get_data(as_text=True)

    assert "Your dental cleaning is confirmed" in page
    assert "Tuesday, 24 November 2026, 9:00 AM · Downtown" in page
    assert "1 unread" in page


def test_the_bell_on_every_page_shows_the_same_number_as_the_list(client, people, tell):
    tell(people.rosa, occurrence=0)
    tell(people.rosa, occurrence=1)

    page = client.sign_in(people.rosa).get("/messages/").get_data(as_text=True)

    assert "Notifications, 2 unread" in page
    assert "2 unread" in page.replace("Notifications, 2 unread", "")


def test_opening_a_message_marks_it_read_and_leads_where_it_points(app, client, people, tell):
    tell(people.rosa, link="/users/userinfo/")
    client.sign_in(people.rosa)

    answer = client.post(f"/messages/{newest_id(app, people.rosa)}/open/")

    assert answer.headers["Location"] == "/users/userinfo/"
    assert client.get("/api/notifications/unread/").json == {"unread": 0}


def test_mark_all_read_empties_the_bell(client, people, tell):
    tell(people.rosa, occurrence=0)
    tell(people.rosa, occurrence=1)
    client.sign_in(people.rosa)

    client.post("/messages/read-all/")

    assert client.get("/api/notifications/unread/").json == {"unread": 0}


def test_marking_read_twice_is_fine(app, client, people, tell):
    tell(people.sam)
    path = f"/api/notifications/{newest_id(app, people.sam)}/read/"
    client.sign_in(people.sam)

    answers = [client.post(path, headers=token(client)) for _ in range(2)]

    assert [answer.json for answer in answers] == [{"unread": 0}, {"unread": 0}]


def test_eve_can_neither_read_nor_mark_sams_messages(app, client, people, tell):
    tell(people.sam)
    path = f"/api/notifications/{newest_id(app, people.sam)}/read/"
    client.sign_in(people.eve)

    answer = client.post(path, headers=token(client))

    assert answer.status_code == 404
    assert client.get("/api/notifications/unread/").json == {"unread": 0}


def test_nobody_has_no_bell(client):
    answer = client.get("/api/notifications/unread/")

    assert answer.status_code == 401
    assert answer.json["code"] == "not_signed_in"


def test_an_unknown_parameter_of_the_bell_is_refused(client, people):
    answer = client.sign_in(people.sam).get("/api/notifications/unread/?of=everybody")

    assert answer.status_code == 422


def test_an_expired_message_is_neither_counted_nor_listed(client, people, tell):
    tell(people.rosa, expires_at=clock.now())
    client.sign_in(people.rosa)

    page = client.get("/messages/").get_data(as_text=True)

    assert "No messages" in page
    assert client.get("/api/notifications/unread/").json == {"unread": 0}


def test_older_messages_are_a_page_away(client, people, tell):
    for number in range(21):
        tell(people.rosa, occurrence=number)
    client.sign_in(people.rosa)

    first = client.get("/messages/").get_data(as_text=True)
    second = client.get("/messages/?page=2").get_data(as_text=True)

    assert first.count("Your dental cleaning is confirmed") == 20
    assert "Older" in first
    assert second.count("Your dental cleaning is confirmed") == 1


@pytest.mark.parametrize("page", ["0", "-1", "abc", "²", "1e9"])
def test_nonsense_in_the_page_number_shows_the_first_page(client, people, tell, page):
    tell(people.rosa)

    answer = client.sign_in(people.rosa).get(f"/messages/?page={page}")

    assert "Your dental cleaning is confirmed" in answer.get_data(as_text=True)


def test_the_bell_stays_silent_without_a_database(app, people, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from app.notifications import queries, views

    def away(user_id):
        raise OperationalError("SELECT", {}, Exception("gone"))

    monkeypatch.setattr(queries, "unread_count", away)
    with app.test_request_context("/"):
        monkeypatch.setattr(
            views, "current_user", type("Rosa", (), {"is_authenticated": True, "id": 1})()
        )

        assert views.unread_count() == 0


@pytest.mark.parametrize("number", ["0", str(2**63), "9" * 30, "x"])
def test_a_number_that_is_no_message_is_not_found(client, people, number):
    client.sign_in(people.sam)

    answer = client.post(f"/api/notifications/{number}/read/", headers=token(client))

    assert answer.status_code == 404
