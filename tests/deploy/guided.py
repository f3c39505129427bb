"""PostgreSQL and Redis, started with the settings of the guide."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from app.infra.local.postgres import PostgresServer
from app.infra.local.redis import RedisServer
from app.infra.local.testing import start
from tests.deploy.machine import DEPLOY

# Of the machine and not of the guide: no port of ours, and little memory.
OWN = {"listen_addresses": "", "shared_buffers": "16MB"}


@contextmanager
def guided_postgres(folder: Path) -> Iterator[str]:
    """The owner's URL of a cluster of its own that runs with deploy/postgresql/uscpis.conf."""
    with guided_cluster(folder) as server:
        yield server.url()


@contextmanager
def guided_cluster(folder: Path) -> Iterator[PostgresServer]:
    """The cluster itself, which knows the accounts."""
    if os.geteuid() == 0:
        folder.chmod(0o711)
    server = PostgresServer(folder / "postgres")
    server.prepare()
    path = server.data / "guide.conf"
    path.write_text((DEPLOY / "postgresql/uscpis.conf").read_text())
    command = server.command(folder / "postgres.log")
    options = [part for name, value in OWN.items() for part in ("-c", f"{name}={value}")]
    bare = command.argv[: command.argv.index("-c")]
    child = start(replace(command, argv=(*bare, "-c", f"config_file={path}", *options)))
    try:
        yield server
    finally:
        child.stop()
        server.destroy()


@contextmanager
def guided_redis(folder: Path) -> Iterator[str]:
    """The URL of a Redis that runs with deploy/redis/uscpis.conf, on a socket."""
    server = RedisServer(folder / "redis")
    server.prepare()
    command = server.command(folder / "redis.log")
    own = ("--port", "0", "--unixsocket", str(server.socket), "--dir", str(folder))
    given = str(DEPLOY / "redis/uscpis.conf")
    child = start(replace(command, argv=(command.argv[0], given, *own)))
    try:
        yield server.url()
    finally:
        child.stop()
        server.clean_up()
