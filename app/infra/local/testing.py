"""Embedded servers for tests and measurements: the code of `make run`, without the durability.

In tests/conftest.py, once:

    def pytest_configure(config):
        testing.share_servers()   # the xdist controller starts them, its workers find them

    servers = testing.share_servers()            # anywhere later: the same servers
    url = servers.database("test_gw0")           # a database of one's own

For a single command, `python -m app.infra.local.testing <command>` runs it with DATABASE_URL and
REDIS_URL of servers that exist only as long as it does.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from app.infra.local.errors import CannotStart
from app.infra.local.folders import last_lines, private_folder
from app.infra.local.postgres import SCRATCH, SITE, PostgresServer, ensure_database
from app.infra.local.process import Child, Command
from app.infra.local.redis import RedisServer

DATABASE_VARIABLE = "USCPIS_TEST_DATABASE_URL"
REDIS_VARIABLE = "USCPIS_TEST_REDIS_URL"
SITE_VARIABLE = "USCPIS_TEST_SITE_DATABASE_URL"
SCRATCH_VARIABLE = "USCPIS_TEST_SCRATCH_DATABASE_URL"


def _nothing() -> None:
    """Who only borrows the servers does not stop them."""


@dataclass(frozen=True, slots=True)
class Servers:
    """A PostgreSQL and a Redis that run now."""

    database_url: str
    redis_url: str
    stop: Callable[[], None] = _nothing
    site_url: str = ""
    scratch_url: str = ""

    def database(self, name: str) -> str:
        """The URL of a database of this name, which is made (empty) when it is not there."""
        return ensure_database(self.database_url, name)

    def as_site(self, url: str) -> str:
        """A database's URL for the account that only reads and writes rows (AUD-02)."""
        account = self.site_url.rpartition("@")[0]
        return f"{account}@{url.rpartition('@')[2]}"

    def redis(self, number: int) -> str:
        """The URL of one of Redis's 16 databases."""
        return self.redis_url.rpartition("?db=")[0] + f"?db={number}"


def share_servers() -> Servers:
    """The servers of this test run: those that a parent process started, else started now.

    They are found through the environment, so the workers of pytest-xdist share the controller's.
    Who starts them stops them at exit.
    """
    url, redis_url = os.environ.get(DATABASE_VARIABLE), os.environ.get(REDIS_VARIABLE)
    if url and redis_url:
        others = (os.environ.get(name, "") for name in (SITE_VARIABLE, SCRATCH_VARIABLE))
        return Servers(url, redis_url, _nothing, *others)
    servers = start_servers()
    os.environ[DATABASE_VARIABLE] = servers.database_url
    os.environ[REDIS_VARIABLE] = servers.redis_url
    os.environ[SITE_VARIABLE] = servers.site_url
    os.environ[SCRATCH_VARIABLE] = servers.scratch_url
    atexit.register(servers.stop)
    return servers


def start_servers(folder: Path | None = None, *, fast: bool = True) -> Servers:
    """Start both servers in the folder and wait until they answer.

    Without a folder they get one of their own, which `stop()` removes. `fast` gives up
    durability; a measurement of durable writes sets it to False.
    """
    throw_away = folder is None
    home = folder or Path(tempfile.mkdtemp(prefix="uscpis-test-"))
    if throw_away and os.geteuid() == 0:
        home.chmod(0o711)  # the database account must pass through; it sees no names
    home = private_folder(home)
    postgres = PostgresServer(home / "postgres", fast=fast)
    redis = RedisServer(home / "redis", fast=fast)
    running: list[Child] = []

    def stop() -> None:
        for child in reversed(running):
            child.stop()
        postgres.clean_up()
        redis.clean_up()
        if throw_away:
            postgres.destroy()
            shutil.rmtree(home, ignore_errors=True)

    try:
        for server in (postgres, redis):
            server.prepare()
            running.append(start(server.command(home / f"{type(server).__name__}.log")))
    except BaseException:
        stop()
        raise
    return Servers(
        postgres.url(), redis.url(), stop, postgres.url_as(SITE), postgres.url_as(SCRATCH)
    )


def start(command: Command) -> Child:
    """Start a command and wait until it is ready. Raises CannotStart with the end of its log."""
    child = Child(command)
    deadline = time.monotonic() + command.ready_within
    while not command.ready():
        if child.exit_code() is not None or time.monotonic() > deadline:
            child.stop()
            raise CannotStart(f"{command.name} did not start:\n{last_lines(command.log)}")
        time.sleep(0.02)
    return child


def main(argv: list[str]) -> int:
    """Run the command beside fresh servers; its exit code."""
    servers = start_servers()
    try:
        given = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        return subprocess.run(argv, env=dict(os.environ) | given, check=False).returncode
    finally:
        servers.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
