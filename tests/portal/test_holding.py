"""A time is kept for five minutes while its form is filled, without scripts and with them."""

from datetime import timedelta

from sqlalchemy import func, select

from app.infra.db import session
from app.kernel import clock
from app.scheduling.models import Hold
from app.scheduling.rules.form_holds import KEEP_FOR

NINE = "/portal/book/consultation/confirm?at=2026-11-24T01:00:00Z&provider=DOC901"
KEEP = "Keep this time for 5 minutes"
HOLD = "/portal/book/consultation/hold"
SLOT = {"starts_at": "2026-11-24T01:00:00Z", "provider": "DOC901"}
SCRIPT = {"HX-Request": "true"}


def test_looking_keeps_nothing_and_the_button_does(sam, eve, app):
    sam.open(NINE)
    with app.app_context():
        assert session().scalar(select(func.count()).select_from(Hold)) == 0  # SCH-05

    page = sam.send(KEEP)

    assert page.path.startswith("/portal/book/consultation/confirm")
    assert page.says("Held for you until 7:05 AM")
    assert eve.open(NINE).says("This time is not free any more.")
    assert sam.send("Book").says("Your appointment is booked.")


def test_a_script_gets_the_sentence_alone(sam):
    sam.open(NINE)

    answer = sam.client.post(HOLD, data=SLOT, headers=SCRIPT).text

    assert "Held for you until" in answer
    assert "<html" not in answer
    assert 'hx-trigger="load"' in sam.open(NINE.replace("01:00", "02:00")).html


def test_a_time_that_somebody_else_keeps_is_said(sam, eve):
    sam.open(NINE)
    eve.open(NINE)
    sam.send(KEEP)

    assert "just been taken" in eve.client.post(HOLD, data=SLOT, headers=SCRIPT).text
    page = eve.send(KEEP)

    assert page.status == 409
    assert page.says("just been taken")


def test_after_five_minutes_the_form_still_books_when_nobody_was_faster(sam, eve):
    sam.open(NINE)
    kept = sam.send(KEEP)

    with clock.pretend(clock.now() + KEEP_FOR + timedelta(seconds=1)):
        assert eve.open(NINE).says("Is this right?")
        assert not sam.open(NINE).says("Held for you")
        assert sam.post(kept.form("Book")).says("Your appointment is booked.")


def test_nonsense_is_refused(sam):
    assert sam.client.post(HOLD, data={"starts_at": "soon"}).status_code == 400
    assert sam.client.post("/portal/book/surgery/hold", data=SLOT).status_code == 404
    assert sam.client.get(HOLD).status_code == 405


def test_keeping_needs_the_token_of_the_page(sam, tokens):
    assert sam.client.post(HOLD, data=SLOT).status_code == 400  # WEB-02
    sam.open(NINE)
    assert sam.send(KEEP).says("Held for you until 7:05 AM")
