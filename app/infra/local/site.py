"""`make run`: the whole system on one machine, from an empty folder to "ready".

Every step can be repeated. Logs of the children are files in the data folder; the terminal shows
one short line per event, so that the address and the accounts stay in sight.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import os
import shlex
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from app.infra.local.errors import CannotStart
from app.infra.local.folders import (
    check_address_free,
    kept_secret,
    lock_folder,
    private_folder,
    write_private,
)
from app.infra.local.postgres import SCRATCH, SITE, PostgresServer, server_environment
from app.infra.local.process import Command, always
from app.infra.local.redis import RedisServer
from app.infra.local.supervisor import Supervisor

TOP = Path(__file__).resolve().parents[3]
HIGHEST_PORT = 65535
READY_WITHIN = 90.0  # seconds; a slow disk on the first start


def tell(line: str) -> None:
    """One line on the terminal. A closed one must not keep anybody from stopping cleanly."""
    try:
        print(line, flush=True)
    except OSError:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115  open until the end


@dataclass(frozen=True, slots=True)
class Choices:
    """What the person chose by environment variables, checked."""

    host: str
    port: int
    home: Path
    database_url: str
    redis_url: str
    production: bool
    demo: bool
    demo_password: str
    secret_key: str

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Choices:
        """Raises CannotStart for a port that is none."""

        def value(name: str, default: str = "") -> str:
            return environment.get(name, "").strip() or default

        port = value("PORT", "8000")
        if not port.isdecimal() or not 1 <= int(port) <= HIGHEST_PORT:
            raise CannotStart(f"PORT={port} is not a port number (1 to {HIGHEST_PORT}).")
        production = value("USCPIS_ENV").lower() == "production"
        demo = value("USCPIS_DEMO", "no" if production else "yes").lower() in {"1", "yes", "true"}
        return cls(
            host=value("HOST", "127.0.0.1"),
            port=int(port),
            home=Path(value("USCPIS_HOME", "var")).expanduser().absolute(),
            database_url=value("DATABASE_URL"),
            redis_url=value("REDIS_URL"),
            production=production,
            demo=demo,
            demo_password=value("DEMO_PASSWORD"),
            secret_key=value("SECRET_KEY"),
        )


class Site:
    """Postgres, Redis, worker, relay and web of one data folder."""

    def __init__(self, choices: Choices, say: Callable[[str], None]) -> None:
        self.choices = choices
        self.say = say
        self.supervisor = Supervisor(say)
        self.servers: list[PostgresServer | RedisServer] = []
        self.lock = -1
        self.environment: dict[str, str] = {}
        self.demo_password = self.secret_key = ""

    @property
    def home(self) -> Path:
        return self.choices.home

    @property
    def address(self) -> str:
        """Where a browser on this machine finds the site."""
        everywhere = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  asks nobody to bind
        host = everywhere.get(self.choices.host, self.choices.host)
        return f"[{host}]:{self.choices.port}" if ":" in host else f"{host}:{self.choices.port}"

    def run(self) -> None:
        """Start everything, say so, watch until a stop is requested, stop everything."""
        private_folder(self.home)
        self.lock = lock_folder(self.home)
        check_address_free(self.choices.host, self.choices.port)
        self.supervisor.listen()
        try:
            self._prepare()
            self._start_servers()
            self._deploy()
            self._start_programs()
            self._announce()
            self.supervisor.watch()
        finally:
            self.say("stopping")
            self.supervisor.stop()
            for server in self.servers:
                server.clean_up()
            (self.home / "environment").unlink(missing_ok=True)
        self.say("stopped")

    def _prepare(self) -> None:
        private_folder(self.home / "log").chmod(0o700)
        chosen = self.choices
        self.secret_key = chosen.secret_key
        if not chosen.production:  # there a missing key is refused by the settings themselves
            self.secret_key = kept_secret(self.home / "secret-key", chosen.secret_key, length=48)
        if chosen.demo:
            note = self.home / "demo-password"
            self.demo_password = kept_secret(note, chosen.demo_password, length=16)
        self.environment = dict(os.environ if chosen.database_url else server_environment()) | {
            "HOST": chosen.host,
            "PORT": str(chosen.port),
            "USCPIS_HOME": str(self.home),
            "USCPIS_DEMO": "yes" if chosen.demo else "no",
            "DATABASE_URL": chosen.database_url,
            "REDIS_URL": chosen.redis_url,
            "DEMO_PASSWORD": self.demo_password,
            "SECRET_KEY": self.secret_key,
            "PYTHONUNBUFFERED": "1",
        }

    def _start_servers(self) -> None:
        """The servers for which no address was given; theirs go into the environment."""
        for variable, folder, kind in (
            ("DATABASE_URL", "postgres", PostgresServer),
            ("REDIS_URL", "redis", RedisServer),
        ):
            if self.environment[variable]:
                self.say(f"{folder}: {variable} is given, nothing to start")
                continue
            server = kind(self.home / folder)
            self.servers.append(server)
            server.prepare()
            command = server.command(self._log(folder), keep_open=(self.lock,))
            self.supervisor.start(command)
            self.supervisor.wait_until_ready(command)
            self.environment[variable] = server.url()
            if isinstance(server, PostgresServer):
                self._use_accounts(server)

    def _use_accounts(self, server: PostgresServer) -> None:
        """The site reads and writes rows; the owner migrates and restores (AUD-02)."""
        self.environment["DATABASE_URL"] = server.url_as(SITE)
        self.environment["DATABASE_OWNER_URL"] = server.url()
        if not self.environment.get("BACKUP_SCRATCH_DATABASE_URL"):
            self.environment["BACKUP_SCRATCH_DATABASE_URL"] = server.url_as(SCRATCH)

    def _deploy(self) -> None:
        """Bring the database up to date; on the first start fill it with the sample clinic."""
        write_private(self.home / "environment", self._environment_file())
        self.supervisor.run_once(self._flask("migrate", "clinic", "deploy"))
        self.say("database is up to date")
        if self.choices.demo:
            self._load_demo()

    def _load_demo(self) -> None:
        """Once for each database and password; `clinic demo` itself is safe to repeat."""
        mark = self.home / "demo-loaded"
        # Keyed, so that the mark of a chosen password tells nothing about it.
        seen = f"{self.choices.database_url or 'embedded'} {self.demo_password}".encode()
        wanted = hmac.new(self.secret_key.encode(), seen, hashlib.sha256).hexdigest()
        if mark.exists() and mark.read_text().strip() == wanted:
            return
        self.say("loading the sample clinic, once; this takes a moment")
        # What the command says about the accounts is shown at every start.
        command = self._flask("demo", "clinic", "demo")
        self.supervisor.run_once(replace(command, answer=self.home / "demo-accounts"))
        write_private(mark, wanted + "\n")

    def _start_programs(self) -> None:
        bind = f"{self.choices.host}:{self.choices.port}"
        if ":" in self.choices.host:
            bind = f"[{self.choices.host}]:{self.choices.port}"
        gunicorn = ("gunicorn", "-c", str(TOP / "config" / "gunicorn.py"), "--bind", bind)
        worker = self._program("worker", "worker", grace=20)
        relay = self._program("relay", "worker.relay", grace=10)
        web = self._program("web", *gunicorn, "wsgi:app", grace=25, ready=self.answers)
        for command in (worker, relay, web):
            self.supervisor.start(command)
        self.supervisor.wait_until_ready(worker, relay, web)

    def answers(self) -> bool:
        """True when the web server says that the whole system is healthy."""
        connection = http.client.HTTPConnection(self.address, timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _program(
        self, name: str, *module: str, grace: float, ready: Callable[[], bool] = always
    ) -> Command:
        """A Python module of ours as a child that is kept running."""
        return Command(
            name=name,
            argv=(sys.executable, "-m", *module),
            log=self._log(name),
            # Only commands get to know the owner's account.
            environment=self.environment | {"DATABASE_OWNER_URL": ""},
            folder=TOP,
            ready=ready,
            ready_within=READY_WITHIN,
            stopping=((signal.SIGTERM, grace),),
            keep_open=(self.lock,),
        )

    def _flask(self, name: str, *words: str) -> Command:
        command = self._program(name, "flask", "--app", "wsgi", *words, grace=10)
        return replace(command, environment=dict(self.environment))

    def _log(self, name: str) -> Path:
        return self.home / "log" / f"{name}.log"

    def _environment_file(self) -> str:
        """Shell lines for a second terminal: `set -a; . var/environment; set +a`."""
        names = ["USCPIS_HOME", "DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY"]
        names += ["BACKUP_SCRATCH_DATABASE_URL", "DEMO_PASSWORD"]
        given = {name: self.environment.get(name, "") for name in names}
        return "".join(f"{name}={shlex.quote(value)}\n" for name, value in given.items())

    def _announce(self) -> None:
        accounts = self.home / "demo-accounts"
        lines: list[str] = []
        if self.choices.demo and accounts.exists():
            lines = accounts.read_text().strip().splitlines()
            lines.append(f"Password of every demo account: {self.demo_password}")
        self.say(f"ready: http://{self.address}")
        for line in (
            "",
            f"  USC-PIS   http://{self.address}",
            *(f"  {line}" for line in lines),
            "",
            f"  Data {self.home}    logs {self.home / 'log'}    stop with Ctrl-C",
        ):
            tell(line)
