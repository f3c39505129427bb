"""The embedded PostgreSQL and Redis: private, durable enough, and hard to break."""

import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from app.infra.database_rights import make_accounts, renew_rights
from app.infra.local import binaries
from app.infra.local.account import server_account
from app.infra.local.errors import CannotStart
from app.infra.local.folders import private_folder
from app.infra.local.postgres import (
    PostgresServer,
    url_with_account,
    wait_for_the_previous_server,
)
from app.infra.local.process import Child
from app.infra.local.redis import RedisServer
from app.infra.local.testing import Servers, start, start_servers


@pytest.fixture(autouse=True)
def _strict_umask() -> Iterator[None]:
    """As `make run` sets it: what must be reachable for others has to be made so."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    started = start_servers()
    yield started
    started.stop()


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty data folder that the database's account can pass through, as in a checkout."""
    folder = Path(tempfile.mkdtemp(prefix="uscpis-home-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def postgres(home: Path) -> Iterator[PostgresServer]:
    server = PostgresServer(home / "postgres", fast=True)
    server.prepare()
    yield server
    server.destroy()


def connect(url: str):
    return psycopg2.connect(url.replace("+psycopg2", ""))


def ask(url: str, question: str) -> object:
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(question)
            return cursor.fetchone()[0]
    finally:
        connection.close()


def run_server(server: PostgresServer) -> Child:
    return start(server.command(server.folder / "test.log"))


def test_the_application_is_no_superuser_but_may_create_databases(servers):
    own = ask(servers.database_url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    create = ask(servers.database_url, "SELECT rolcreatedb FROM pg_roles WHERE rolname = 'uscpis'")

    assert (own, create) == (False, True)


def test_the_sites_own_account_owns_nothing_and_the_owner_can_put_it_out(servers):
    """AUD-02"""
    url = servers.as_site(servers.database_url)
    rights = "SELECT rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication FROM pg_roles"

    assert ask(url, "SELECT current_user") == "uscpis_site"
    assert ask(url, f"{rights} WHERE rolname = current_user") is False
    assert ask(servers.database_url, "SELECT pg_has_role('uscpis_site', 'MEMBER')") is True
    assert ask(servers.scratch_url, "SELECT current_user") == "uscpis_scratch"


def test_a_cluster_of_an_earlier_release_gets_the_accounts_at_its_next_start(postgres):
    doors = postgres.data / "pg_hba.conf"
    before = [line for line in doors.read_text().splitlines() if "uscpis_" not in line]
    doors.write_text("\n".join([*before, "# ours"]) + "\n")
    roles = "DROP ROLE uscpis_site\nDROP ROLE uscpis_scratch\n"
    postgres._tell(postgres.data, roles, secrets_in_it=[])
    for name in ("accounts-made", "password-site", "password-scratch"):
        (postgres.folder / name).unlink()
    again = PostgresServer(postgres.folder, fast=True)
    again.prepare()

    child = run_server(again)

    assert ask(again.url_as("uscpis_site"), "SELECT current_user") == "uscpis_site"
    assert "# ours" in doors.read_text()
    assert ask(again.url(), "SELECT rolcreatedb FROM pg_roles WHERE rolname = 'uscpis_scratch'")
    child.stop()


def test_an_owner_who_may_make_accounts_makes_the_sites(postgres):
    """AUD-02: on a server of the university's nobody has to type more than two URLs."""
    postgres._tell(postgres.data, "ALTER ROLE uscpis CREATEROLE\n", secrets_in_it=[])
    with (postgres.data / "pg_hba.conf").open("a") as doors:
        doors.write("local all all scram-sha-256\n")
    child = run_server(postgres)
    site = url_with_account(postgres.url(), "uscpis_web", "a word: 'of' 10 % @ home")
    scratch = url_with_account(postgres.url(), "uscpis_proofs", "another")

    made = make_accounts(postgres.url(), site, scratch)
    again = make_accounts(postgres.url(), site, scratch)
    renew_rights(postgres.url(), site, kept=())

    assert made == [
        "The account uscpis_web was made.",
        "The owner became a member of uscpis_web.",
        "The account uscpis_proofs was made.",
        "The owner became a member of uscpis_proofs.",
    ]
    assert again == []
    assert ask(site, "SELECT current_user") == "uscpis_web"
    assert ask(scratch, "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user") is True
    child.stop()


def test_upper_and_lower_case_know_the_letter_n_with_tilde(servers):
    assert ask(servers.database_url, "SELECT lower('PEÑA') || upper('ñ')") == "peñaÑ"


def test_a_worker_gets_a_database_of_its_own_and_asking_twice_does_no_harm(servers):
    first = servers.database("test_o'brien")
    second = servers.database("test_o'brien")

    assert first == second
    assert ask(first, "SELECT current_database()") == "test_o'brien"


def test_postgres_does_not_listen_on_the_network(servers):
    assert ask(servers.database_url, "SHOW listen_addresses") == ""


def test_a_wrong_password_is_refused(servers):
    password = servers.database_url.split(":")[2].split("@")[0]

    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        connect(servers.database_url.replace(password, "guessed"))


def test_a_database_that_cannot_be_made_is_explained_in_a_sentence(servers):
    password = servers.database_url.split(":")[2].split("@")[0]
    stranger = Servers(servers.database_url.replace(password, "guessed"), servers.redis_url)

    with pytest.raises(CannotStart, match="could not be made"):
        stranger.database("test_anything")


def test_redis_answers_on_its_socket_only_and_never_forgets_when_full(servers):
    client = redis.Redis.from_url(servers.redis(3))

    settings = client.config_get("port") | client.config_get("maxmemory-policy")

    assert settings == {"port": "0", "maxmemory-policy": "noeviction"}
    assert client.client_info()["db"] == 3


def test_redis_keeps_its_queue_over_a_kill(home):
    server = RedisServer(home / "redis")
    server.prepare()
    child = start(server.command(home / "redis.log"))
    client = redis.Redis.from_url(server.url())
    client.set("job", "confirm")

    # Redis writes its log before it answers, so the end of the process loses nothing.
    child.process.kill()
    child.process.wait()
    child = start(server.command(home / "redis.log"))

    assert client.get("job") == b"confirm"
    assert stat.S_IMODE(server.folder.stat().st_mode) == 0o700
    child.stop()


def test_a_redis_socket_in_a_deep_folder_gets_a_short_path(home):
    server = RedisServer(private_folder(home / ("deep" * 30) / "redis"), fast=True)
    server.prepare()

    child = start(server.command(home / "redis.log"))

    assert redis.Redis.from_url(server.url()).ping()
    child.stop()
    server.clean_up()
    assert not server.socket.parent.exists()


def test_the_socket_folder_and_the_cluster_belong_to_one_account_alone(postgres):
    modes = {
        stat.S_IMODE(path.stat().st_mode)
        for path in (postgres.cluster, postgres.data, postgres.socket_folder)
    }
    owners = {path.stat().st_uid for path in (postgres.cluster, postgres.data)}

    assert modes == {0o700}
    assert owners == {server_account().uid}
    assert stat.S_IMODE((postgres.folder / "password").stat().st_mode) == 0o600


def test_a_committed_row_outlives_a_kill(home):
    postgres = PostgresServer(home / "postgres")
    postgres.prepare()
    child = run_server(postgres)
    connection = connect(postgres.url())
    with connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE visit AS SELECT 7 AS number")
    child.process.kill()
    child.process.wait()

    wait_for_the_previous_server(postgres.data)
    child = run_server(postgres)

    assert ask(postgres.url(), "SELECT number FROM visit") == 7
    child.stop()
    postgres.destroy()


def test_a_stale_note_whose_number_belongs_to_another_program_is_no_hurdle(postgres):
    # The number of this very test process: alive, ours, and no PostgreSQL.
    note = postgres.data / "postmaster.pid"
    note.write_text(f"{os.getpid()}\n{postgres.data}\n1\n5432\n\n\n  1  1\nready\n")

    wait_for_the_previous_server(postgres.data)

    assert not note.exists()


def test_a_second_server_on_the_same_cluster_is_refused(postgres):
    child = run_server(postgres)

    with pytest.raises(CannotStart, match=f"process {child.pid}"):
        wait_for_the_previous_server(postgres.data, patience=0)

    child.stop()


def test_preparing_twice_keeps_the_cluster_and_its_password(postgres):
    identity = (postgres.data / "postgresql.conf").stat().st_ino
    password = (postgres.folder / "password").read_text()

    again = PostgresServer(postgres.folder, fast=True)
    again.prepare()

    assert (again.data / "postgresql.conf").stat().st_ino == identity
    assert (again.folder / "password").read_text() == password
    again.clean_up()


def test_a_cluster_that_was_half_made_is_made_anew(home):
    server = PostgresServer(home / "postgres", fast=True)
    (server.folder / "cluster" / "data.new").mkdir(parents=True)
    (server.folder / "cluster" / "data.new" / "PG_VERSION").write_text("18\n")
    server.account.own(server.folder / "cluster")

    server.prepare()

    assert (server.data / "global" / "pg_control").exists()
    server.destroy()


def test_a_private_folder_above_is_never_opened_for_others(home):
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    server = PostgresServer(closed / "postgres", fast=True)

    server.prepare()
    child = run_server(server)

    # Root's server runs under another account, which gets a place of its own.
    assert (server.folder / "cluster").is_symlink() == (os.geteuid() == 0)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    assert ask(server.url(), "SELECT 1") == 1
    child.stop()
    server.destroy()
    assert not server.data.exists()


def test_a_cluster_that_was_moved_away_is_not_silently_replaced(home):
    server = PostgresServer(home / "postgres", fast=True)
    (server.folder / "cluster").symlink_to(home / "gone")

    with pytest.raises(CannotStart, match="which is gone"):
        server.prepare()


def test_a_deep_data_folder_still_gets_a_socket(home):
    server = PostgresServer(home / ("deep" * 25) / "postgres", fast=True)

    server.prepare()
    child = run_server(server)

    assert len(str(server.socket_folder)) < 60
    assert ask(server.url(), "SELECT 1") == 1
    child.stop()
    server.destroy()
    assert not server.socket_folder.exists()


def test_programs_in_a_closed_folder_are_copied_once_for_the_server_account(home, monkeypatch):
    account = server_account()
    original = binaries.find_binaries(account)
    closed = home / "closed"
    shutil.copytree(original.parent, closed / binaries.WHEEL / "pginstall", symlinks=True)
    shutil.copytree(
        original.parents[2] / f"{binaries.WHEEL}.libs", closed / f"{binaries.WHEEL}.libs"
    )
    closed.chmod(0o700)
    monkeypatch.setattr(binaries, "SHARED", home / "shared")
    monkeypatch.setattr(
        binaries, "_candidates", lambda: [closed / binaries.WHEEL / "pginstall" / "bin"]
    )

    first = binaries.find_binaries(account)
    second = binaries.find_binaries(account)

    assert first == second
    assert account.can_run(first / "postgres")
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_a_machine_without_postgres_is_told_what_to_do(monkeypatch):
    monkeypatch.setattr(binaries, "_candidates", list)

    with pytest.raises(CannotStart, match="install PostgreSQL, or set DATABASE_URL"):
        binaries.find_binaries(server_account())


def test_the_servers_end_with_the_process_that_started_them():
    script = (
        "import os, sys\n"
        "from app.infra.local.testing import start_servers\n"
        "print(start_servers().redis_url, flush=True)\n"
        "sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as starter:
        path = Path(starter.stdout.readline().strip().removeprefix("unix://").split("?")[0])
        assert listens(path)
        starter.kill()

    data = path.parents[1] / "postgres" / "cluster" / "data"
    wait_for_the_previous_server(data, patience=10)
    for _ in range(100):
        if not listens(path):
            break
        time.sleep(0.05)
    assert not listens(path)
    shutil.rmtree(path.parents[1])


def listens(path: Path) -> bool:
    """True if a server answers at this unix socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(path)) == 0
