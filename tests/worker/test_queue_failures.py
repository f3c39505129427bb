"""Real processes, a real Redis that is killed, a real mail server: nothing is lost or doubled."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import text

from app.infra import queue
from app.infra.db import session, transaction
from app.infra.local.process import Child
from app.infra.local.redis import RedisServer
from app.infra.local.testing import start
from app.infra.outbox import JobName, OutboxJob
from app.kernel import clock
from app.kernel.actor import system_actor
from app.notifications import services
from app.notifications.models import Communication
from app.notifications.rules import Template
from app.notifications.services import Recipient
from app.operations.queries import beats
from app.operations.rules import BeatState
from tests.drills.house import descendants
from tests.worker.sink import Sink, free_port, mail_server
from tests.worker.test_watching import watcher

pytestmark = pytest.mark.committed
PATIENCE = 180  # seconds; a bound for a busy machine, not a promise
TOP = Path(__file__).parents[2]


@dataclass
class Crew:
    """Worker and relay as processes beside a Redis of their own."""

    app: object
    folder: Path
    environment: dict[str, str]
    redis: RedisServer
    server: Child | None = None
    programs: list[subprocess.Popen] = field(default_factory=list)

    def start_redis(self) -> None:
        self.server = start(self.redis.command(self.folder / "redis.log"))

    def kill_redis(self) -> None:
        """kill -9: with `fast`, everything in it is lost."""
        os.kill(self.server.pid, signal.SIGKILL)
        self.server.stop()
        self.server = None

    def start(self, *modules: str) -> list[subprocess.Popen]:
        started = []
        for module in modules:
            log = (self.folder / f"{module}-{len(self.programs)}.log").open("wb")
            with log:
                program = subprocess.Popen(
                    [sys.executable, "-m", module],
                    env=self.environment,
                    cwd=TOP,
                    stdout=log,
                    stderr=log,
                )
            self.programs.append(program)
            started.append(program)
        return started

    def tell(self, number: int = 0) -> None:
        """What a booking does: a message in its own transaction."""
        with self.app.app_context(), transaction() as tx:
            services.notify(
                tx,
                system_actor(),
                event="appointment.confirmed",
                entity="appointment/1",
                occurrence=number,
                recipient=Recipient(None, "Sam", "sam@usc.edu.ph"),
                subject="x",
                template=Template.CONFIRMED,
                params={"starts_at": clock.now().isoformat()},
            )

    def statuses(self) -> list[str]:
        with self.app.app_context():
            return [status for (status,) in session().query(Communication.status)]

    def hurry(self) -> None:
        """As if leases had run out and pauses were over."""
        with self.app.app_context(), transaction() as tx:
            tx.session.query(OutboxJob).update({"due_at": clock.now()})

    def redis_jobs(self) -> int:
        with queue.connect(self.redis.url()) as connection:
            return queue.queue(connection, "mail").count

    def kill_with_children(self, program: subprocess.Popen) -> None:
        """kill -9 for the worker, its hands and the child that runs the job."""
        if program.poll() is None:
            for pid in (program.pid, *descendants(program.pid)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            program.wait()

    def stop(self) -> None:
        for program in self.programs:
            self.kill_with_children(program)
        if self.server is not None:
            self.server.stop()
        self.redis.clean_up()


@pytest.fixture
def crew(app, tmp_path) -> Iterator[Crew]:
    settings = app.config["SETTINGS"]
    redis = RedisServer(tmp_path / "redis", fast=True)
    redis.prepare()
    environment = dict(os.environ) | {
        "USCPIS_ENV": "testing",
        "SECRET_KEY": settings.secret_key,
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": redis.url(),
        "USCPIS_HOME": str(settings.home),
        "MAIL_TIMEOUT_SECONDS": "2",
    }
    made = Crew(app, tmp_path, environment, redis)
    yield made
    made.stop()


def wait_until(is_so, what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.05)


def listens(program: subprocess.Popen) -> bool:
    """Whether the process has begun: it catches SIGTERM by itself."""
    status = Path(f"/proc/{program.pid}/status").read_text()
    caught = int(status.partition("SigCgt:")[2].split()[0], 16)
    return bool(caught & 1 << (signal.SIGTERM - 1))


def all_sent(crew, count=1):
    return lambda: crew.statuses() == ["sent"] * count


def use_mail_server(crew, port):
    crew.environment |= {"MAIL_SERVER": "127.0.0.1", "MAIL_PORT": str(port)}


def test_without_redis_bookings_go_on_and_the_mail_follows(crew):
    relay, worker = crew.start("worker.relay", "worker")
    crew.tell()
    wait_until(lambda: listens(relay) and listens(worker), "both had begun")
    time.sleep(1.5)  # and found no Redis
    before = crew.statuses()

    crew.start_redis()

    wait_until(all_sent(crew), "the mail had left")
    assert before == ["queued"]
    assert (relay.poll(), worker.poll()) == (None, None)


def test_a_redis_that_dies_with_everything_in_it_loses_no_mail(crew):
    crew.start_redis()
    [relay] = crew.start("worker.relay")
    crew.tell(0)
    wait_until(lambda: crew.redis_jobs() == 1, "the job was in Redis")

    crew.kill_redis()
    crew.start_redis()
    crew.hurry()
    [worker] = crew.start("worker")

    wait_until(all_sent(crew), "the mail had left")
    assert (relay.poll(), worker.poll()) == (None, None)


def test_worker_and_relay_outlive_redis(crew):
    crew.start_redis()
    relay, worker = crew.start("worker.relay", "worker")
    crew.tell(0)
    wait_until(all_sent(crew, 1), "the first mail had left")

    crew.kill_redis()
    crew.tell(1)
    time.sleep(1)
    crew.start_redis()
    crew.hurry()

    wait_until(all_sent(crew, 2), "the second mail had left")
    assert (relay.poll(), worker.poll()) == (None, None)


def test_while_the_mail_server_is_down_nothing_is_lost_and_then_sent_once(crew):
    port, sink = free_port(), Sink()
    use_mail_server(crew, port)
    crew.start_redis()
    crew.start("worker.relay", "worker")

    crew.tell()
    wait_until(lambda: crew.statuses() == ["failed"], "the try had failed")
    with mail_server(sink, port=port):
        crew.hurry()
        wait_until(all_sent(crew), "the mail had left")

    assert len(sink.letters) == 1


def test_a_worker_killed_in_the_middle_of_a_job_loses_nothing(crew):
    class Slow(Sink):
        async def handle_DATA(self, server, session, envelope):  # noqa: N802
            import asyncio

            self.reached = True
            await asyncio.sleep(60)

    crew.start_redis()
    slow = Slow()
    with mail_server(slow) as port:
        crew.environment["MAIL_TIMEOUT_SECONDS"] = "60"
        use_mail_server(crew, port)
        _, worker = crew.start("worker.relay", "worker")
        crew.tell()
        wait_until(lambda: getattr(slow, "reached", False), "the job was under way")
        crew.kill_with_children(worker)
    sink = Sink()

    with mail_server(sink) as port:
        use_mail_server(crew, port)
        crew.hurry()
        crew.start("worker")
        wait_until(all_sent(crew), "the mail had left")

    assert len(sink.letters) == 1


def test_two_relays_and_two_workers_send_each_mail_once(crew):  # NOT-01
    sink = Sink()
    with mail_server(sink) as port:
        use_mail_server(crew, port)
        crew.start_redis()
        for number in range(20):
            crew.tell(number)

        crew.start("worker.relay", "worker.relay", "worker", "worker")
        wait_until(all_sent(crew, 20), "all mail had left")

    assert len({letter["Message-ID"] for letter in sink.letters}) == 20
    assert len(sink.letters) == 20


def test_worker_and_relay_outlive_lost_database_connections(crew):
    crew.start_redis()
    relay, worker = crew.start("worker.relay", "worker")
    crew.tell(0)
    wait_until(all_sent(crew, 1), "the first mail had left")

    with crew.app.app_context():
        session().execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    crew.tell(1)

    wait_until(all_sent(crew, 2), "the second mail had left")
    assert (relay.poll(), worker.poll()) == (None, None)


@pytest.mark.parametrize("redis_is_there", [True, False])
def test_asked_to_stop_they_end_cleanly(crew, redis_is_there):
    if redis_is_there:
        crew.start_redis()
    relay, worker = crew.start("worker.relay", "worker")
    wait_until(lambda: listens(relay) and listens(worker), "both had begun")
    time.sleep(1.5)

    relay.terminate()
    worker.terminate()

    assert (relay.wait(PATIENCE), worker.wait(PATIENCE)) == (0, 0)


def test_each_run_is_noted_and_the_watcher_outside_hears_it(crew):
    """BAK-04: real relay, real worker, a real watcher."""

    def well() -> list[str]:
        with crew.app.app_context():
            lines = beats.job_lines(clock.now())
            session().rollback()
        return [line.beat.name for line in lines if line.state is BeatState.FINE]

    crew.start_redis()
    with watcher() as (address, heard):
        crew.environment |= {"PING_URL": address}
        crew.start("worker.relay", "worker")

        wait_until(lambda: JobName.CHECK_SYSTEM in well(), "the checks had run")
        wait_until(lambda: "/key/operations-check-system" in heard, "the watcher had heard")

    assert "/key/operations-check-system/start" in heard
