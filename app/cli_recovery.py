"""Commands of point-in-time recovery: `flask clinic base-backup`, `recover`, `wal-settings`."""

import shlex
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from app.backup.services import base_copies, copy_cluster, recovering
from app.backup.services.base_copies import Cluster
from app.backup.services.cluster_copies import KEEP, cluster_url, cluster_vault
from app.infra.runtime import settings
from app.infra.storage import StorageFailed
from app.infra.wal_shelves import ShelfFailed, shelves_of
from app.kernel import clock
from app.kernel.actor import Channel, system_actor
from app.kernel.errors import DomainError

TOP = Path(__file__).parents[1]
IMPOSSIBLE, INCOMPLETE = 2, 1
MOMENT = "%Y-%m-%d %H:%M:%S"


@click.command("base-backup")
@click.option("--keep", default=KEEP, show_default=True, type=click.IntRange(min=2))
@with_appcontext
def base_backup(keep: int) -> None:
    """Copy the whole cluster, sealed, as the start of recoveries; drop copies beyond --keep.

    Ends with 1 when the copy was made but another place could not take it.
    """
    try:
        _make_base_copy(keep)
    except (DomainError, StorageFailed, ShelfFailed) as refusal:
        _stop(refusal)


def _make_base_copy(keep: int) -> None:
    done = copy_cluster(system_actor(Channel.CLI), keep=keep)
    size = done.copy.size / 1e6
    click.echo(f"{done.copy.set_name}: {size:.0f} MB of cluster {done.copy.cluster}.")
    for problem in done.trouble:
        click.echo(problem, err=True)
    sys.exit(INCOMPLETE if done.trouble else 0)


@click.command("recover")
@click.option("--to", "moment", required=True, help='A time of the clinic: "2026-11-23 10:05".')
@click.option("--into", "folder", required=True, type=click.Path(path_type=Path))
@click.option("--timeline", type=int, help="After an earlier recovery: which history to follow.")
@click.option("--settings-file", default="", help="For the server: where KEYS_FOLDER is set.")
@click.option("--account", default="", help="Who may read the keys, if the server may not.")
@click.option("--installation", type=click.Path(path_type=Path), help="For the server: our code.")
@with_appcontext
def recover(
    moment: str,
    folder: Path,
    timeline: int | None,
    settings_file: str,
    account: str,
    installation: Path | None,
) -> None:
    """Prepare a new data folder that PostgreSQL rolls forward to a moment."""
    try:
        told = Told(settings_file, account, installation)
        when, vault, source = _moment(moment), cluster_vault(), base_copies.first_place(settings())
        copy = recovering.choose(source, vault, when, timeline=timeline)
        click.echo(f"Beginning with {copy.set_name}, finished {_words(copy.finished_at)}.")
        made = recovering.prepare(
            copy,
            source,
            shelves_of(settings(), copy.cluster),
            vault,
            moment=when,
            folder=folder.absolute(),
            restore_command=_command("restore", copy.cluster, told),
        )
    except (DomainError, StorageFailed, ShelfFailed) as refusal:
        _stop(refusal)
    click.echo(f"{made.segments} segments of the log are whole.")
    click.echo(f"Start PostgreSQL {copy.server_major} on {made.folder}.")


@click.command("wal-settings")
@click.option("--settings-file", default="", help="For the server: where KEYS_FOLDER is set.")
@click.option("--account", default="", help="Who may read the keys, if the server may not.")
@click.option("--installation", type=click.Path(path_type=Path), help="For the server: our code.")
@with_appcontext
def wal_settings(settings_file: str, account: str, installation: Path | None) -> None:
    """Print the lines of postgresql.conf that archive the log of this cluster."""
    try:
        cluster: Cluster = base_copies.cluster_at(cluster_url())
    except DomainError as refusal:
        _stop(refusal)
    told = Told(settings_file, account, installation)
    command = _command("archive", cluster.system, told)
    click.echo("wal_level = replica\narchive_mode = on\narchive_timeout = 300")
    click.echo("wal_keep_size = 1GB")
    click.echo(f"archive_command = '{command.replace(chr(39), chr(39) * 2)}'")


@dataclass(frozen=True, slots=True)
class Told:
    """How the database server reaches our code, settings and keys."""

    settings_file: str
    account: str
    installation: Path | None

    @property
    def program(self) -> list[str]:
        """Python with our code. A link to the current release stays right after the next one."""
        if self.installation is None:
            return ["env", f"PYTHONPATH={TOP}", sys.executable]
        python = self.installation / ".venv" / "bin" / "python"
        return ["env", f"PYTHONPATH={self.installation}", str(python)]


def _command(deed: str, cluster: str, told: Told) -> str:
    """What PostgreSQL runs for each segment; with an account the content goes through a pipe."""
    words = [*told.program, "-m", "app.infra.wal", deed]
    if told.account:
        words = ["sudo", "-n", "-u", told.account, *words]
    path = "-" if told.account else "%p"
    known = [f"--cluster={cluster}"]
    if told.settings_file:
        known.append(f"--settings={told.settings_file}")
    places = [path, "%f"] if deed == "archive" else ["%f", path]
    pipe = {"archive": " < %p", "restore": " > %p"}[deed] if told.account else ""
    return " ".join([*map(shlex.quote, words), *places, *map(shlex.quote, known)]) + pipe


def _moment(text: str) -> datetime:
    try:
        typed = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter('Write it like "2026-11-23 10:05".') from None
    when = typed if typed.tzinfo else typed.replace(tzinfo=settings().time_zone)
    if when > clock.now():
        raise click.BadParameter("That moment has not come yet.")
    return when


def _words(moment: datetime) -> str:
    return moment.astimezone(settings().time_zone).strftime(MOMENT)


def _stop(refusal: Exception) -> None:
    click.echo(getattr(refusal, "message", str(refusal)), err=True)
    sys.exit(IMPOSSIBLE)


COMMANDS: tuple[click.Command, ...] = (base_backup, recover, wal_settings)
