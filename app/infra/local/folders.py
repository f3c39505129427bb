"""Folders, secrets and the lock of the data folder (USCPIS_HOME)."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import socket
import time
from pathlib import Path

from app.infra.local.errors import CannotStart

LOGS_KEPT = 5
LOG_BYTES = 20_000_000  # a log that passes this while it is written is moved aside


def private_folder(folder: Path) -> Path:
    """Create the folder for us alone, or leave an existing one as it is; its absolute path.

    As root a new folder can be passed through (0711) but not listed, so that the account of the
    database server reaches its own folder below. What lies in it is private each by itself.
    """
    folder = folder.expanduser().absolute()
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return folder


def kept_secret(path: Path, given: str = "", *, length: int = 32) -> str:
    """The given secret, else the one kept in the file, else a new one that is kept (0600)."""
    if given:
        return given
    if path.exists() and (kept := path.read_text().strip()):
        return kept
    made = secrets.token_urlsafe(length)[:length].strip("-_").ljust(length, "x")
    write_private(path, made + "\n")
    return made


def write_private(path: Path, text: str) -> None:
    """Write a file that only we can read, all of it or nothing."""
    half = path.with_name(path.name + ".new")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    half.replace(path)


def rotate_log(log: Path) -> None:
    """Number the older logs and drop the oldest, so that they never grow for ever."""
    for number in range(LOGS_KEPT, 1, -1):
        older = log.with_name(f"{log.name}.{number - 1}")
        if older.exists():
            older.replace(log.with_name(f"{log.name}.{number}"))
    if log.exists() and log.stat().st_size:
        log.replace(log.with_name(f"{log.name}.1"))


def trim_log(log: Path, limit: int = LOG_BYTES) -> None:
    """Cut a log that a running process still writes: keep its end beside it, empty the file.

    The writer appends (O_APPEND), so it goes on at the new end; a few lines written in between
    may be lost, which a log can bear and a full disk cannot.
    """
    if not log.exists() or log.stat().st_size <= limit:
        return
    with log.open("r+b") as file:
        file.seek(-limit // 2, os.SEEK_END)
        log.with_name(log.name + ".1").write_bytes(file.read())
        file.truncate(0)


def last_lines(log: Path, count: int = 15) -> str:
    """The end of a log, for the person who has to find out what is wrong."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


def lock_folder(folder: Path, *, patience: float = 10) -> int:
    """Take the data folder for this run; the open file descriptor that holds it.

    Children inherit the descriptor, so the lock lasts until the last of them is gone, even when
    the supervisor was killed outright; `patience` (seconds) is for such children to finish.
    Raises CannotStart when another run has the folder.
    """
    path = folder / "run.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    deadline = time.monotonic() + patience
    while not _locked(descriptor):
        holder = path.read_text().strip()
        if holder and _alive(int(holder)):
            raise CannotStart(
                f"USC-PIS is already running on this data folder ({folder}), as process {holder}. "
                "Stop it first, or set USCPIS_HOME to another folder."
            )
        if time.monotonic() > deadline:
            raise CannotStart(
                f"Processes of an earlier run still use the data folder {folder}. "
                "Wait for them to end, or set USCPIS_HOME to another folder."
            )
        time.sleep(0.2)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def check_address_free(host: str, port: int) -> None:
    """Raises CannotStart when the web server could not listen at this address."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            # Without it a port that was closed a moment ago would count as taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            # With it, only listening tells whether another socket has the port.
            probe.listen(1)
    except socket.gaierror:
        raise CannotStart(f"HOST={host} is not an address of this machine.") from None
    except OSError as refusal:
        raise CannotStart(_why_not(host, port, refusal)) from None


def _why_not(host: str, port: int, refusal: OSError) -> str:
    if refusal.errno == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is already in use. "
            "Stop that program, or set PORT to another one."
        )
    if refusal.errno == errno.EACCES:
        return f"Port {port} needs rights that you do not have. Set PORT to one above 1023."
    return f"The site cannot listen on {host}, port {port}: {refusal.strerror}."
