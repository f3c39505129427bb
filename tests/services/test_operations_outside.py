"""What is looked at on other machines: the certificate and the copy for reports (BAK-04)."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.infra.certificates import CertificateProblem, expiry_of
from app.infra.replica import ReplicaAway, lag_of
from app.infra.wal_archive import ArchiveState
from app.kernel import clock
from app.kernel.actor import system_actor
from app.operations import services
from app.operations.queries import alerts, checks, system
from app.operations.rules import Severity
from tests.worker.sink import free_port, hung_server, make_certificate


@contextmanager
def tls_server(certificate: Path) -> Iterator[int]:
    """A server on this machine that shows its certificate and says no more."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                plain, _ = server.accept()
            except OSError:
                return
            try:
                context.wrap_socket(plain, server_side=True).close()
            except OSError:
                plain.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join()


@pytest.fixture
def served(app, db, monkeypatch, tmp_path):
    """A site whose certificate is valid for so many days, trusted by this machine or not."""

    @contextmanager
    def serve(days: int, *, is_trusted: bool = True) -> Iterator[None]:
        certificate = make_certificate(tmp_path / f"{days}.pem", days=days)
        if is_trusted:
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        with tls_server(certificate) as port:
            use(app, monkeypatch, public_url=f"https://localhost:{port}")
            yield

    return serve


def use(app, monkeypatch, **changes) -> None:
    """Other settings for this test."""
    monkeypatch.setitem(app.config, "SETTINGS", replace(app.config["SETTINGS"], **changes))


def look(kind: str):
    [one] = [check for check in checks.CHECKS if check.kind == kind]
    return one.look(clock.now())


@pytest.mark.parametrize(
    ("days", "severities"), [(60, []), (20, [Severity.WARNING]), (2, [Severity.CRITICAL])]
)
def test_a_certificate_that_ends_soon_is_told(served, days, severities):
    with served(days):
        seen = look("certificate")

    assert [finding.severity for finding in seen.findings] == severities
    assert seen.facts["host"] == "localhost"


@pytest.mark.parametrize(
    ("days", "is_trusted", "words"),
    [(60, False, "is not accepted"), (-1, True, "is not accepted: certificate has expired")],
)
def test_a_certificate_that_browsers_refuse_is_critical(served, days, is_trusted, words):
    with served(days, is_trusted=is_trusted):
        [finding] = look("certificate").findings

    assert finding.severity is Severity.CRITICAL
    assert words in finding.sentence


def test_a_server_that_does_not_answer_is_told(app, db, monkeypatch):
    use(app, monkeypatch, public_url=f"https://localhost:{free_port()}")

    [finding] = look("certificate").findings

    assert finding.sentence == (
        "The certificate of localhost could not be read: the server did not answer."
    )


def test_a_server_that_hangs_is_left_after_a_while(monkeypatch):
    monkeypatch.setattr("app.infra.certificates.SECONDS", 0.2)

    with hung_server() as port, pytest.raises(CertificateProblem, match="did not answer"):
        expiry_of("127.0.0.1", port)


def test_a_site_without_https_has_no_certificate_to_watch(db):
    assert look("certificate").findings == []


def test_the_page_shows_the_last_look_without_asking_again(served, monkeypatch):
    monkeypatch.setattr(
        checks, "CHECKS", [check for check in checks.CHECKS if check.kind == "certificate"]
    )
    with served(20):
        services.check_system(system_actor())

    found = system.system_state().certificate.found

    assert (found.host, found.problem) == ("localhost", "")
    assert 19 <= (found.expires_at - clock.now()).days <= 20
    [line] = alerts.alert_lines()
    assert line.sentence == "The certificate of localhost ends in 19 days."


# -- the copy for reports


def test_without_a_copy_there_is_nothing_to_watch(db):
    assert look("replica").findings == []


def test_a_copy_that_cannot_be_reached_is_told(app, db, monkeypatch):
    use(app, monkeypatch, database_replica_url=f"postgresql+psycopg2://x@127.0.0.1:{free_port()}/x")

    [finding] = look("replica").findings

    assert finding.sentence == "The copy of the database for reports cannot be reached."


def test_a_server_that_follows_nobody_is_no_copy(app, db, monkeypatch):
    use(app, monkeypatch, database_replica_url=app.config["SQLALCHEMY_DATABASE_URI"])

    seen = look("replica")

    assert "is not a copy" in seen.findings[0].sentence
    assert seen.facts == {"reached": True, "lag_seconds": None}


def test_the_lag_is_asked_of_the_server_itself(app):
    with pytest.raises(ReplicaAway):
        lag_of("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    assert lag_of(app.config["SQLALCHEMY_DATABASE_URI"]) is None


# -- the archive of the log


def test_a_server_that_archives_no_log_is_not_watched(db):  # the one of the tests
    assert look("archive").findings == []


def test_an_archive_that_stands_still_is_told(db, monkeypatch):
    state = ArchiveState(clock.now() - timedelta(hours=1), is_failing=True)
    monkeypatch.setattr(checks, "archive_state", lambda: state)

    [finding] = look("archive").findings

    assert "ago and the last try failed" in finding.sentence
    assert finding.severity is Severity.CRITICAL


# -- disks


def test_a_second_folder_for_backups_is_watched_too(app, db, monkeypatch, tmp_path):
    use(app, monkeypatch, backup_second_folder=str(tmp_path / "not" / "there" / "yet"))

    names = [disk.name for disk in checks.disks()]

    assert names == ["data folder", "backup folder", "second backup folder"]
    assert all(disk.total > 0 for disk in checks.disks())
