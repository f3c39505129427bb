"""A small crew under our supervisor, run as a program by test_supervisor.py.

`python -m tests.worker.crew <folder> <name=shell command>...`: each command is kept running.
A command may tell that it is ready by making the file <folder>/<name>.ready.
"""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from app.infra.local.errors import CannotStart, StopRequested
from app.infra.local.process import Command
from app.infra.local.supervisor import Supervisor


def commands(folder: Path, words: list[str]) -> list[Command]:
    """One command for each `name=shell command`."""
    made = []
    for name, _, script in (word.partition("=") for word in words):
        made.append(
            Command(
                name=name,
                argv=("/bin/sh", "-c", script),
                log=folder / f"{name}.log",
                environment=dict(os.environ) | {"CREW": str(folder)},
                folder=folder,
                ready=exists(folder / f"{name}.ready"),
                ready_within=10,
                stopping=((15, 1.0),),
                is_server=name == "server",
            )
        )
    return made


def exists(mark: Path) -> Callable[[], bool]:
    """A check for a file that the command makes."""
    return mark.exists


def say(sentence: str) -> None:
    """One line that the test reads."""
    sys.stdout.write(f"{sentence}\n")
    sys.stdout.flush()


def main(folder: Path, words: list[str]) -> int:
    """As `make run` does it: start, wait, watch, stop."""
    supervisor = Supervisor(say)
    supervisor.listen()
    try:
        for command in commands(folder, words):
            supervisor.start(command)
            supervisor.wait_until_ready(command)
        supervisor.watch()
    except StopRequested:
        return 0
    except CannotStart as refusal:
        say(str(refusal))
        return 1
    finally:
        supervisor.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
