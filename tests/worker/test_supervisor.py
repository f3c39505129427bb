"""What the supervisor of `make run` promises, shown with small shell commands as children."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[2]
SLEEP = "echo $$ >> $CREW/{name}.pid; touch $CREW/{name}.ready; exec sleep 600"


def steady(name: str) -> str:
    """A command that notes its process id, is ready and then does nothing."""
    return f"{name}={SLEEP.format(name=name)}"


def until(condition: Callable[[], object], seconds: float = 10) -> bool:
    """True as soon as the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def alive(process: int) -> bool:
    """False for processes that are gone or only wait to be collected."""
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False


@dataclass
class Crew:
    """A running supervisor with its folder."""

    folder: Path
    supervisor: subprocess.Popen[str] | None = None
    output: Path = field(init=False)

    def start(self, *words: str) -> None:
        self.output = self.folder / "output"
        with self.output.open("w") as output:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "tests.worker.crew", str(self.folder), *words],
                cwd=TOP,
                stdout=output,
                stderr=output,
                text=True,
            )

    def said(self, words: str) -> bool:
        return words in self.output.read_text()

    def pids(self, name: str) -> list[int]:
        path = self.folder / f"{name}.pid"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def all_pids(self) -> list[int]:
        return [pid for path in self.folder.glob("*.pid") for pid in self.pids(path.stem)]

    def ends_with(self, number: signal.Signals) -> int:
        self.supervisor.send_signal(number)
        return self.supervisor.wait(20)


@pytest.fixture
def crew(tmp_path: Path) -> Iterator[Crew]:
    running = Crew(tmp_path)
    yield running
    if running.supervisor and running.supervisor.poll() is None:
        running.supervisor.kill()
        running.supervisor.wait()


def test_a_killed_child_comes_back(crew):
    crew.start(steady("web"), steady("worker"))
    assert until(lambda: crew.said("worker is ready"))

    os.kill(crew.pids("web")[0], signal.SIGKILL)

    assert until(lambda: len(crew.pids("web")) == 2)
    assert len(crew.pids("worker")) == 1
    assert crew.said("web was ended by signal SIGKILL; back in 0.5 s")


def test_a_child_that_ends_by_itself_comes_back_too(crew):
    crew.start("web=touch $CREW/web.ready; sleep 0.3; exit 3", steady("worker"))

    assert until(lambda: crew.said("web ended with code 3; back in 0.5 s"))
    assert until(lambda: crew.said("web runs again"))


def test_a_child_that_keeps_falling_waits_longer_each_time(crew):
    crew.start("web=touch $CREW/web.ready; sleep 0.2")

    assert until(lambda: crew.said("back in 2.0 s"))
    assert crew.said("back in 0.5 s")
    assert crew.said("back in 1.0 s")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_is_clean_and_leaves_no_process(crew, number):
    crew.start(steady("server"), steady("web"))
    assert until(lambda: crew.said("web is ready"))

    code = crew.ends_with(number)

    assert code == 0
    assert not [pid for pid in crew.all_pids() if alive(pid)]


def test_a_second_ctrl_c_does_not_break_the_stop(crew):
    stubborn = "web=trap '' TERM; echo $$ > $CREW/web.pid; touch $CREW/web.ready; sleep 600"
    crew.start(stubborn)
    assert until(lambda: crew.said("web is ready"))

    crew.supervisor.send_signal(signal.SIGINT)
    time.sleep(0.2)
    code = crew.ends_with(signal.SIGINT)

    assert code == 0
    assert not alive(crew.pids("web")[0])


def test_programs_end_before_the_server_they_use(crew):
    note = "trap 'echo {name} >> $CREW/ended; exit 0' TERM; touch $CREW/{name}.ready; {wait}"
    wait = "while :; do sleep 0.05; done"
    crew.start(*(f"{name}={note.format(name=name, wait=wait)}" for name in ("server", "web")))
    assert until(lambda: crew.said("web is ready"))

    crew.ends_with(signal.SIGTERM)

    assert (crew.folder / "ended").read_text().split() == ["web", "server"]


def test_a_child_that_ignores_the_request_is_ended_with_all_it_started(crew):
    stubborn = (
        "web=trap '' TERM; echo $$ > $CREW/web.pid; sleep 600 & echo $! >> $CREW/web.pid; "
        "touch $CREW/web.ready; wait"
    )
    crew.start(stubborn)
    assert until(lambda: crew.said("web is ready"))

    code = crew.ends_with(signal.SIGTERM)

    assert code == 0
    assert len(crew.pids("web")) == 2
    assert not [pid for pid in crew.pids("web") if alive(pid)]


def test_a_grandchild_that_left_its_group_does_not_escape(crew):
    crew.start(
        "web=setsid sh -c 'echo $$ > $CREW/web.pid; exec sleep 600' & "
        "touch $CREW/web.ready; exec sleep 600"
    )
    assert until(lambda: crew.said("web is ready") and crew.pids("web"))

    crew.ends_with(signal.SIGTERM)

    assert not alive(crew.pids("web")[0])


def test_children_end_when_the_supervisor_is_killed(crew):
    crew.start(steady("server"), steady("web"))
    assert until(lambda: crew.said("web is ready"))

    crew.supervisor.kill()
    crew.supervisor.wait()

    assert until(lambda: not [pid for pid in crew.all_pids() if alive(pid)])


def test_a_child_that_cannot_start_is_shown_with_the_end_of_its_log(crew):
    crew.start(steady("server"), "web=echo the port is on fire; exit 4")

    code = crew.supervisor.wait(20)

    assert code == 1
    assert crew.said("web ended with code 4")
    assert crew.said("the port is on fire")
    assert not [pid for pid in crew.all_pids() if alive(pid)]


def test_a_stop_while_something_still_starts_is_clean_too(crew):
    crew.start(steady("server"), "web=echo $$ > $CREW/web.pid; exec sleep 600")
    assert until(lambda: crew.pids("web"))

    code = crew.ends_with(signal.SIGTERM)

    assert code == 0
    assert not [pid for pid in crew.all_pids() if alive(pid)]
