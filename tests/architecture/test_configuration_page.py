"""docs/operations/configuration.md tells of every setting, and is never older than the code."""

import pytest

from config.reference import TITLES, configuration_page
from tests.architecture.test_example_env import example
from tests.architecture.test_rooms import ROOT

PAGE = ROOT / "docs/operations/configuration.md"


def test_the_page_is_what_the_settings_say():
    assert PAGE.read_text(encoding="utf-8") == configuration_page(), "run `make docs`"


@pytest.mark.parametrize("name", sorted(example()))
def test_a_variable_has_its_line_with_default_and_allowed_values(name):
    (line,) = [
        line for line in configuration_page().splitlines() if line.startswith(f"| `{name}` |")
    ]

    default, allowed = (cell.strip() for cell in line.replace("\\|", "").split("|")[2:4])
    assert default == (f"`{example()[name]}`" if example()[name] else "empty")
    assert allowed


@pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "BACKUP_S3_SECRET_KEY"])
def test_what_must_stay_secret_is_marked(name):
    line = next(one for one in configuration_page().splitlines() if f"| `{name}`" in one)

    assert "**secret**" in line


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("USCPIS_ENV", "production"),
        ("PORT", "from 1 to 65535"),
        ("MAIL_USE_TLS", "`true`, `false`"),
        ("TIME_ZONE", "time zone"),
        ("QUIET_FROM", "time of day"),
        ("BRAND_COLOUR", "colour"),
        ("REDIS_URL", "`rediss://`"),
        ("KEYS_FOLDER", "a path"),
        ("LOG_LEVEL", "`WARNING`"),
        ("CAMPUSES", "commas"),
    ],
)
def test_the_page_says_what_a_variable_may_be(name, allowed):
    line = next(one for one in configuration_page().splitlines() if f"| `{name}`" in one)

    assert allowed in line


def test_every_title_belongs_to_a_section():
    page = configuration_page()

    assert all(f"\n## {title}\n" in page for title in TITLES.values())
