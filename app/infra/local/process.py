"""One child process: started so that it cannot outlive us, watched, stopped in order."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from app.infra.local.account import Account

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
# Loaded before any fork: loading a library between fork and exec could deadlock.
_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def always() -> bool:
    """A command that needs no check is ready as soon as it runs."""
    return True


@dataclass(frozen=True, slots=True)
class Command:
    """What to run, where its output goes, when it counts as ready, and how it is stopped."""

    name: str
    argv: tuple[str, ...]
    log: Path
    environment: Mapping[str, str]
    folder: Path
    account: Account | None = None
    ready: Callable[[], bool] = always
    ready_within: float = 60
    # Signals in turn, each with the seconds that the process has to obey; SIGKILL ends the list.
    stopping: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 20),)
    keep_open: tuple[int, ...] = ()
    is_server: bool = False  # programs use it, so it is stopped after them
    answer: Path | None = None  # where standard output goes when it is not for the log


class Child:
    """A running command. Its own session: Ctrl-C at the terminal reaches only the supervisor."""

    def __init__(self, command: Command) -> None:
        self.command = command
        self.started = time.monotonic()
        account = command.account.popen_options() if command.account else {}
        with ExitStack() as files:
            log = files.enter_context(command.log.open("ab"))
            answer = files.enter_context(command.answer.open("wb")) if command.answer else log
            self.process = subprocess.Popen(
                command.argv,
                cwd=command.folder,
                env=dict(command.environment),
                stdin=subprocess.DEVNULL,
                stdout=answer,
                stderr=log,
                start_new_session=True,
                pass_fds=command.keep_open,
                # The supervisor has one thread, so nothing can hold a lock across this fork.
                preexec_fn=_tied_to(os.getpid(), command.stopping[0][0]),
                **account,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    def exit_code(self) -> int | None:
        """None while it runs. When it has ended, what is left of its process group ends too."""
        if self.process.returncode is not None:
            return self.process.returncode
        # The group is swept before the leader is reaped: only until then is its number surely ours.
        if os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            self._kill_group()
        return self.process.poll()

    def uptime(self) -> float:
        """Seconds since it was started."""
        return time.monotonic() - self.started

    def ask_to_stop(self) -> None:
        """Send the first, gentle signal and return at once."""
        if self.exit_code() is None:
            self.process.send_signal(self.command.stopping[0][0])

    def stop(self) -> None:
        """Stop it for certain: each signal in turn, then SIGKILL for its whole group."""
        for number, seconds in self.command.stopping:
            if self.exit_code() is not None:
                return
            self.process.send_signal(number)
            if self.ends_within(seconds):
                return
        self._kill_group()
        self.process.wait()

    def ends_within(self, seconds: float) -> bool:
        """True as soon as it has ended, False after that many seconds."""
        deadline = time.monotonic() + seconds
        while self.exit_code() is None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True

    def _kill_group(self) -> None:
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return  # nobody is left


def _tied_to(parent: int, farewell: signal.Signals) -> Callable[[], None] | None:
    """What the child does before it becomes the program: have the system end it with its parent."""
    if _libc is None:
        return None

    def tie() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, farewell)
        if os.getppid() != parent:  # the parent died between the fork and the line above
            os._exit(1)

    return tie


def stop_with_parent() -> None:
    """Ask for SIGTERM when our own parent ends."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def adopt_orphans() -> None:
    """Make grandchildren whose parent dies our children, so that none escapes a clean stop."""
    if _libc is not None:
        _libc.prctl(PR_SET_CHILD_SUBREAPER, 1)


def own_children() -> list[int]:
    """The process ids of our present children, adopted ones included."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            # pid (name) state parent ...; the name may hold blanks and brackets.
            parent = int(entry.read_text(errors="replace").rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):
            continue  # it ended while we looked
        if parent == os.getpid():
            found.append(int(entry.parent.name))
    return found


def reap_orphans(known: set[int]) -> None:
    """Collect adopted children that have ended; `known` are those whose owners collect them."""
    for process in own_children():
        if process not in known:
            _reap(process)


def end_orphans(known: set[int], *, patience: float = 3) -> None:
    """End every child not in `known`: SIGTERM, then SIGKILL after the patience (seconds)."""
    deadline = time.monotonic() + patience
    number = signal.SIGTERM
    while orphans := [process for process in own_children() if process not in known]:
        for process in orphans:
            if not _reap(process):
                os.kill(process, number)
        number = signal.SIGKILL if time.monotonic() > deadline else signal.SIGTERM
        time.sleep(0.05)


def _reap(process: int) -> bool:
    try:
        return os.waitpid(process, os.WNOHANG)[0] == process
    except ChildProcessError:
        return True
