"""What the steps of a clinic day have in common."""

import email
import email.policy

from app.kernel import clock
from app.visits import queries
from tests.browser.conftest import DESKTOP, sign_in
from tests.factories.scheduling import at

TODAY = at("09:00").date()


def number_on(page, label):
    """What a tile says."""
    tile = page.locator(".c-tile").filter(has_text=label)
    return int(tile.locator(".c-tile__value").inner_text())


def row_of(page, text):
    """The line of a list that names somebody."""
    return page.get_by_role("listitem").filter(has_text=text).first


def mails(live):
    """Who got which message, after the worker has done what is due."""
    live.run_jobs()
    found = (
        email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        for path in live.mails()
    )
    return [(message["To"], message["Subject"]) for message in found]


def open_queue(new_page, person, size=DESKTOP):
    """The queue as somebody sees it."""
    page = new_page(size)
    sign_in(page, person)
    page.goto("/queue/")
    return page


def step(page, token, name):
    """A step from the menu of a line."""
    row = row_of(page, token)
    row.get_by_role("button", name=f"More for {token}").click()
    row.get_by_role("button", name=name, exact=True).last.click()


def numbers(live):
    """The day as the database counts it."""
    with live.app.app_context():
        return queries.numbers_of(TODAY)


def line_of(live, service="consultation"):
    """The numbers that wait for a service, in their order."""
    with live.app.app_context(), clock.pretend(live.clock.now()):
        entries = queries.queue(TODAY, type_code=service)
    return [one.visit.token for one in entries if one.position is not None]
