"""Settings: defaults, loud refusals, and what production does not start with (AUT-07)."""

import tomllib
from pathlib import Path

import pytest

from config.settings import Environment, SettingsError, read_settings
from config.version import VERSION

PROJECT = Path(__file__).parents[2] / "pyproject.toml"
NEEDED = {"DATABASE_URL": "postgresql://clinic@db/clinic"}
PRODUCTION = NEEDED | {"USCPIS_ENV": "production", "SECRET_KEY": "0123456789abcdef" * 2}


def test_a_database_is_all_that_is_needed():
    settings = read_settings(NEEDED)

    assert settings.environment is Environment.DEVELOPMENT
    assert settings.public_url == "http://127.0.0.1:8000"
    assert settings.time_zone.key == "Asia/Manila"
    assert settings.campuses == ("Downtown", "Talamban")


def test_what_was_given_is_kept_for_the_backup_and_shown_to_nobody():  # BAK-03
    given = NEEDED | {"CLINIC_NAME": " Infirmary ", "SECRET_KEY": "", "PATH": "/bin"}

    settings = read_settings(given)

    assert settings.given == NEEDED | {"CLINIC_NAME": "Infirmary"}
    assert "clinic@db" not in repr(settings)


def test_without_a_database_nothing_starts():
    with pytest.raises(SettingsError, match="DATABASE_URL"):
        read_settings({})


def test_a_missing_key_is_made_anew_outside_production():
    first, second = read_settings(NEEDED), read_settings(NEEDED)

    assert len(first.secret_key) >= 32
    assert first.secret_key != second.secret_key


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_every_spelling_of_a_postgresql_address_works(scheme):
    settings = read_settings({"DATABASE_URL": f"{scheme}://clinic@db/clinic"})

    assert settings.database_url == "postgresql+psycopg2://clinic@db/clinic"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("USCPIS_ENV", "prod"),
        ("DEBUG", "maybe"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "²"),
        ("PORT", "8000.5"),
        ("PORT", "-1"),
        ("DATABASE_URL", "sqlite:///clinic.db"),
        ("REDIS_URL", "http://redis"),
        ("PUBLIC_URL", "clinic.example.edu"),
        ("TIME_ZONE", "Mars/Olympus"),
        ("TIME_ZONE", "../../etc/passwd"),
        ("STUDENT_ID_PATTERN", "("),
        ("BRAND_COLOUR", "green"),
        ("TRUSTED_PROXIES", "all"),
        ("SESSION_HOURS", "25"),
        ("LOG_LEVEL", "LOUD"),
        ("CAMPUSES", " , "),
    ],
)
def test_an_odd_value_is_refused_by_name(name, value):
    with pytest.raises(SettingsError, match=name):
        read_settings(NEEDED | {name: value})


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"DEBUG": "true"}, "DEBUG"),
        ({"USCPIS_DEMO": "true"}, "demo"),
        ({"DEMO_PASSWORD": "something that was printed"}, "demo"),
    ],
)
def test_production_refuses_what_is_dangerous(change, reason):
    """AUT-07"""
    with pytest.raises(SettingsError, match=reason):
        read_settings(PRODUCTION | change)


def test_production_starts_with_a_key_and_without_a_demo():
    assert read_settings(PRODUCTION).is_production


def test_secrets_are_not_shown_when_settings_are_printed():
    """EVD-03: a traceback or a log line may hold the settings."""
    secrets = {
        "SECRET_KEY": "k" * 40,
        "MAIL_PASSWORD": "mail-secret",
        "DEMO_PASSWORD": "demo-secret",
        "DATABASE_URL": "postgresql://clinic:db-secret@db/clinic",
        "REDIS_URL": "redis://:queue-secret@redis",
    }

    shown = repr(read_settings(secrets))

    assert "k" * 40 not in shown
    assert "-secret" not in shown


def test_the_release_has_one_number():
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]

    assert project["version"] == VERSION
