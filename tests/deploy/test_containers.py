"""Dockerfile and compose file: linted, complete, and closed. (No daemon is needed.)"""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
import yaml

from tests.architecture.test_rooms import ROOT
from tests.deploy.machine import free_port

DOCKERFILE = ROOT / "Dockerfile"
OURS = ("deploy", "web", "worker", "relay")
# Every key of the compose specification that we use; a misspelled one is found here.
SERVICE_KEYS = {
    *("build", "cap_add", "cap_drop", "command", "depends_on", "env_file", "environment"),
    *("healthcheck", "image", "init", "logging", "networks", "ports", "read_only", "restart"),
    *("security_opt", "shm_size", "stop_grace_period", "tmpfs", "volumes"),
}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}


@pytest.fixture(scope="module")
def compose():
    """compose.yaml with its anchors resolved."""
    return yaml.safe_load((ROOT / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def services(compose):
    """Its services by name."""
    return compose["services"]


def instructions(name: str) -> list[str]:
    """The arguments of each such instruction in the Dockerfile."""
    text = DOCKERFILE.read_text().replace("\\\n", " ")
    return re.findall(rf"^{name} +(.+)$", text, flags=re.M)


def test_hadolint_finds_nothing():
    linter = Path(sys.executable).with_name("hadolint")

    said = subprocess.run([linter, DOCKERFILE], capture_output=True, text=True, check=False)

    assert said.stdout == ""
    assert said.returncode == 0


def test_every_base_is_pinned_to_a_version():
    images = [line.split()[0] for line in instructions("FROM")]

    assert all(re.search(r":\d+(\.\d+)*-", image) for image in images)


def test_the_image_runs_as_an_ordinary_user_with_a_fixed_number():
    (user,) = instructions("USER")

    assert user == "10001:10001"
    assert "--uid 10001" in DOCKERFILE.read_text()


def test_packages_are_installed_only_with_their_hashes():
    """EVD-04"""
    (line,) = [line for line in instructions("RUN") if "pip install" in line]

    assert "--require-hashes" in line


def test_nothing_can_slip_into_the_image():
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] != "#"]

    assert rules[0] == "*"
    assert not re.search(r"PASSWORD|SECRET", DOCKERFILE.read_text())


def test_what_is_copied_is_all_that_the_site_needs(tmp_path):
    for line in instructions("COPY"):
        if line.startswith("--from"):
            continue
        *sources, _ = line.split()
        for source in sources:
            assert (ROOT / source).exists(), source
            copy = shutil.copytree if (ROOT / source).is_dir() else shutil.copy
            copy(ROOT / source, tmp_path / source)
    environ = {
        "PATH": os.environ["PATH"],
        "USCPIS_ENV": "production",
        "SECRET_KEY": "0123456789abcdef" * 3,
        "DATABASE_URL": "postgresql://clinic@nowhere/clinic",
        "USCPIS_HOME": str(tmp_path / "home"),
    }

    said = subprocess.run(
        [sys.executable, "-c", "import wsgi, worker.relay, worker.__main__"],
        cwd=tmp_path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )

    assert said.returncode == 0, said.stderr


class Well(BaseHTTPRequestHandler):
    """Answers as a site that is well."""

    def do_GET(self) -> None:
        """200 at the address that the check asks for."""
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Quiet."""


def health(port: int) -> int:
    """The exit code of the image's health check."""
    check = re.search(r'CMD (\["python", "-c".+\])', DOCKERFILE.read_text())
    argv = [sys.executable, *json.loads(check[1])[1:]]
    environ = dict(os.environ) | {"PORT": str(port)}
    return subprocess.run(argv, env=environ, capture_output=True, check=False).returncode


def test_the_image_is_ill_when_nobody_answers():
    assert health(free_port()) != 0


def test_the_image_is_well_when_the_site_says_so():
    with HTTPServer(("127.0.0.1", 0), Well) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()

        code = health(server.server_port)

        thread.join(10)
    assert code == 0


def test_compose_knows_every_key_and_name(compose, services):
    for service in services.values():
        assert set(service) <= SERVICE_KEYS
        assert set(service["networks"]) <= set(compose["networks"])
        for name, how in service.get("depends_on", {}).items():
            assert name in services
            assert how["condition"] in CONDITIONS
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (
                source in compose["volumes"] or source.startswith("/") or (ROOT / source).exists()
            )


def test_who_waits_for_health_waits_for_somebody_who_tells_it(services):
    waited_for = {
        name
        for service in services.values()
        for name, how in service.get("depends_on", {}).items()
        if how["condition"] == "service_healthy"
    }

    without = {"web"}  # the check is in the image
    assert all("test" in services[name]["healthcheck"] for name in waited_for - without)
    assert "healthcheck" not in services["web"]


def test_only_nginx_is_reachable_and_only_it_reaches_the_web_server(compose, services):
    """WEB-03"""
    assert [name for name, service in services.items() if "ports" in service] == ["nginx"]
    assert {name for name, one in services.items() if "front" in one["networks"]} == {
        "web",
        "nginx",
    }
    assert compose["networks"]["inside"] == compose["networks"]["front"] == {"internal": True}


@pytest.mark.parametrize("name", OURS)
def test_our_containers_change_nothing_of_the_image_and_hold_no_powers(services, name):
    service = services[name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_no_secret_stands_in_the_compose_file(services):
    environments = [service.get("environment", {}) for service in services.values()]

    for name, value in (pair for one in environments for pair in one.items()):
        if re.search("PASSWORD|KEY|DATABASE_URL", name):
            assert re.search(r"\$\{(DATABASE|SITE|SCRATCH)_PASSWORD:\?", value)


def test_the_database_and_the_queue_get_the_settings_of_the_guide(services):
    assert "config_file=/etc/postgresql/uscpis.conf" in services["database"]["command"]
    assert "/etc/redis/uscpis.conf" in services["queue"]["command"]
