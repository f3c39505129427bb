"""What systemd does for uscpis-web.socket: `python -m tests.deploy.door <fd> <command...>`.

The command finds the listening socket as file 3 and is told so, then takes this process over.
"""

import os
import sys

FIRST_FILE = 3


def main(number: int, argv: list[str]) -> None:
    """Never returns."""
    os.dup2(number, FIRST_FILE, inheritable=True)
    told = {"LISTEN_FDS": "1", "LISTEN_PID": str(os.getpid())}
    os.execve(argv[0], argv, dict(os.environ) | told)  # noqa: S606  no shell is wanted


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
