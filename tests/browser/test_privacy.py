"""The pages of privacy in a real browser, for everybody, and a request that is answered."""

from datetime import timedelta

import pytest

from app.kernel import clock
from app.privacy import services
from app.privacy.rules import RequestKind
from app.privacy.services import ScopeDraft
from tests.browser.conftest import DESKTOP, PHONE, overflows, sign_in, violations
from tests.factories.privacy import GRAVE, asked, in_work, leaked
from tests.people import PEOPLE

LOOKS = [
    pytest.param(DESKTOP, False, id="desktop-light"),
    pytest.param(PHONE, True, id="phone-dark"),
]


@pytest.fixture(scope="module")
def pages(live):
    """A late request, one for erasure, a breach whose countdown is short; all their pages."""
    with live.app.app_context(), clock.pretend(live.clock.now()):
        late = asked(received_at=clock.now() - timedelta(days=40))
        erasure = in_work(RequestKind.ERASURE, PEOPLE.eve)
        copied = in_work()
        services.request_copy(PEOPLE.pia.actor, request_id=copied)
        breach = leaked(GRAVE, detected_at=clock.now() - timedelta(hours=60))
        draft = ScopeDraft(account=PEOPLE.pia.email)
        services.set_scope(PEOPLE.pia.actor, breach_id=breach, draft=draft)
    return [
        "/privacy/requests/?filter=all&order=-received",
        f"/privacy/requests/{late}/",
        f"/privacy/requests/{erasure}/",
        f"/privacy/requests/{copied}/",
        "/privacy/requests/new/",
        "/privacy/breaches/?filter=all",
        f"/privacy/breaches/{breach}/",
        f"/privacy/breaches/{breach}/notice/commission/",
        f"/privacy/affected/{breach}/",
        "/privacy/breaches/new/",
        "/privacy/breaches/year/",
    ]


@pytest.mark.parametrize(("size", "dark"), LOOKS)
def test_the_pages_of_privacy_are_for_everybody(new_page, live, pages, size, dark):
    page = new_page(size, dark=dark)
    sign_in(page, PEOPLE.pia)

    for path in pages:
        answer = page.goto(path)
        assert answer.status == 200, path
        assert violations(page) == [], path
        assert not overflows(page), path


def test_a_request_is_answered_on_a_phone(new_page, live, pages):
    """DPA-02."""
    page = new_page(PHONE)
    sign_in(page, PEOPLE.pia)
    page.goto("/privacy/requests/new/")

    page.get_by_label("University ID of the person").fill("20259002")
    page.get_by_label("What exactly is asked").fill("Please correct my street.")
    page.get_by_label("What is asked", exact=True).select_option("rectification")
    page.get_by_role("button", name="Enter the request").click()
    page.get_by_role("button", name="Take it into work").click()
    page.get_by_label("What was answered, or why not").fill("The street was corrected.")
    page.get_by_role("button", name="End the request").click()
    page.locator("#c-confirm").get_by_role("button", name="End the request").click()

    page.get_by_text("The request is over.").wait_for()
    assert "The street was corrected." in page.content()
