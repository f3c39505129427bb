"""A private PostgreSQL cluster in a folder of ours, on a unix socket only.

Who may log in. The socket lies in a folder (0700) of the account that runs the server, so other
users of the machine do not even reach it; TCP is off. The application logs in as `uscpis`, an
ordinary role that owns its databases, may create more and may copy the cluster, with a generated
password (SCRAM) that is kept beside the cluster (0600). Two more accounts may less: `uscpis_site`
reads and writes rows, `uscpis_scratch` proves backups in databases of its own. A password and not
`peer`, because as root the web server and the database server run under different accounts. The
superuser `postgres` can log in only as the server's own account (`peer`), has no password, and is
needed by nothing but maintenance.

    <folder>/password        the password of `uscpis`, ours; password-site, password-scratch
    <folder>/cluster/        the account's own (0700), or a link to /var/lib/uscpis/... when the
                             account cannot pass through the folders above
    <folder>/cluster/data/   the cluster
    <folder>/cluster/run/    the socket
"""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from app.infra.local.account import Account, account_of, server_account
from app.infra.local.binaries import SHARED, find_binaries, open_folder
from app.infra.local.errors import CannotStart
from app.infra.local.folders import kept_secret, private_folder, write_private
from app.infra.local.process import Command

ROLE = DATABASE = "uscpis"
SITE, SCRATCH = "uscpis_site", "uscpis_scratch"
MORE_ROLES = {SITE: "", SCRATCH: "CREATEDB"}
PORT = "5432"  # names the socket file; nothing listens on the network
SOCKET_PATH_BYTES = 107  # the kernel's limit for the path of a unix socket

SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # The log must not carry what was typed about a patient: no statements, values or DETAIL lines
    # (psycopg2 writes values into the statement, so slow ones are not logged either).
    "log_parameter_max_length": "0",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    # Short questions of a front desk: compiling them costs more than it saves.
    "jit": "off",
    "fsync": "on",
    "synchronous_commit": "on",
}
# For tests and measurements: the cluster is thrown away, so a power cut may take it.
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Tests drop databases and throw people out; a vacuum worker lets nobody do either.
    "autovacuum": "off",
}
HBA = f"""\
local all postgres peer map=server
local all {ROLE} scram-sha-256
local all {SITE} scram-sha-256
local all {SCRATCH} scram-sha-256
local replication {ROLE} scram-sha-256
"""
# psql itself quotes :'name', and \gexec runs what the question answers.
CREATE_UNLESS_THERE = """\
SELECT format('CREATE DATABASE %I', :'name')
WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \\gexec
"""


class PostgresServer:
    """The cluster of one data folder; `prepare()` once, then `command()` for the supervisor."""

    def __init__(self, folder: Path, *, fast: bool = False) -> None:
        self.folder = private_folder(folder)
        self.fast = fast
        self.account = self._account()
        self.binaries = find_binaries(self.account, major=self._major())
        self.socket_folder = Path()

    @property
    def cluster(self) -> Path:
        return (self.folder / "cluster").resolve()

    @property
    def data(self) -> Path:
        return self.cluster / "data"

    def prepare(self) -> None:
        """Make the cluster if there is none, and a place for the socket. Safe to repeat."""
        password = kept_secret(self.folder / "password")
        self._make_cluster_folder()
        if not self.data.exists():
            self._initialise(password)
        wait_for_the_previous_server(self.data)
        self._make_more_roles()
        self.socket_folder = self._make_socket_folder()

    def command(self, log: Path, keep_open: tuple[int, ...] = ()) -> Command:
        """How the supervisor runs the server."""
        settings = SETTINGS | (FAST if self.fast else {})
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        argv: list[Path | str] = [
            self.binaries / "postgres",
            "-D",
            self.data,
            "-p",
            PORT,
            "-k",
            self.socket_folder,
        ]
        return Command(
            name="postgres",
            argv=(*map(str, argv), *options),
            log=log,
            environment=server_environment(),
            folder=self.cluster,
            account=self.account,
            ready=self.ready,
            ready_within=120,  # after a crash the log is replayed first
            # SIGINT is PostgreSQL's fast shutdown; SIGTERM would wait for the last client.
            stopping=((signal.SIGINT, 30), (signal.SIGQUIT, 5)),
            keep_open=keep_open,
            is_server=True,
        )

    def ready(self) -> bool:
        """True when the server accepts connections."""
        argv: list[Path | str] = [self.binaries / "pg_isready", "-q", "-h", self.socket_folder]
        # With a name of its own: a stranger's question would be an error in the log each time.
        argv += ["-p", PORT, "-U", ROLE, "-d", DATABASE]
        return subprocess.run(argv, env=server_environment(), check=False).returncode == 0

    def url(self, database: str = DATABASE) -> str:
        """The address for SQLAlchemy; without `+psycopg2` it is libpq's."""
        password = (self.folder / "password").read_text().strip()
        return (
            f"postgresql+psycopg2://{ROLE}:{quote(password)}@/{quote(database)}"
            f"?host={quote(str(self.socket_folder), safe='')}&port={PORT}"
        )

    def url_as(self, role: str) -> str:
        """The same for one of the accounts that own less."""
        return url_with_account(self.url(), role, self._password_of(role))

    def ensure_database(self, name: str) -> str:
        """Create the database if there is none of this name; its URL."""
        return ensure_database(self.url(), name)

    def clean_up(self) -> None:
        """Remove what only a running server needs."""
        if self.socket_folder.parent != self.cluster and self.socket_folder.name:
            shutil.rmtree(self.socket_folder, ignore_errors=True)

    def destroy(self) -> None:
        """Remove the stopped cluster with all its data. For tests and measurements only."""
        self.clean_up()
        shutil.rmtree(self.cluster, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _account(self) -> Account:
        """The owner of an existing cluster, else whoever shall own the new one."""
        if not self.data.exists():
            return server_account()
        owner = self.data.stat().st_uid
        if owner != os.geteuid() and os.geteuid() != 0:
            raise CannotStart(
                f"The database in {self.folder} belongs to another user. Run USC-PIS as the user "
                "who started it first, or set USCPIS_HOME to another folder."
            )
        return account_of(owner)

    def _major(self) -> int | None:
        version = self.data / "PG_VERSION"
        return int(version.read_text()) if version.exists() else None

    def _make_cluster_folder(self) -> None:
        link = self.folder / "cluster"
        if link.is_symlink() and not link.exists():
            raise CannotStart(
                f"The database of this data folder was kept in {link.readlink()}, which is gone. "
                f"Bring it back, or remove {link} to begin with an empty database."
            )
        if link.exists():
            return
        if self.account.can_enter(self.folder):
            link.mkdir(mode=0o700)
            self.account.own(link)
            return
        # The name holds a random part: a deleted data folder must not find its old database.
        place = hashlib.sha256(str(self.folder).encode()).hexdigest()[:8] + secrets.token_hex(4)
        elsewhere = SHARED / "clusters" / place
        try:
            open_folder(elsewhere.parent)
            elsewhere.mkdir(mode=0o700)
        except OSError as refusal:
            raise CannotStart(
                f"The account {self.account.name}, which runs PostgreSQL, cannot reach "
                f"{self.folder}, and {SHARED} cannot be made: {refusal.strerror}. "
                "Set USCPIS_HOME to a folder that every account can pass through."
            ) from None
        self.account.own(elsewhere)
        link.symlink_to(elsewhere)

    def _initialise(self, password: str) -> None:
        """Build the cluster beside its place and move it there when it is complete."""
        half = self.cluster / "data.new"
        shutil.rmtree(half, ignore_errors=True)
        argv: list[Path | str] = [
            self.binaries / "initdb",
            "-D",
            half,
            "-U",
            "postgres",
            "-E",
            "UTF8",
        ]
        argv += ["--data-checksums", "--auth-local=peer", "--auth-host=reject"]
        if self.fast:
            argv.append("--no-sync")
        said = self._run([*argv, "--locale=C.UTF-8"])
        if said.returncode:  # a system without that locale
            shutil.rmtree(half, ignore_errors=True)
            said = self._run([*argv, "--locale=C"])
        if said.returncode:
            raise CannotStart(f"PostgreSQL could not make a cluster:\n{said.stdout.strip()}")
        for name, text in (
            ("pg_hba.conf", HBA),
            ("pg_ident.conf", f"server {self.account.name} postgres\n"),
        ):
            (half / name).write_text(text)
        self._create_role(half, password)
        half.rename(self.data)

    def _create_role(self, data: Path, password: str) -> None:
        """Speak to the cluster in single-user mode, before any server listens."""
        statements = (
            f"CREATE ROLE {ROLE} LOGIN CREATEDB REPLICATION PASSWORD '{password}'\n"
            f"CREATE DATABASE {DATABASE} OWNER {ROLE}\n"
        )
        self._tell(data, statements, secrets_in_it=[password])

    def _make_more_roles(self) -> None:
        """Once for each cluster, those of earlier releases too: the accounts that own less."""
        mark = self.folder / "accounts-made"
        if mark.exists():
            return
        passwords = {role: self._password_of(role) for role in MORE_ROLES}
        statements = "".join(
            _role_statements(role, more, passwords[role]) for role, more in MORE_ROLES.items()
        )
        self._tell(self.data, statements, secrets_in_it=list(passwords.values()))
        doors = self.data / "pg_hba.conf"
        known = doors.read_text()
        missing = [line for line in HBA.splitlines() if line not in known.splitlines()]
        doors.write_text(known + "".join(f"{line}\n" for line in missing))
        write_private(mark, "\n".join(MORE_ROLES) + "\n")

    def _password_of(self, role: str) -> str:
        return kept_secret(self.folder / f"password-{role.removeprefix(f'{ROLE}_')}")

    def _tell(self, data: Path, statements: str, *, secrets_in_it: list[str]) -> None:
        argv: list[Path | str] = [self.binaries / "postgres", "--single", "-D", data]
        said = self._run([*argv, *(["-F"] if self.fast else []), "postgres"], typed=statements)
        if said.returncode or "ERROR" in said.stdout or "FATAL" in said.stdout:
            complaint = said.stdout.strip()
            for secret in secrets_in_it:
                complaint = complaint.replace(secret, "...")
            raise CannotStart(f"PostgreSQL could not make its accounts:\n{complaint}")

    def _run(self, argv: list[Path | str], typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            argv,
            cwd=self.cluster,
            env=server_environment(),
            input=typed,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            umask=0o077,
            **self.account.popen_options(),
        )

    def _make_socket_folder(self) -> Path:
        inside = self.cluster / "run"
        path = str(inside / f".s.PGSQL.{PORT}.lock")
        # A comma would separate two folders, for the server as for every client.
        if len(path.encode()) <= SOCKET_PATH_BYTES and not set(path) & set(",\"'"):
            inside.mkdir(exist_ok=True)
            self.account.own(inside)
            return inside
        return short_private_folder(self.folder / "socket-folder", self.account)


def url_with_account(url: str, role: str, password: str) -> str:
    """The URL of the same database with another account of the same server."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{role}:{quote(password)}@{rest.rpartition('@')[2]}"


def _role_statements(role: str, more: str, password: str) -> str:
    """One statement a line, as single-user mode reads them. The owner can put each out."""
    return (
        f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}')"
        f" THEN CREATE ROLE {role}; END IF; END $$\n"
        f"ALTER ROLE {role} LOGIN {more} PASSWORD '{password}'\n"
        f"GRANT {role} TO {ROLE}\n"
    )


def short_private_folder(note: Path, account: Account) -> Path:
    """A new folder with a short path, for a socket; the note lets the next run remove it."""
    if note.exists() and (left := Path(note.read_text().strip())).name.startswith("uscpis-"):
        shutil.rmtree(left, ignore_errors=True)
    made = Path(tempfile.mkdtemp(prefix="uscpis-", dir="/tmp"))
    account.own(made)
    write_private(note, str(made))
    return made


def server_environment() -> dict[str, str]:
    """Our environment without PGHOST, PGPORT and the like, which would redirect what we run."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PG")}


def ensure_database(url: str, name: str) -> str:
    """Create the database on the server of `url` if there is none of this name; its URL.

    Raises CannotStart with what the server said, for example for a wrong password.
    """
    parts = urlsplit(url)
    bin_folder = find_binaries(account_of(os.geteuid()))
    host = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    argv: list[Path | str] = [bin_folder / "psql", "-X", "-q", "-w", "-d", "postgres"]
    argv += ["-v", "ON_ERROR_STOP=1", "-v", f"name={name}"]
    argv += ["-h", unquote(host.get("host", "")) or parts.hostname or "localhost"]
    argv += ["-p", host.get("port") or str(parts.port or PORT), "-U", unquote(parts.username or "")]
    said = subprocess.run(
        argv,
        input=CREATE_UNLESS_THERE,
        env=server_environment() | {"PGPASSWORD": unquote(parts.password or "")},
        capture_output=True,
        text=True,
        check=False,
    )
    if said.returncode:
        raise CannotStart(f"The database {name} could not be made: {said.stderr.strip()}")
    return parts._replace(path=f"/{quote(name)}").geturl()


def wait_for_the_previous_server(data: Path, *, patience: float = 30) -> None:
    """Make sure that no other server has the cluster, and that a stale note of one is no hurdle.

    After a crash PostgreSQL itself removes a postmaster.pid whose process is gone. But when the
    number has meanwhile gone to another program of ours (usual in a container, where numbers
    begin anew) it would refuse; then, and only when no process works in the folder, we remove it.
    Raises CannotStart when a server still runs after the patience (seconds).
    """
    note = data / "postmaster.pid"
    deadline = time.monotonic() + patience
    while note.exists():
        users = _processes_in(data)
        if not users:
            note.unlink(missing_ok=True)
            return
        if time.monotonic() > deadline:
            raise CannotStart(
                f"Another PostgreSQL (process {users[0]}) runs on {data}. Stop it first."
            )
        time.sleep(0.2)


def _processes_in(data: Path) -> list[int]:
    """Processes whose working folder is the cluster: a postmaster and all it started."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.readlink() == data:
                found.append(int(link.parent.name))
        except OSError:
            continue  # another user's process, or one that has just ended
    return found
