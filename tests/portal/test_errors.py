"""Errors on the portal's side: one calm sentence, a way on, never a number."""

import re
from html import unescape

import pytest

from app.web.http import PLAIN, plain_answer

STATUSES = (400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503)


@pytest.mark.parametrize("status", STATUSES)
def test_every_error_is_a_page_of_the_portal(app, status):
    with app.test_request_context("/portal/somewhere"):
        answer = plain_answer(status)

    text = unescape(answer.get_data(as_text=True))
    heading = re.search(r"<h1>(.+?)</h1>", text)
    assert answer.status_code == status
    assert PLAIN.get(status, PLAIN[400]) in text
    assert "Go to the start" in text
    assert heading
    assert str(status) not in heading[1]


def test_when_the_clinic_is_busy_the_browser_is_told_when_to_try_again(app):
    with app.test_request_context("/portal/"):
        answer = plain_answer(503)

    assert answer.headers["Retry-After"] == "5"
    assert "Back in a moment" in answer.get_data(as_text=True)


def test_an_unexpected_error_is_not_explained_to_the_patient(app, sam, monkeypatch):
    def broken(*_args: object, **_more: object) -> None:
        raise ZeroDivisionError("the secret of the house")

    monkeypatch.setattr("portal.home.appointments_of_patient", broken)
    page = sam.open("/portal/")

    assert page.status == 500
    assert page.says("Something went wrong on our side.")
    assert "secret of the house" not in page.html


@pytest.mark.parametrize("address", ["/portal/appointments/1/cancel", "/portal/book/x/confirm"])
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_do_nothing(sam, address, method):
    assert sam.client.open(address, method=method).status_code == 405
