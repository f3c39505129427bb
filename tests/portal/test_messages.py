"""The bell in the portal (NOT-05), where looking changes nothing (WEB-02)."""

import pytest

from tests.web.scheduling import set_status

UNREAD = ", unread:"


@pytest.fixture
def told(booked, people):
    """Sam's visit, which wrote one message to Sam."""
    return booked(people.sam, "2026-11-24 09:00")


def test_unread_messages_are_counted_on_every_page(sam, told):
    assert sam.open("/portal/").says("1 unread message")
    assert sam.open("/portal/book").says(f"Messages {UNREAD} 1")


def test_looking_at_the_list_reads_nothing(sam, told):
    sam.open("/portal/messages")

    page = sam.open("/portal/messages")

    assert page.says("1 unread")
    assert page.says("Unread: Your appointment is confirmed")


def test_opening_a_message_reads_it_and_leads_to_its_visit(sam, told, tokens):
    sam.open("/portal/messages")

    page = sam.send("Your appointment is confirmed")

    assert page.path == f"/portal/appointments/{told.id}"
    assert not sam.open("/portal/messages").says("Unread")


def test_opening_again_is_fine(sam, told):
    form = sam.open("/portal/messages").form("Your appointment is confirmed")
    sam.post(form)

    assert sam.post(form).status == 200


def test_a_message_of_somebody_else_is_not_found(sam, eve, told):
    form = sam.open("/portal/messages").form("Your appointment is confirmed")

    stolen = eve.post(form)

    assert stolen.status == 404
    assert eve.open("/portal/messages").says("No messages")
    assert sam.open("/portal/messages").says("1 unread")


def test_all_are_read_at_once(app, sam, told, people, tokens):
    set_status(app, people.sam, told, "cancelled")
    before = sam.open("/portal/messages")

    page = sam.send("Mark all as read")

    assert before.says("2 unread") or before.says("1 unread")
    assert page.says("All messages are marked as read.")
    assert not page.says("unread")


def test_reading_needs_a_post(sam, told):
    assert sam.client.get("/portal/messages/read-all").status_code == 405
    assert sam.client.get("/portal/messages/1/open").status_code == 405


def test_long_lists_have_pages(app, sam, people, booked):
    for _ in range(11):
        visit = booked(people.sam, "2026-11-24 09:00")
        set_status(app, people.sam, visit, "cancelled")

    sam.open("/portal/messages")
    second = sam.tap("Older")

    assert second.says("Page 2")
    assert second.link("Newer") == "/portal/messages?page=1"


@pytest.mark.parametrize(("page", "status"), [("0", 404), ("2", 404), ("x", 400)])
def test_pages_that_do_not_exist_are_not_found(sam, page, status):
    assert sam.open(f"/portal/messages?page={page}").status == status
