"""Private PostgreSQL clusters that tests kill, copy and bring back; durable, unlike the shared one.

As root the server runs under another account, which can read neither our keys nor our Python. What
it is told to run is then handed over to us through a folder, and we run it as it stands.
"""

import os
import signal
import subprocess
import threading
import time
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from app.infra.local.postgres import PostgresServer
from app.infra.local.process import Child
from app.infra.local.testing import start
from app.infra.pg_programs import environment, program

HAND_OVER = """\
ask="$1/$$"; shift
printf '%s\\n' "$PWD" "$@" > "$ask.new" && mv "$ask.new" "$ask.ask"
while [ ! -e "$ask.done" ]; do sleep 0.02; done
code=$(cat "$ask.done"); rm -f "$ask.done"; exit "$code"
"""


class PrivateCluster:
    """A cluster of the test's own, with every commit on disk."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = PostgresServer(folder, fast=False)
        self.child: Child | None = None
        self._stopped = threading.Event()
        self._helper: threading.Thread | None = None

    @property
    def data(self) -> Path:
        """The data folder of the server."""
        return self.server.data

    @property
    def major(self) -> int:
        """The server's version."""
        return int((self.data / "PG_VERSION").read_text())

    def start(self) -> str:
        """Start the server; its URL."""
        self.server.prepare()
        self.child = start(self.server.command(self.folder / "server.log"))
        return self.server.url()

    def kill(self) -> None:
        """kill -9 for the server and all its processes."""
        os.killpg(self.child.pid, signal.SIGKILL)
        self.child.stop()
        while (self.data / "postmaster.pid").exists() and self._processes():
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it in good order."""
        if self.child is not None:
            self.child.stop()
            self.child = None

    def destroy(self) -> None:
        """Stop it and remove everything."""
        self.stop()
        self._stopped.set()
        if self._helper is not None:
            self._helper.join(10)
        self.server.destroy()

    def configure(self, *lines: str) -> None:
        """Add lines to postgresql.conf; they count from the next start."""
        with (self.data / "postgresql.conf").open("a") as file:
            file.write("\n" + "\n".join(self.reachable(line) for line in lines) + "\n")

    def reachable(self, command: str) -> str:
        """The command as this server's account can run it."""
        if self.server.account.uid == os.geteuid() or "app.infra.wal" not in command:
            return command
        before, _, rest = command.partition("env PYTHONPATH")
        program_and_rest = f"env PYTHONPATH{rest}"
        return f"{before}/bin/sh {self._hand_over()} {self._spool()} {program_and_rest}"

    def fill_from(self, url: str) -> None:
        """Load a copy of another database into this server's own."""
        dump = subprocess.run(
            [program("pg_dump", server_major=self.major), "--no-owner", "--no-privileges"],
            env=environment(url),
            capture_output=True,
            check=True,
        )
        subprocess.run(
            [program("psql", server_major=self.major), "-X", "-q", "-v", "ON_ERROR_STOP=1"],
            env=environment(self.server.url()),
            input=dump.stdout,
            capture_output=True,
            check=True,
        )

    def ask(self, question: str, **values: object) -> object:
        """One value from the server's database."""
        return ask(self.server.url(), question, **values)

    def as_superuser(self, statement: str) -> None:
        """What only PostgreSQL's superuser may do; as root we take on the server's account."""
        argv = [self.server.binaries / "psql", "-X", "-q", "-h", self.server.socket_folder]
        argv += ["-U", "postgres", "-d", "postgres", "-v", "ON_ERROR_STOP=1", "-c", statement]
        options = self.server.account.popen_options()
        subprocess.run(argv, cwd="/", check=True, capture_output=True, **options)

    def own_data(self) -> None:
        """Give a data folder that we made to the server's account."""
        for folder, _folders, files in os.walk(self.data):
            self.server.account.own(Path(folder))
            for file in files:
                self.server.account.own(Path(folder) / file, 0o600)

    def _processes(self) -> list[Path]:
        return [
            link
            for link in Path("/proc").glob("[0-9]*/cwd")
            if os.path.exists(link) and os.readlink(link) == str(self.data)  # noqa: PTH110, PTH115
        ]

    def _spool(self) -> Path:
        spool = self.server.cluster / "handed"
        if not spool.exists():
            spool.mkdir()
            self.server.account.own(spool)
        if self._helper is None:
            self._helper = threading.Thread(target=self._serve, args=(spool,), daemon=True)
            self._helper.start()
        return spool

    def _hand_over(self) -> Path:
        script = self.server.cluster / "hand-over.sh"
        script.write_text(HAND_OVER)
        script.chmod(0o755)
        return script

    def _serve(self, spool: Path) -> None:
        while not self._stopped.wait(0.02):
            for ask_file in spool.glob("*.ask"):
                place, *words = ask_file.read_text().splitlines()
                ask_file.unlink()
                code = subprocess.run(words, cwd=place, check=False).returncode
                if "restore" in words:
                    self._give(Path(place) / words[words.index("restore") + 2])
                answer = ask_file.with_suffix(".told")
                answer.write_text(str(code))
                answer.chmod(0o644)
                answer.rename(ask_file.with_suffix(".done"))

    def _give(self, restored: Path) -> None:
        if restored.exists():
            self.server.account.own(restored, 0o600)


def ask(url: str, question: str, **values: object) -> object:
    """One value from a database."""
    engine = create_engine(make_url(url), poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        return connection.scalar(text(question), values)


def wait_until(is_so, what: str, seconds: float = 60) -> None:
    """Wait for something that other processes do."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)
