"""The reference of all settings as a page, from what is read and what example.env says of it."""

import dataclasses
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import time
from pathlib import Path
from zoneinfo import ZoneInfo

from config.settings import Reader, Settings, settings_from

EXAMPLE = Path(__file__).with_name("example.env")
HEADING = """# Settings

Generated from `config/example.env` and `config/settings.py` by `make docs`; a test fails when this
page is stale. Every setting is an environment variable that is read once, at the start. An odd
value ends the process with a sentence that names the variable.

`make run` needs none of them. A production machine keeps its own in `/etc/uscpis/uscpis.env`
(see [deploy.md](deploy.md)); a variable that is missing there has the default of this page. Secret
ones belong into that file and nowhere else. `flask clinic check-deployment` looks over the result.
"""
TITLES = {
    "USCPIS_ENV": "What kind of site",
    "HOST": "Web server and address",
    "DATABASE_URL": "Database and queue",
    "MAIL_SERVER": "Mail",
    "INSTITUTION_NAME": "Whose clinic",
    "IDLE_MINUTES_STAFF": "Sessions",
    "MAX_OPEN_BOOKINGS": "Limits of bookings",
    "QUIET_FROM": "Quiet hours",
    "OFFER_MINUTES": "Waiting list",
    "NO_SHOW_POINT_DAYS": "Missed visits",
    "KEYS_FOLDER": "Keys and backups",
    "RETENTION_OUTPATIENT_YEARS": "Keeping records",
    "REQUEST_ANSWER_DAYS": "Requests about one's own data",
    "DATABASE_REPLICA_URL": "Watching, and reports from a replica",
    "LOG_LEVEL": "Logs",
}
# Read by config/gunicorn.py, or narrower than what a reader of text can tell.
ALLOWED = {
    "WEB_WORKERS": "a whole number from 1",
    "WEB_THREADS": "a whole number from 1",
    "USCPIS_ENV": "`development`, `production`, `testing`",
}
PATHS = re.compile(r"_(HOME|FOLDER|FILE)$")
HIGHEST = 10**6


class ListeningReader(Reader):
    """Reads as always and notes what each variable may hold."""

    def __init__(self) -> None:
        super().__init__({"DATABASE_URL": "postgresql:///clinic"})
        self.allowed: dict[str, str] = {}

    def text(self, name: str, default: str = "") -> str:
        self.allowed[name] = "a path" if PATHS.search(name) else "text"
        return super().text(name, default)

    def flag(self, name: str, default: bool = False) -> bool:
        value = super().flag(name, default)
        self.allowed[name] = "`true`, `false`"
        return value

    def number(self, name: str, default: int, *, lowest: int = 0, highest: int = HIGHEST) -> int:
        value = super().number(name, default, lowest=lowest, highest=highest)
        upper = "" if highest == HIGHEST else f" to {highest}"
        self.allowed[name] = f"a whole number from {lowest}{upper}"
        return value

    def zone(self, name: str, default: str) -> ZoneInfo:
        value = super().zone(name, default)
        self.allowed[name] = "the name of a time zone"
        return value

    def time_of_day(self, name: str, default: str) -> time:
        value = super().time_of_day(name, default)
        self.allowed[name] = "a time of day such as `07:00`"
        return value

    def colour(self, name: str, default: str) -> str:
        value = super().colour(name, default)
        self.allowed[name] = "a colour such as `#14532d`"
        return value

    def pattern(self, name: str, default: str) -> str:
        value = super().pattern(name, default)
        self.allowed[name] = "a regular expression"
        return value

    def level(self, name: str, default: str) -> str:
        value = super().level(name, default)
        self.allowed[name] = "`DEBUG`, `INFO`, `WARNING`, `ERROR`, `CRITICAL`"
        return value

    def names(self, name: str, default: str) -> tuple[str, ...]:
        value = super().names(name, default)
        self.allowed[name] = "names with commas between them"
        return value

    def url(self, name: str, default: str, schemes: tuple[str, ...]) -> str:
        value = super().url(name, default, schemes)
        self.allowed[name] = " or ".join(f"`{scheme}://`" for scheme in schemes) + " ..."
        return value


@dataclass(frozen=True, slots=True)
class Group:
    """Variables under one comment."""

    comment: str
    variables: tuple[tuple[str, str], ...]


def configuration_page() -> str:
    """The page in Markdown."""
    reader = ListeningReader()
    settings_from(reader)
    secret = {field.name.upper() for field in dataclasses.fields(Settings) if not field.repr}
    parts = [HEADING]
    for section in _sections():
        first = section[0].variables[0][0]
        parts += [f"## {TITLES.get(first, first)}\n", "| variable | default | may be | meaning |"]
        parts += ["|---|---|---|---|", *_rows(section, reader.allowed | ALLOWED, secret), ""]
    return "\n".join(parts)


def _rows(section: list[Group], allowed: dict[str, str], secret: set[str]) -> Iterator[str]:
    for group in section:
        meaning = group.comment.replace("|", "\\|")
        for name, default in group.variables:
            kind = allowed.get(name, "text") + ("; **secret**" if name in secret else "")
            shown = f"`{default}`" if default else "empty"
            yield f"| `{name}` | {shown} | {kind} | {meaning} |"
            meaning = "see the line above"


def _sections() -> Iterator[list[Group]]:
    """The blocks of example.env between empty lines; the first one is about the file itself."""
    blocks = EXAMPLE.read_text(encoding="utf-8").split("\n\n")
    for block in blocks:
        groups = list(_groups(block.splitlines()))
        if groups:
            yield groups


def _groups(lines: list[str]) -> Iterator[Group]:
    """A comment holds for the variables below it, up to the next comment."""
    comment: list[str] = []
    variables: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith("#") and variables:
            yield Group(" ".join(comment), tuple(variables))
            comment, variables = [], []
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        elif line:
            name, _, default = line.partition("=")
            variables.append((name, default))
    if variables:
        yield Group(" ".join(comment), tuple(variables))
