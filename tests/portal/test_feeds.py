"""The portal's page of the calendar feed, and the file behind the address (SCH-37)."""

import re

import pytest
from icalendar import Calendar

FEED = "/portal/calendar-feed"


@pytest.fixture
def address(sam):
    """Sam's address, made in the portal."""
    sam.open(FEED)
    page = sam.send("Make the address")
    return re.search(r'value="http://localhost(/feeds/[^"]+\.ics)"', page.html)[1]


def test_an_address_is_shown_once_and_gives_ones_visits(sam, app, address, booked, people):
    booked(people.sam, "2026-11-24 09:00")

    answer = app.test_client().get(address)  # nobody is signed in

    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    assert len(Calendar.from_ical(answer.data).walk("VEVENT")) == 1
    assert address not in sam.open(FEED).html


def test_a_calendar_that_has_the_file_gets_it_no_more(app, address):
    first = app.test_client().get(address)
    by_tag = app.test_client().get(address, headers={"If-None-Match": first.headers["ETag"]})
    since = {"If-Modified-Since": first.headers["Last-Modified"]}
    by_time = app.test_client().get(address, headers=since)

    assert (by_tag.status_code, by_tag.data) == (304, b"")
    assert by_time.status_code == 304


def test_a_new_address_ends_the_old_one(sam, app, address):
    sam.open(FEED)
    sam.send("Make a new address")

    assert app.test_client().get(address).status_code == 404


def test_a_stopped_feed_is_gone(sam, app, address):
    sam.open(FEED)
    page = sam.send("Stop the feed")

    assert page.says("The address does not work any more.")
    assert page.says("No feed yet")
    assert app.test_client().get(address).status_code == 404


@pytest.mark.parametrize("token", ["x", "a" * 43, "%00", "%C3%A4" * 40])
def test_an_unknown_address_is_not_found(clinic, client, token):
    assert client.get(f"/feeds/{token}.ics").status_code == 404


def test_eve_cannot_end_sams_feed(sam, eve, app, address):
    eve.client.post(f"{FEED}/revoke")

    assert app.test_client().get(address).status_code == 200
