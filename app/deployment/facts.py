"""What was found on a machine, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Processes:
    """How many processes of each kind reach the database, on all machines together."""

    web: int
    threads: int
    others: int

    def connections(self, pool_size: int) -> int:
        """The most that they will ever hold open at once."""
        # A request holds one connection; a second one for a lock that outlives transactions.
        each = min(self.threads + 1, 2 * pool_size)
        return self.web * each + self.others * 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """What lies where on this machine."""

    runs_as_root: bool = False
    open_keys: tuple[str, ...] = ()
    missing_keys: tuple[str, ...] = ()
    copied_keys: tuple[str, ...] = ()
    home_is_open: bool = False
    second_folder_is_missing: bool = False
    second_folder_is_here: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """What the database server says. Of settings the values that `SHOW` would print."""

    version: int
    settings: Mapping[str, str]
    is_superuser: bool
    clock_ahead: timedelta
    revision: str
    wanted_revision: str
    has_demo_accounts: bool
    admins: int
    powers_over_trail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """What Redis says; a managed one may keep its settings to itself (None)."""

    version: str
    policy: str | None
    is_kept: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What the public address shows to a visitor: the end of its certificate, or a problem."""

    host: str
    ends_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything. None stands for a server that did not answer, or was not asked."""

    settings: Settings
    processes: Processes
    files: Files
    now: datetime
    database: Database | None
    queue: Queue | None
    certificate: Certificate | None = None
