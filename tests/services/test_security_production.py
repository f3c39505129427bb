"""Production refuses demo accounts and unsafe settings, from every command (AUT-07)."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest
from sqlalchemy import update

from app.infra.db import transaction
from app.security.models import ClinicUser
from config.settings import Environment
from tests.architecture.test_rooms import ROOT
from tests.people import PASSWORD


@pytest.fixture
def production(app, monkeypatch):
    """The site as if it served patients."""
    settings = replace(app.config["SETTINGS"], environment=Environment.PRODUCTION)
    monkeypatch.setitem(app.config, "SETTINGS", settings)
    return app


def make_demo_account(app) -> None:
    """One of the accounts becomes one of the demo."""
    with app.app_context(), transaction() as tx:
        tx.execute(
            update(ClinicUser).where(ClinicUser.university_id == "STAFF901").values(is_demo=True)
        )


@pytest.mark.committed
def test_a_deployment_to_production_refuses_demo_accounts(production):
    make_demo_account(production)

    answer = production.test_cli_runner().invoke(args=["clinic", "deploy"])

    assert answer.exit_code == 1
    assert "demo accounts" in answer.output


@pytest.mark.committed
def test_a_deployment_to_production_without_them_succeeds(production):
    answer = production.test_cli_runner().invoke(args=["clinic", "deploy"])

    assert answer.exit_code == 0, answer.output


def test_production_never_loads_the_demo(production):
    answer = production.test_cli_runner().invoke(args=["clinic", "demo"])

    assert answer.exit_code == 1


@pytest.mark.parametrize(
    ("unsafe", "reason"),
    [
        ({"SECRET_KEY": ""}, "SECRET_KEY"),
        ({"DEBUG": "true"}, "DEBUG"),
        ({"DEMO_PASSWORD": "printed once"}, "demo"),
    ],
)
def test_the_web_server_does_not_start_unsafe_in_production(unsafe, reason):
    environ = {
        "PATH": os.environ["PATH"],
        "USCPIS_ENV": "production",
        "SECRET_KEY": "0123456789abcdef" * 3,
        "DATABASE_URL": "postgresql://clinic@nowhere/clinic",
        **unsafe,
    }

    answer = subprocess.run(
        [sys.executable, "-c", "import wsgi"],
        env=environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode != 0
    assert "SettingsError" in answer.stderr
    assert reason in answer.stderr


def test_a_demo_account_does_not_sign_in_where_patients_are_served(production, people):
    """A database may get them later, for instance from a copy."""
    make_demo_account(production)
    typed = {"username": people.rosa.id, "password": PASSWORD}

    answer = production.test_client().post("/login/", data=typed)

    assert answer.status_code == 200
    assert b"This sign-in did not work" in answer.data
