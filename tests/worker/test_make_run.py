"""`make run` from an empty data folder to a clean end, as a newcomer meets it."""

import http.client
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

TOP = Path(__file__).resolve().parents[2]
PATIENCE = 120.0  # seconds; two cores that also run the other tests


class Run:
    """One `make run` on a data folder of its own."""

    def __init__(self, home: Path, port: int) -> None:
        self.home, self.port = home, port
        self.output = home.with_name(home.name + ".output")
        given = {"USCPIS_HOME": str(home), "PORT": str(port), "HOST": "127.0.0.1"}
        unset = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "USCPIS_ENV", "DEMO_PASSWORD")
        kept = {name: value for name, value in os.environ.items() if name not in unset}
        with self.output.open("a") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "app.infra.local"],
                cwd=TOP,
                env=kept | given,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def said(self, words: str) -> bool:
        return words in self.output.read_text()

    def is_ready(self) -> bool:
        assert self.process.poll() is None, self.output.read_text()
        return self.said("ready: http")

    def status(self, path: str = "/healthz") -> int | None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()

    def children(self, *, of: int | None = None) -> list[int]:
        path = Path(f"/proc/{of or self.process.pid}/task/{of or self.process.pid}/children")
        return [int(word) for word in path.read_text().split()]

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(60)


def until(condition: Callable[[], object], seconds: float = PATIENCE) -> bool:
    """True as soon as the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def processes_using(folder: Path) -> list[str]:
    """Command lines of processes that name the folder or work in it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended while we looked
            words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (process / "environ").read_bytes().decode(errors="replace")
            place = str((process / "cwd").readlink())
            if str(folder) in f"{words} {place} {environment}" and process.name != str(os.getpid()):
                found.append(words)
    return found


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that the database's account can pass through, as in a checkout."""
    folder = Path(tempfile.mkdtemp(prefix="uscpis-run-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def run(place: Path) -> Iterator[Run]:
    """The first start, with demo data; the tests below share it, in order."""
    started = Run(place / "var", free_port())
    yield started
    if started.process.poll() is None:
        started.process.kill()
        started.process.wait()
        until(lambda: not processes_using(started.home), 30)


def known_to(process: int) -> dict[str, str]:
    """The environment that a process was started with."""
    pairs = Path(f"/proc/{process}/environ").read_bytes().decode().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if "=" in pair)


def test_the_first_start_ends_in_a_healthy_site_with_demo_accounts(run):
    assert until(run.is_ready), run.output.read_text()

    assert run.status() == 200
    assert run.said("DOC001")
    assert run.said((run.home / "demo-password").read_text().strip())


def test_the_login_page_is_served(run):
    assert run.status("/login/") == 200


def test_what_serves_people_cannot_change_the_audit_trail(run):
    """AUD-02: web, worker and relay know an account that only reads and writes rows."""
    known = [known_to(process) for process in run.children()]
    programs = [one for one in known if one.get("DATABASE_URL")]

    assert len(programs) >= 3
    assert {one["DATABASE_URL"].split(":")[1] for one in programs} == {"//uscpis_site"}
    assert {one["DATABASE_OWNER_URL"] for one in programs} == {""}
    commands = (run.home / "environment").read_text()
    assert re.search(r"^DATABASE_OWNER_URL='?postgresql\+psycopg2://uscpis:", commands, re.M)


def proofs(run: Run) -> list[str]:
    """What became of each backup so far."""
    lines = (run.home / "environment").read_text().splitlines()
    [url] = [line.partition("=")[2] for line in lines if line.startswith("DATABASE_URL=")]
    engine = create_engine(make_url(shlex.split(url)[0]).set(drivername="postgresql+psycopg2"))
    with engine.connect() as connection:
        found = list(connection.scalars(text("SELECT proof FROM backup_run ORDER BY id")))
    engine.dispose()
    return found


def test_soon_after_the_first_start_a_backup_is_proven(run):  # BAK-02
    assert until(lambda: proofs(run) == ["passed"]), proofs(run)

    assert len(list((run.home / "backups").glob("uscpis-*"))) == 1


def test_a_second_start_on_the_same_data_folder_is_refused(run):
    second = subprocess.run(
        [sys.executable, "-m", "app.infra.local"],
        cwd=TOP,
        env=dict(os.environ) | {"USCPIS_HOME": str(run.home), "PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert second.returncode == 1
    assert "already running on this data folder" in second.stderr
    assert run.status() == 200


def test_a_taken_port_is_told_before_anything_starts(run, place):
    other = place / "other"

    second = subprocess.run(
        [sys.executable, "-m", "app.infra.local"],
        cwd=TOP,
        env=dict(os.environ) | {"USCPIS_HOME": str(other), "PORT": str(run.port)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert second.returncode == 1
    assert f"Port {run.port} on 127.0.0.1 is already in use" in second.stderr
    assert not (other / "postgres").exists()


def test_whatever_is_killed_comes_back(run):
    before = run.children()
    for process in before:
        os.kill(process, signal.SIGKILL)

    assert until(lambda: len(set(run.children()) - set(before)) >= len(before))
    assert until(lambda: run.status() == 200)


def test_a_stop_is_clean_and_leaves_no_process(run):
    code = run.stop()

    assert code == 0, run.output.read_text()
    assert processes_using(run.home) == []


def test_the_next_start_keeps_the_data_and_is_quick(run):
    again = Run(run.home, run.port)
    assert until(lambda: again.output.read_text().count("ready: http") == 2)

    code = again.stop(signal.SIGINT)

    assert code == 0, again.output.read_text()
    assert again.output.read_text().count("loading the sample clinic") == 1
    assert processes_using(run.home) == []
