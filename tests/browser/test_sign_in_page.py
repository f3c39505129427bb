"""The page before all others: no accessibility violation, no sideways scrolling."""

import pytest

from tests.browser.conftest import DESKTOP, PHONE, overflows, violations


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_the_sign_in_page_is_for_everybody(new_page, size, dark):
    page = new_page(size, dark=dark)

    page.goto("/login/")

    assert violations(page) == []
    assert not overflows(page)
