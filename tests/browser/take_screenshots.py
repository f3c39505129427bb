"""Takes the pictures of the README from a running sample clinic.

make run                                   # in one terminal
make screenshots                           # in another; reads the demo password from var/
"""

import os
import shutil
import sys
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import sync_playwright

from tests.browser.conftest import ARGUMENTS, DESKTOP, PHONE

FOLDER = Path("docs/screenshots")
NOTEBOOK = {"width": 1280, "height": 800}
# name, who, size, dark, address, what to click before the picture
PICTURES = (
    ("dashboard", "STAFF001", DESKTOP, False, "/", None),
    ("calendar", "STAFF001", DESKTOP, False, "/calendar/", None),
    ("calendar-dark", "STAFF001", DESKTOP, True, "/calendar/?view=week", None),
    ("portal-home", "20250020", PHONE, False, "/portal/", None),
    ("portal-times", "20250020", PHONE, False, "/portal/book/consultation", None),
    (
        "portal-confirm",
        "20250020",
        PHONE,
        True,
        "/portal/book/consultation",
        "main a[href*='/confirm']",
    ),
    # Pictures of the guides in docs/guides; {day} is the next working day.
    ("guide-queue", "STAFF001", NOTEBOOK, False, "/queue/", None),
    (
        "guide-provider-is-out",
        "STAFF001",
        NOTEBOOK,
        False,
        "/outages/?provider=DOC001&starts_at={day}T08:00&ends_at={day}T17:00",
        None,
    ),
    ("guide-report", "ADMIN001", NOTEBOOK, False, "/reports/scheduling/", None),
    ("guide-hours", "DOC001", NOTEBOOK, False, "/schedules/DOC001/", None),
    ("guide-visit", "20250020", PHONE, False, "/portal/", "main a[href*='/portal/appointments/']"),
    ("guide-waitlist", "20250020", PHONE, False, "/portal/waitlist/join/consultation", None),
)


def next_working_day(today: date) -> date:
    """Tomorrow, or the Monday after a weekend."""
    days = (today + timedelta(days=ahead) for ahead in range(1, 4))
    return next(day for day in days if day.weekday() < 5)


def main(base: str, password: str) -> None:
    """One picture after the other, each in a fresh browser window."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    day = next_working_day(datetime.now(ZoneInfo("Asia/Manila")).date())
    chromium = shutil.which("chromium") or "chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        for name, who, size, dark, address, click in PICTURES:
            context = browser.new_context(
                base_url=base,
                viewport=size,
                color_scheme="dark" if dark else "light",
                timezone_id="Asia/Manila",
            )
            page = context.new_page()
            page.goto("/login/")
            page.get_by_label("E-mail or university ID").fill(who)
            page.get_by_label("Password", exact=True).fill(password)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_load_state("networkidle")
            page.goto(address.format(day=day))
            page.wait_for_load_state("networkidle")
            if click:
                page.locator(click).first.click()
                page.wait_for_load_state("networkidle")
            page.screenshot(path=FOLDER / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    home = Path(os.environ.get("USCPIS_HOME", "var"))
    main(
        sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000",
        os.environ.get("DEMO_PASSWORD") or (home / "demo-password").read_text().strip(),
    )
