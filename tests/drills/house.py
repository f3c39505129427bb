"""Two web servers, a worker, a relay, PostgreSQL and Redis: real processes that can be killed."""

import http.client
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from app.infra import queue
from app.infra.db import db
from app.infra.local.folders import last_lines
from app.infra.local.postgres import PORT
from app.infra.local.process import Child, Command
from app.infra.local.redis import RedisServer
from app.infra.local.testing import start
from tests import site
from tests.clusters import PrivateCluster, wait_until
from tests.drills.proxy import Proxy
from tests.factories.scheduling import create_crowd, open_clinic
from tests.worker.sink import free_port

TOP = Path(__file__).parents[2]
WEBS = ("web-a", "web-b")
PROGRAMS = (*WEBS, "worker", "relay")
GIVE_EMAIL = """
INSERT INTO patients_contact_point (patient_id, system, rank, value)
SELECT id, 'email', 1, university_id || '@usc.edu.ph' FROM patients_patient
WHERE university_id LIKE '2024%'
"""
# A run in progress is never hurried: nothing has moved for a while when this is used.
HURRY = """
UPDATE infra_outbox_job SET due_at = now() WHERE due_at > now()
AND status IN ('waiting', 'leased') AND name = 'notifications.send_message'
"""
OPEN_JOBS = """
SELECT count(*) FROM infra_outbox_job
WHERE status IN ('waiting', 'leased') AND name = 'notifications.send_message'
"""


class House:
    """Everything that runs in production, on one machine."""

    def __init__(self, home: Path, *, mail_port: int) -> None:
        self.home = home
        self.postgres = PrivateCluster(home / "postgres")
        self.redis = RedisServer(home / "redis")
        self.redis.prepare()
        self.ports = {name: free_port() for name in WEBS}
        self.mail_port = mail_port
        self.running: dict[str, Child] = {}
        self.environment: dict[str, str] = {}
        self.crowd: list[str] = []
        self.network: Proxy | None = None

    def open(self, template: str, *, patients: int) -> None:
        """Start the servers, fill the database with a small clinic, start the programs."""
        url = self.postgres.start()
        self.start_redis()
        self.postgres.fill_from(template)
        self._seed(url, patients)
        self.environment = dict(os.environ) | {
            "USCPIS_ENV": "testing",
            "SECRET_KEY": site.SECRET,
            "DATABASE_URL": self._over_the_network(url),
            "REDIS_URL": self.redis.url(),
            "USCPIS_HOME": str(self.home),
            "PUBLIC_URL": "http://localhost",
            "LOG_LEVEL": "WARNING",
            "WEB_WORKERS": "1",
            "WEB_THREADS": "4",
            "MAIL_SERVER": "127.0.0.1",
            "MAIL_PORT": str(self.mail_port),
            "MAIL_TIMEOUT_SECONDS": "5",
        }

    def _over_the_network(self, url: str) -> str:
        """The programs reach the database through a network that the drill can disturb."""
        server = self.postgres.server
        self.network = Proxy(server.socket_folder / f".s.PGSQL.{PORT}")
        self.network.start()
        there = make_url(url).set(host="127.0.0.1", port=self.network.port, query={})
        return there.render_as_string(hide_password=False)

    def _seed(self, url: str, patients: int) -> None:
        app = site.build_app(url, self.home)
        with app.app_context():
            open_clinic()
            self.crowd = create_crowd(patients)
            db.session.execute(text(GIVE_EMAIL))
            db.session.commit()
            db.session.remove()
            db.engine.dispose()

    def start(self, *names: str) -> None:
        """Start programs and wait until the web servers among them answer."""
        for name in names:
            self.running[name] = Child(self._command(name))
        for name in names:
            if name in WEBS:
                wait_until(lambda name=name: self.is_well(name), f"{name} answered", 120)

    def start_redis(self) -> None:
        """Start the queue's server."""
        self.running["redis"] = start(self.redis.command(self.home / "redis.log"))

    def kill(self, *names: str) -> None:
        """kill -9 for programs with all their children."""
        for name in names:
            child = self.running.pop(name)
            for pid in [*descendants(child.pid), child.pid]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            child.stop()

    def kill_postgres(self) -> None:
        """kill -9 for the database server, and start it again on the same data."""
        self.postgres.kill()
        self.postgres.start()

    def forget_queue(self) -> None:
        """FLUSHALL: Redis loses everything that it carries."""
        with queue.connect(self.redis.url()) as connection:
            connection.flushall()

    def is_well(self, name: str) -> bool:
        """Whether a web server says that it is ready."""
        connection = http.client.HTTPConnection("127.0.0.1", self.ports[name], timeout=5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def ask(self, question: str, **values: object) -> list[tuple]:
        """Rows from the database."""
        engine = create_engine(self.postgres.server.url(), poolclass=NullPool)
        with engine.begin() as connection:
            return [tuple(row) for row in connection.execute(text(question), values)]

    def tell(self, statement: str) -> None:
        """Change the database from outside."""
        engine = create_engine(self.postgres.server.url(), poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text(statement))

    def drain(self, patience: float = 60) -> None:
        """Wait until every message has left; when nothing moves any more, as if leases ran out."""
        left, since, hurried = self._open_jobs(), time.monotonic(), 0.0
        while left:
            stands_for = time.monotonic() - since
            assert stands_for < patience, f"{left} messages never left\n{self.last_words()}"
            if stands_for > 5 and time.monotonic() - hurried > 10:
                self.tell(HURRY)
                hurried = time.monotonic()
            time.sleep(0.3)
            now = self._open_jobs()
            if now != left:
                left, since = now, time.monotonic()

    def last_words(self) -> str:
        """The ends of the logs of worker and relay."""
        return "\n".join(last_lines(self._log(name), 5)[-3000:] for name in ("worker", "relay"))

    def _open_jobs(self) -> int:
        return self.ask(OPEN_JOBS)[0][0]

    def complaints(self) -> str:
        """Errors in the logs of the web servers: a server that is away is no error there."""
        lines = [
            line[:2000]
            for name in WEBS
            for line in self._log(name).read_text(errors="replace").splitlines()
            if '"level": "ERROR"' in line
        ]
        return "\n".join(lines)

    def close(self) -> None:
        """End everything."""
        self.kill(*[name for name in self.running if name in PROGRAMS])
        for child in self.running.values():
            child.stop()
        if self.network is not None:
            self.network.stop()
        self.redis.clean_up()
        self.postgres.destroy()
        shutil.rmtree(self.home, ignore_errors=True)

    def _log(self, name: str) -> Path:
        return self.home / f"{name}.log"

    def _command(self, name: str) -> Command:
        words: Iterable[str] = {"worker": ("worker",), "relay": ("worker.relay",)}.get(name, ())
        if name in WEBS:
            bind = f"127.0.0.1:{self.ports[name]}"
            words = ("gunicorn", "-c", "config/gunicorn.py", "--bind", bind, "wsgi:app")
        return Command(
            name=name,
            argv=(sys.executable, "-m", *words),
            log=self._log(name),
            environment=self.environment,
            folder=TOP,
            stopping=((signal.SIGKILL, 10),),
        )


def descendants(pid: int) -> list[int]:
    """The processes that a process started, and theirs."""
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    except FileNotFoundError:
        return []
    return [one for child in map(int, children) for one in (*descendants(child), child)]


def while_working(work: Callable[[], None], *deeds: Callable[[], None], pause: float) -> None:
    """Do the deeds one after the other while something else goes on."""
    work()
    for deed in deeds:
        time.sleep(pause)
        deed()
    time.sleep(pause)
