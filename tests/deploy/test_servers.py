"""PostgreSQL and Redis start with the settings of the guide, and obey them."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import create_engine, text

from app.infra.local.redis import RedisServer
from tests.deploy.guided import OWN, guided_postgres, guided_redis
from tests.deploy.machine import DEPLOY

# On a unix socket, over which the test asks, there are none.
ONLY_TCP = {f"tcp_keepalives_{name}": "0" for name in ("idle", "interval", "count")}


def lines(path: Path) -> list[str]:
    """The settings without comments."""
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def postgres_settings() -> dict[str, str]:
    """deploy/postgresql/uscpis.conf as names and values."""
    pairs = (line.split(" = ", 1) for line in lines(DEPLOY / "postgresql/uscpis.conf"))
    return {name: value.strip("'") for name, value in pairs}


@pytest.fixture(scope="module")
def shown(tmp_path_factory) -> Iterator[dict[str, str]]:
    """What a real server shows for each setting of the guide."""
    with guided_postgres(tmp_path_factory.mktemp("guide")) as url:
        engine = create_engine(url)
        with engine.connect() as connection:
            yield {
                name: connection.execute(
                    text("SELECT current_setting(:name)"), {"name": name}
                ).scalar_one()
                for name in postgres_settings()
            }
        engine.dispose()


def test_postgresql_obeys_the_guide(shown):
    assert shown == postgres_settings() | OWN | ONLY_TCP


def test_what_was_acknowledged_is_on_the_disk():
    given = postgres_settings()

    assert given["fsync"] == given["full_page_writes"] == given["synchronous_commit"] == "on"


def test_the_log_of_the_database_holds_no_values():
    """EVD-03"""
    given = postgres_settings()

    assert given["log_statement"] == "none"
    assert given["log_min_error_statement"] == "panic"
    assert given["log_error_verbosity"] == "terse"


def test_redis_starts_with_the_guide_and_never_forgets(tmp_path):
    with guided_redis(tmp_path) as url, Redis.from_url(url, decode_responses=True) as connection:
        facts = connection.config_get("*")

    assert facts["maxmemory-policy"] == "noeviction"
    assert facts["appendonly"] == "yes"
    assert facts["appendfsync"] == "everysec"
    assert int(facts["maxmemory"]) == 128 * 1024**2


def test_no_password_stands_in_the_files():
    secrets = [
        line
        for path in DEPLOY.rglob("*")
        if path.is_file()
        for line in lines(path)
        if "requirepass" in line or "PASSWORD=" in line.replace("PASSWORD=PASSWORD", "")
    ]

    assert all(line.endswith("=") for line in secrets)


def test_the_redis_of_the_guide_is_known_to_the_program(tmp_path):
    """A misspelled setting ends the server; this proves that such a mistake would be seen."""
    odd = tmp_path / "odd.conf"
    odd.write_text("maxmemory-polizy noeviction\n")

    argv = [str(RedisServer(tmp_path / "r").program), str(odd), "--port", "0"]
    said = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)

    assert said.returncode != 0
