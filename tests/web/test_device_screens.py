"""Adding and disconnecting the screens of the waiting room (SCH-33)."""

import re

import pytest


@pytest.fixture
def ada(clinic, client, people):
    """The administrator's browser."""
    return client.sign_in(people.ada)


def add(browser, **values):
    """Send the form."""
    return browser.post("/screens/add/", data={"kind": "kiosk", "name": "Door", **values})


def test_the_address_is_shown_once(ada):
    page = add(ada).get_data(as_text=True)
    address = re.search(r'value="(http://localhost/kiosk/[^"]+)"', page)[1]

    assert ada.get(address.removeprefix("http://localhost")).status_code == 200
    assert address not in ada.get("/screens/").get_data(as_text=True)


def test_a_screen_without_a_name_is_refused_with_a_sentence(ada):
    answer = add(ada, name=" ")

    assert answer.status_code == 422
    assert "Please give it a name" in answer.get_data(as_text=True)


def test_a_disconnected_screen_is_listed_as_such(ada):
    add(ada)
    page = ada.get("/screens/").get_data(as_text=True)
    action = re.search(r'action="(/screens/\d+/revoke/)"', page)[1]

    answer = ada.post(action, follow_redirects=True).get_data(as_text=True)

    assert "Its address works no more" in answer
    assert "Disconnected" in answer


def test_the_first_visit_of_the_page_says_what_to_do(ada):
    assert "No screens yet" in ada.get("/screens/").get_data(as_text=True)


def test_the_front_desk_sees_the_screens_and_cannot_change_them(clinic, client, people):
    rosa = client.sign_in(people.rosa)

    assert "Add a screen" not in rosa.get("/screens/").get_data(as_text=True)
    assert add(rosa).status_code in {302, 403}


def test_a_stranger_is_sent_away(clinic, client, people):
    assert client.sign_in(people.eve).get("/screens/").status_code in {302, 403}
