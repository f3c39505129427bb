"""A real Chromium for journeys: the system's own, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.live import LiveSite, serve
from tests.factories.scheduling import at, monday_seven, open_clinic
from tests.people import PASSWORD, Person

ROOT = Path(__file__).parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PHONE = {"width": 390, "height": 844}
DESKTOP = {"width": 1280, "height": 900}
# A page that is left before its transition ends; the browser says so as if it were an error.
HARMLESS = ("Transition was aborted", "Transition was skipped")


def pytest_collection_modifyitems(items) -> None:
    """Everything here needs a browser."""
    for item in items:
        if "/browser/" in str(item.fspath):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The system's Chromium. Never missing in CI; elsewhere its absence is told loudly."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    if os.environ.get("CI"):
        pytest.fail("CI must have a Chromium: `make browser` installs it")
    pytest.skip("NO CHROMIUM: the journeys were NOT tested. Run `make browser`.")
    return ""


@pytest.fixture(scope="session")
def browser(chromium_path: str):
    """One browser for all journeys."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        instance = playwright.chromium.launch(executable_path=chromium_path, args=ARGUMENTS)
        yield instance
        instance.close()


@pytest.fixture(scope="module")
def live(template_database, worker_name, tmp_path_factory) -> Iterator[LiveSite]:
    """A served clinic on Monday at nine, in a database of this module's own."""
    from tests import site

    home = tmp_path_factory.mktemp("live")
    name = f"{worker_name}_live_{home.name.replace('-', '_')}"
    url = site.copy_database(template_database, name)
    app = site.build_app(url, home)
    app.config["WTF_CSRF_ENABLED"] = True
    with monday_seven(), app.app_context():
        open_clinic()
    with serve(app, home, at("07:30")) as running:
        yield running
    site.drop_database(app, url)


@pytest.fixture
def new_page(browser, live):
    """Opens pages: `new_page(PHONE)`. A console error or a blocked script fails the test."""
    opened = []
    complaints: list[str] = []

    def open_page(size=DESKTOP, *, dark: bool = False, javascript: bool = True):
        context = browser.new_context(
            base_url=live.url,
            viewport=size,
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",  # a slow machine looks at a page while it still slides in
            java_script_enabled=javascript,
            locale="en-PH",
            timezone_id="Asia/Manila",
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        if javascript:
            page.clock.install(time=live.clock.now())
        page.on("pageerror", lambda error: _note("error", str(error), complaints))
        page.on("console", lambda message: _note(message.type, message.text, complaints))
        opened.append(context)
        return page

    yield open_page
    for context in opened:
        context.close()
    assert complaints == []


def _note(kind: str, text: str, complaints: list[str]) -> None:
    """Errors count, except the browser's own line about an answer that we meant as a refusal."""
    is_refusal = "Failed to load resource" in text
    if kind == "error" and not is_refusal and not any(harmless in text for harmless in HARMLESS):
        complaints.append(text)


def sign_in(page, person: Person) -> None:
    """Through the form, as everybody does."""
    page.goto("/login/")
    sign_in_here(page, person)


def sign_in_here(page, person: Person) -> None:
    """On the sign-in page that is open."""
    page.get_by_label("E-mail or university ID").fill(person.id)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(lambda url: "/login" not in url)


def follow(page, target) -> None:
    """Click what leads to another page, and wait until that page is whole.

    A page has its first lines before its styles, scripts and last rows: what is counted or
    clicked then is not what a person sees.
    """
    with page.expect_navigation():
        target.click()


def confirm(page, name: str) -> None:
    """Answer the question of the page with the button that goes on."""
    follow(page, page.locator("#c-confirm").get_by_role("button", name=name))


def violations(page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA, one line each, when the page is loaded."""
    page.locator("[aria-busy=true]").first.wait_for(state="detached")
    # Our policy refuses foreign script tags; evaluate() is not bound by it.
    page.evaluate(AXE.read_text())
    found = page.evaluate(
        """async () => (await axe.run(document, {runOnly: ['wcag2a','wcag2aa','wcag21a','wcag21aa',
        'wcag22aa','best-practice']})).violations.map(v => v.id + ': ' +
        v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(', '))"""
    )
    return list(found)


def overflows(page) -> bool:
    """Whether the page itself scrolls sideways."""
    return bool(
        page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    )
