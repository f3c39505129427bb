"""A production machine in a folder: nginx with our own configuration, gunicorn behind it."""

import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from app.infra.local import testing
from tests.architecture.test_rooms import ROOT

NAME = "clinic.example.edu"
# Another address of this machine than the one that nginx calls from.
CLIENT = "127.0.0.2"
DEPLOY = ROOT / "deploy"
GUNICORN = [str(Path(sys.executable).with_name("gunicorn")), "-c", "config/gunicorn.py", "wsgi:app"]
NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
FRAME = """\
daemon off;
{user}
pid {folder}/nginx.pid;
worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/conf.d/*.conf;
}}
"""


def production(url: str, home: Path, **changes: str) -> dict[str, str]:
    """The environment of a process on the machine."""
    return dict(os.environ) | {
        "USCPIS_ENV": "production",
        "SECRET_KEY": "0123456789abcdef" * 3,
        "DATABASE_URL": url,
        "REDIS_URL": testing.share_servers().redis_url,
        "USCPIS_HOME": str(home),
        "PUBLIC_URL": f"https://{NAME}",
        "TRUSTED_PROXIES": "1",
        "WEB_WORKERS": "1",
        "WEB_THREADS": "4",
        "LOG_LEVEL": "WARNING",
        **changes,
    }


def until(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait for the condition; fails when it does not come."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def make_certificate(folder: Path) -> Path:
    """A certificate that only this test believes; privkey.pem lies beside it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (folder / "privkey.pem").write_bytes(key.private_bytes(pem, form, plain))
    path = folder / "fullchain.pem"
    path.write_bytes(certificate.public_bytes(pem))
    return path


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: http.client.HTTPMessage
    text: str


@dataclass
class Nginx:
    """nginx with deploy/nginx/, only its ports and folders replaced."""

    folder: Path
    door: Path
    http_port: int = field(default_factory=free_port)
    https_port: int = field(default_factory=free_port)

    def start(self) -> None:
        """Write the configuration, check it as the guide says, and start."""
        self.certificate = make_certificate(self.folder)
        self.context = ssl.create_default_context(cafile=str(self.certificate))
        (self.folder / "conf.d").mkdir()
        for path in (DEPLOY / "nginx").glob("uscpis*.conf"):
            (self.folder / "conf.d" / path.name).write_text(self._here(path.read_text()))
        user = "user root;" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(FRAME.format(folder=self.folder, user=user))
        early = str(self.folder / "nginx-start.log")  # the usual one belongs to root
        config = str(self.folder / "nginx.conf")
        argv = [str(NGINX), "-p", str(self.folder), "-e", early, "-c", config]
        checked = subprocess.run([*argv, "-t"], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked.stderr
        self.process = subprocess.Popen(argv)
        until(self._listens)

    def _here(self, text: str) -> str:
        text = re.sub(r"^ *listen \[::\].*\n", "", text, flags=re.M)
        text = re.sub(r"listen 80\b", f"listen 127.0.0.1:{self.http_port}", text)
        text = re.sub(r"listen 443\b", f"listen 127.0.0.1:{self.https_port}", text)
        text = text.replace("/run/uscpis/web.sock", str(self.door))
        text = text.replace("/etc/ssl/uscpis", str(self.folder))
        return text.replace("/var/log/nginx", str(self.folder))

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.https_port)) == 0

    def stop(self) -> None:
        """As `systemctl stop nginx` does."""
        self.process.terminate()
        self.process.wait(20)

    def plain(self, path: str, host: str = NAME) -> Answer:
        """Ask over http."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=20)
        return _ask(connection, "GET", path, None, {"Host": host})

    def ask(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask over https, with the certificate checked."""
        connection = http.client.HTTPSConnection(NAME, timeout=70, context=self.context)
        connection.sock = self.channel()
        return _ask(connection, method, path, body, dict(headers or {}))

    def channel(self, name: str = NAME) -> ssl.SSLSocket:
        """A TLS connection to this name."""
        plain = socket.create_connection(
            ("127.0.0.1", self.https_port), timeout=70, source_address=(CLIENT, 0)
        )
        return self.context.wrap_socket(plain, server_hostname=name)


def _ask(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: str | None,
    headers: dict[str, str],
) -> Answer:
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read().decode(errors="replace"))
    finally:
        connection.close()


@dataclass
class Web:
    """gunicorn behind a door that stays open while it is away, as systemd holds it."""

    folder: Path
    environment: dict[str, str]

    def __post_init__(self) -> None:
        self.door = self.folder / "web.sock"
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(self.door))
        self.listener.listen(1024)

    def start(self) -> None:
        """As uscpis-web.service does."""
        number = self.listener.fileno()
        with (self.folder / "web.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.deploy.door", str(number), *GUNICORN],
                cwd=ROOT,
                env=self.environment,
                pass_fds=[number],
                stderr=log,
            )

    def stop(self) -> None:
        """SIGTERM, and the time that the unit gives."""
        self.process.terminate()
        assert self.process.wait(30) == 0, self.log()

    def reload(self) -> None:
        """ExecReload= of the unit."""
        self.process.send_signal(signal.SIGHUP)

    def workers(self) -> set[str]:
        """The numbers of the worker processes."""
        number = self.process.pid
        return set(Path(f"/proc/{number}/task/{number}/children").read_text().split())

    def log(self) -> str:
        """What it said."""
        return (self.folder / "web.log").read_text()
