"""The menu shows exactly what one may open (ACC-01)."""

import re

import pytest


@pytest.mark.parametrize("name", ["ada", "rosa", "neil", "dana", "cass", "pia"])
def test_every_link_of_the_menu_opens(client, people, name):
    client.sign_in(getattr(people, name))
    page = client.get("/").get_data(as_text=True)
    links = set(re.findall(r'<a[^>]+href="(/[a-z-]+/[^"#]*)"', page))

    statuses = {link: client.get(link).status_code for link in links}

    assert links
    assert {link: status for link, status in statuses.items() if status not in {200, 302}} == {}


def test_what_one_may_not_open_is_not_shown(client, people):
    client.sign_in(people.cass)

    page = client.get("/").get_data(as_text=True)

    assert "/users/list/" not in page
    assert "/audit/list/" not in page


def test_the_queue_is_the_first_entry(client, people):
    client.sign_in(people.rosa)

    page = client.get("/").get_data(as_text=True)

    links = re.findall(r'<a[^>]+href="(/[a-z-]+/)"', page)
    assert links.index("/queue/") < links.index("/appointments/")
