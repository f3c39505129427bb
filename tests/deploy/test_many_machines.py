"""Several web and worker machines over one database and one Redis (JOB-01, SCH-03, AUT-05).

Two machines with homes of their own: a web server, a relay and a worker on each, as real processes.
"""

import http.client
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from app.infra import databases
from app.infra.local import testing
from app.selftest.sample import open_clinic
from tests import site
from tests.architecture.test_rooms import ROOT
from tests.deploy.machine import GUNICORN, free_port, production, until
from tests.factories.scheduling import create_patient
from tests.people import PASSWORD, PEOPLE

OWN_REDIS = 14
BOOK = "/api/appointments/book/"
PROGRAMS = (GUNICORN, [sys.executable, "-m", "worker.relay"], [sys.executable, "-m", "worker"])


@dataclass
class Machine:
    """One of the machines, with a home of its own."""

    home: Path
    url: str
    port: int = field(default_factory=free_port)
    processes: list[subprocess.Popen] = field(default_factory=list)

    def start(self) -> None:
        """Web server, relay and worker."""
        environment = production(
            self.url,
            self.home,
            REDIS_URL=testing.share_servers().redis(OWN_REDIS),
            PORT=str(self.port),
            PUBLIC_URL="http://clinic.example.edu",
            TRUSTED_PROXIES="0",
        )
        self.home.mkdir()
        for argv in PROGRAMS:
            with (self.home / "log").open("a") as log:
                self.processes.append(subprocess.Popen(argv, cwd=ROOT, env=environment, stderr=log))

    def stop(self) -> None:
        """All of it at once, as when the machine loses its power."""
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait(30)

    def is_ready(self) -> bool:
        """Whether the web server reaches the database. Fails when a process has ended."""
        assert all(one.poll() is None for one in self.processes), (self.home / "log").read_text()
        try:
            return self.ask("GET", "/healthz").status == 200
        except OSError:
            return False

    def ask(self, method: str, path: str, body: object = None, **headers: str):
        """One request; the answer with its text."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        sent = None
        if body is not None:
            sent = body if isinstance(body, str) else json.dumps(body)
            headers.setdefault("Content_Type", "application/json")
        try:
            connection.request(
                method,
                path,
                sent,
                {name.replace("_", "-"): value for name, value in headers.items()},
            )
            answer = connection.getresponse()
            answer.text = answer.read().decode()
        finally:
            connection.close()
        return answer

    def token(self, person) -> str:
        """The header of a program that signed in here."""
        given = {"username": person.id, "password": PASSWORD, "provider": "db"}
        answer = self.ask("POST", "/api/v1/security/login", given)
        return f"Bearer {json.loads(answer.text)['access_token']}"

    def cookie(self, person) -> str:
        """The cookie of a browser that signed in here."""
        page = self.ask("GET", "/login/")
        csrf = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)[1]
        form = f"username={person.id}&password={PASSWORD.replace(' ', '+')}&csrf_token={csrf}"
        answer = self.ask(
            "POST",
            "/login/",
            form,
            Cookie=page.headers["Set-Cookie"].split(";")[0],
            Content_Type="application/x-www-form-urlencoded",
        )
        assert answer.status == 302
        return answer.headers["Set-Cookie"].split(";")[0]


@dataclass
class Cluster:
    """Two machines, their database, and the morning that is booked."""

    one: Machine
    two: Machine
    url: str
    clinic: object

    def rows(self, statement: str) -> list[tuple]:
        """What the database holds now."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            rows = [tuple(row) for row in connection.execute(text(statement))]
        engine.dispose()
        return rows

    def wish(self, minutes: int) -> dict[str, str]:
        """A visit so many minutes into the morning."""
        return {
            "type": "race",
            "provider": "TEST901",
            "starts_at": self.clinic.at(minutes).isoformat(),
        }

    def is_quiet(self) -> bool:
        """No message is under way."""
        return not self.rows(
            "SELECT 1 FROM infra_outbox_job WHERE name = 'notifications.send_message'"
            " AND status NOT IN ('done', 'dead')"
        )


@pytest.fixture(scope="module")
def cluster(template_database, worker_name):
    """Both machines, up and ready."""
    name = f"{worker_name}_cluster"
    url = site.copy_database(template_database, name)
    with tempfile.TemporaryDirectory(prefix="uscpis-cluster-") as folder:
        prepared = site.build_app(url, Path(folder) / "prepared")
        with prepared.app_context():
            clinic = open_clinic()
            for person in (PEOPLE.sam, PEOPLE.eve):
                create_patient(person)
            site.db.session.remove()
            site.db.engine.dispose()
        machines = [Machine(Path(folder) / name, url) for name in ("one", "two")]
        for machine in machines:
            machine.start()
        try:
            until(lambda: all(machine.is_ready() for machine in machines), 240)
            yield Cluster(*machines, url, clinic)
        finally:
            for machine in machines:
                machine.stop()
    databases.drop_database(template_database, name)


def test_who_signed_in_at_one_machine_is_known_at_the_other(cluster):
    """AUT-05"""
    cookie = cluster.one.cookie(PEOPLE.rosa)

    assert cluster.two.ask("GET", "/", Cookie=cookie).status == 200
    assert PEOPLE.rosa.name in cluster.two.ask("GET", "/", Cookie=cookie).text


def test_a_time_that_both_machines_are_asked_for_is_given_once(cluster):
    """SCH-03"""
    asked = [
        (cluster.one, cluster.one.token(PEOPLE.sam)),
        (cluster.two, cluster.two.token(PEOPLE.eve)),
    ]

    with ThreadPoolExecutor(2) as pool:
        answers = list(
            pool.map(
                lambda pair: pair[0].ask("POST", BOOK, cluster.wish(0), Authorization=pair[1]),
                asked,
            )
        )

    assert sorted(answer.status for answer in answers) == [201, 409]


def test_a_request_that_is_sent_again_to_the_other_machine_books_once(cluster):
    token = cluster.one.token(PEOPLE.sam)
    sent = {"Authorization": token, "Idempotency_Key": "the same tap"}

    first = cluster.one.ask("POST", BOOK, cluster.wish(40), **sent)
    second = cluster.two.ask("POST", BOOK, cluster.wish(40), **sent)

    assert first.status == second.status == 201
    assert json.loads(first.text)["id"] == json.loads(second.text)["id"]


def test_every_message_leaves_one_machine_once(cluster):
    """NOT-01, JOB-01"""
    until(cluster.is_quiet)

    runs = cluster.rows(
        "SELECT status, attempts FROM infra_outbox_job WHERE name = 'notifications.send_message'"
    )
    mails = [path for one in (cluster.one, cluster.two) for path in one.home.rglob("*.eml")]
    assert runs
    assert set(runs) == {("done", 1)}
    assert len(mails) == len(runs)


def test_periodic_work_is_promised_once_for_all_machines(cluster):
    until(lambda: cluster.rows("SELECT 1 FROM infra_outbox_job WHERE name LIKE 'upkeep.%'"))

    doubled = cluster.rows(
        "SELECT a.name FROM infra_outbox_job a JOIN infra_outbox_job b"
        " ON a.name = b.name AND a.id < b.id AND b.created_at - a.created_at < interval '20 s'"
        " WHERE a.name IN (SELECT name FROM infra_schedule)"
    )
    assert doubled == []


def test_one_machine_goes_on_alone(cluster):
    cluster.one.stop()

    token = cluster.two.token(PEOPLE.eve)
    answer = cluster.two.ask("POST", BOOK, cluster.wish(80), Authorization=token)

    assert answer.status == 201
    until(cluster.is_quiet)
