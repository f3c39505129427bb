"""Keeps a set of commands running: starts them in order, restarts what dies, stops everything."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType

from app.infra.local.errors import CannotStart, StopRequested
from app.infra.local.folders import last_lines, rotate_log, trim_log
from app.infra.local.process import (
    Child,
    Command,
    adopt_orphans,
    end_orphans,
    reap_orphans,
)

STEADY_AFTER = 30.0  # seconds of uptime that make earlier failures forgotten
LONGEST_PAUSE = 30.0
TICK = 0.1
TIDY_EVERY = 30.0


@dataclass(slots=True)
class Post:
    """A place in the crew: the command, the child that fills it now, and how often it fell."""

    command: Command
    child: Child | None = None
    failures: int = 0
    back_at: float = 0.0


class Supervisor:
    """Servers come first and leave last; programs (web, worker, relay) need the servers."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.posts: list[Post] = []
        self.passing: Child | None = None
        self.stopping = False
        self._tidied = time.monotonic()

    def listen(self) -> None:
        """Turn Ctrl-C, SIGTERM and a closed terminal into a clean stop; take in orphans."""
        adopt_orphans()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # `nohup` means it: what is ignored on purpose stays ignored.
            if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
                signal.signal(number, self._stop_requested)

    def start(self, command: Command) -> None:
        """Start a command and keep it running. Does not wait until it is ready."""
        rotate_log(command.log)
        self._check_not_stopping()
        self.posts.append(Post(command, Child(command)))

    def wait_until_ready(self, *commands: Command) -> None:
        """Wait for each. Raises CannotStart, with the end of a log, if one ends or is late."""
        for command in commands:
            began = time.monotonic()
            while not command.ready():
                self._check_all_alive()
                if time.monotonic() - began > command.ready_within:
                    raise CannotStart(_complaint(command, "is not ready"))
                self._pause()
            self.say(f"{command.name} is ready")

    def run_once(self, command: Command) -> None:
        """Run a command to its end. Raises CannotStart, with the end of its log, if it fails."""
        rotate_log(command.log)
        self._check_not_stopping()
        self.passing = Child(command)
        while (code := self.passing.exit_code()) is None:
            self._pause()
        self.passing = None
        if code:
            raise CannotStart(_complaint(command, "failed"))

    def watch(self) -> None:
        """Restart what dies, each with a growing pause, until a stop is requested."""
        while not self.stopping:
            for post in self.posts:
                self._look_after(post)
            self._tidy()
            time.sleep(TICK)

    def stop(self) -> None:
        """Stop the programs together, then the servers one by one, then whatever is left."""
        self.stopping = True
        if self.passing:
            self.passing.stop()
        children = [post.child for post in self.posts if post.child]
        programs = [child for child in children if not child.command.is_server]
        for child in programs:
            child.ask_to_stop()
        for child in programs:
            child.stop()
        # Programs that were orphaned still use the servers, so they go before those.
        end_orphans({child.pid for child in children})
        for child in reversed(children):
            child.stop()
        end_orphans(set())

    def _look_after(self, post: Post) -> None:
        if post.child and post.child.exit_code() is not None:
            self._note_the_fall(post, post.child)
        if post.child is None and time.monotonic() >= post.back_at:
            try:
                post.child = Child(post.command)
            except OSError as refusal:  # no memory, no processes: later perhaps
                self.say(f"{post.command.name} cannot be started: {refusal}")
                post.failures += 1
                post.back_at = time.monotonic() + _pause_after(post.failures)
            else:
                self.say(f"{post.command.name} runs again, process {post.child.pid}")

    def _note_the_fall(self, post: Post, child: Child) -> None:
        post.failures = 1 if child.uptime() > STEADY_AFTER else post.failures + 1
        pause = _pause_after(post.failures)
        post.child, post.back_at = None, time.monotonic() + pause
        self.say(
            f"{post.command.name} {_how_it_ended(child)}; back in {pause:.1f} s "
            f"(log: {post.command.log})"
        )

    def _tidy(self) -> None:
        """Now and then collect adopted children and keep the logs small."""
        if time.monotonic() - self._tidied < TIDY_EVERY:
            return
        self._tidied = time.monotonic()
        reap_orphans({post.child.pid for post in self.posts if post.child})
        for post in self.posts:
            trim_log(post.command.log)

    def _check_all_alive(self) -> None:
        for post in self.posts:
            if post.child and post.child.exit_code() is not None:
                raise CannotStart(_complaint(post.command, _how_it_ended(post.child)))

    def _pause(self) -> None:
        self._check_not_stopping()
        time.sleep(TICK / 2)

    def _check_not_stopping(self) -> None:
        if self.stopping:
            raise StopRequested

    def _stop_requested(self, number: int, frame: FrameType | None) -> None:
        self.stopping = True


def _pause_after(failures: int) -> float:
    """Seconds before the next try: 0.5 after the first fall, doubled each time, at most 30."""
    return min(LONGEST_PAUSE, 0.5 * 2.0 ** min(failures - 1, 10))


def _how_it_ended(child: Child) -> str:
    code = child.process.returncode
    if code is not None and code < 0:
        return f"was ended by signal {signal.Signals(-code).name}"
    return f"ended with code {code}"


def _complaint(command: Command, what: str) -> str:
    return f"{command.name} {what}. The end of its log ({command.log}):\n{last_lines(command.log)}"
