"""Under which account a server process runs, and what that account can reach.

PostgreSQL refuses to run as root. Started by root (a container, a fresh machine) it therefore runs
under an unprivileged account; started by anybody else it runs as that person.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from app.infra.local.errors import CannotStart

# `nobody` comes last: other services share it and could then read the cluster.
UNPRIVILEGED = ("postgres", "uscpis", "nobody")


@dataclass(frozen=True, slots=True)
class Account:
    """A user of this machine who runs a process of ours."""

    name: str
    uid: int
    gid: int

    def popen_options(self) -> dict[str, Any]:
        """Keyword arguments that make subprocess switch to this account, if a switch is needed."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def can_enter(self, folder: Path) -> bool:
        """True if the account itself gets into the folder; asked of the system, not computed."""
        return self._succeeds(["/bin/sh", "-c", 'cd -- "$1"', "sh", str(folder)])

    def can_run(self, program: Path) -> bool:
        """True if the account can start the program, its shared libraries included."""
        return self._succeeds([str(program), "--version"])

    def own(self, folder: Path, mode: int = 0o700) -> None:
        """Give an existing folder to the account."""
        if self.uid != os.geteuid():
            os.chown(folder, self.uid, self.gid)
        folder.chmod(mode)

    def _succeeds(self, argv: list[str]) -> bool:
        try:
            answer = subprocess.run(
                argv,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                timeout=30,
                check=False,
                **self.popen_options(),
            )
        except (OSError, subprocess.SubprocessError):
            return False
        return answer.returncode == 0


def account_of(uid: int) -> Account:
    """The account with this number. Raises CannotStart for a number without a name."""
    try:
        entry = pwd.getpwuid(uid)
    except KeyError:
        raise CannotStart(
            f"User number {uid} has no entry in the password file, and PostgreSQL needs one. "
            "Add the user, or set DATABASE_URL to a running PostgreSQL."
        ) from None
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)


def server_account() -> Account:
    """Who runs a new PostgreSQL cluster: we ourselves, or for root an unprivileged account."""
    if os.geteuid() != 0:
        return account_of(os.geteuid())
    for name in UNPRIVILEGED:
        try:
            return account_of(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    raise CannotStart(
        "PostgreSQL does not run as root, and this machine has no unprivileged account for it. "
        "Run `useradd --system uscpis` once, or set DATABASE_URL to a running PostgreSQL."
    )
