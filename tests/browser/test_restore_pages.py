"""Two administrators agree on a restore in a real browser, on a phone and at a desk (BAK-04)."""

import pytest

from app.backup.models import BackupRun
from app.infra.db import transaction
from tests.browser.conftest import (
    DESKTOP,
    PHONE,
    confirm,
    follow,
    overflows,
    sign_in,
    violations,
)
from tests.factories.restores import OTHER_ADMIN, create_world
from tests.people import PEOPLE

PAGE = "/backups/restore/"


@pytest.fixture(scope="module")
def made(live):
    """A set that can be opened, and its run."""
    world = create_world(live.app)
    manifest = world.make()
    place = {"label": str(live.home / "backups"), "is_there": True, "problem": ""}
    with live.app.app_context(), transaction() as tx:
        tx.add(
            BackupRun(
                status="made",
                asked_by_name="system",
                started_at=manifest.made_at,
                finished_at=manifest.made_at,
                set_name=manifest.set_name,
                size_bytes=manifest.size,
                row_count=sum(manifest.row_counts.values()),
                proof="passed",
                places=[place],
            )
        )
    return manifest


def is_for_everybody(page):
    """Nothing that axe finds, and nothing that scrolls sideways."""
    return violations(page) == [] and not overflows(page)


@pytest.mark.parametrize(
    ("size", "dark"),
    [pytest.param(DESKTOP, False, id="desktop"), pytest.param(PHONE, True, id="phone-dark")],
)
def test_one_asks_and_another_approves(new_page, live, made, size, dark):
    ada, abe = new_page(size, dark=dark), new_page(size, dark=dark)
    sign_in(ada, PEOPLE.ada)
    ada.goto(PAGE)
    follow(ada, ada.get_by_role("table").get_by_role("link").first)
    assert is_for_everybody(ada), violations(ada)
    ada.get_by_label("Why is it needed?").fill("The timetable was deleted by mistake.")
    follow(ada, ada.get_by_role("button", name="Ask another administrator"))
    assert ada.get_by_text("Somebody else must approve it.").first.is_visible()
    assert is_for_everybody(ada), violations(ada)

    sign_in(abe, OTHER_ADMIN)
    abe.goto(PAGE)
    abe.get_by_role("button", name="Approve").first.click()
    confirm(abe, "Approve")

    assert (
        f"clinic restore {made.set_name}" in abe.get_by_role("region", name="Command").inner_text()
    )
    assert is_for_everybody(abe), violations(abe)
    ada.goto(PAGE)
    assert ada.get_by_text("Abe Santos approved and has the code.").first.is_visible()
