"""Commands around backups: `flask clinic backup` and `flask clinic backup-keys`."""

import os
import shlex
import sys
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext

from app.backup import services as backup
from app.backup.queries import RunView
from app.backup.rules import Proof
from app.backup.rules.runs import STEPS, size_in_words
from app.backup.services.restore import found_set
from app.infra.pg_programs import ProgramMissing
from app.infra.storage import StorageFailed
from app.kernel.actor import Actor, Channel, system_actor
from app.kernel.errors import DomainError

NOT_PROVEN, IMPOSSIBLE = 1, 2


@click.command("backup")
@with_appcontext
def make_backup() -> None:
    """Make a backup now: database, files and configuration, copied everywhere and proven.

    Ends with 1 when the set could not be restored or copied, with 2 when none was made.
    """
    try:
        run_id = backup.run_backup(_actor(), watch=_Steps().say)
        run = backup.backup_details(_actor(), run_id=run_id)
    except (DomainError, StorageFailed, ProgramMissing) as refusal:
        _stop(refusal)
    _print(run)
    is_good = run.proof is Proof.PASSED and all(place["is_there"] for place in run.places)
    sys.exit(0 if is_good else NOT_PROVEN)


class _Steps:
    """Says each step once; the bytes between go by silently."""

    def __init__(self) -> None:
        self.step = ""

    def say(self, step: str, _done: int) -> None:
        """The step that runs now."""
        if step != self.step:
            self.step = step
            click.echo(f"{STEPS[step]} ...")


def _print(run: RunView) -> None:
    for check in run.checks:
        click.echo(f"{'right' if check['passed'] else 'WRONG'}  {check['sentence']}")
    for place in run.places:
        click.echo(f"{'there' if place['is_there'] else 'MISSING'}  {place['label']}")
        if place["problem"]:
            click.echo(f"       {place['problem']}")
    size = size_in_words(run.size_bytes)
    click.echo(f"{run.set_name}: {size}, {run.row_count:,} rows, {run.file_count:,} files.")
    click.echo("Proven." if run.proof is Proof.PASSED else "NOT PROVEN: it does not count.")


@click.command("backup-settings")
@click.argument("set_name", metavar="SET")
@click.option("--from", "place", required=True, help="The folder or place where the set lies.")
@with_appcontext
def show_settings(set_name: str, place: str) -> None:
    """Print the settings that a set carries, secrets too, as lines NAME=value."""
    try:
        found = backup.stored_settings(_actor(), found_set(place, set_name))
    except DomainError as refusal:
        _stop(refusal)
    for name, value in sorted(found.items()):
        click.echo(f"{name}={shlex.quote(value)}")


keys = AppGroup("backup-keys", help="The keys that seal backups, and their escrow sheet.")


@keys.command("new")
def new_keys() -> None:
    """Make the keys of a new installation; those that exist are never replaced."""
    try:
        vault = backup.create_backup_keys(_actor())
    except DomainError as refusal:
        _stop(refusal)
    click.echo(f"The key number {vault.key_id} was made. Now print the sheet for the safe:")
    click.echo("flask clinic backup-keys sheet escrow.pdf")


@keys.command("rotate")
def rotate_keys() -> None:
    """Seal with a new key from now on; the older ones still open what they sealed."""
    try:
        vault = backup.rotate_backup_keys(_actor())
    except DomainError as refusal:
        _stop(refusal)
    click.echo(f"From now on the key number {vault.key_id} seals. Print a new sheet:")
    click.echo("flask clinic backup-keys sheet escrow.pdf")


@keys.command("sheet")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def print_sheet(file: Path) -> None:
    """Write the escrow sheet into a new PDF file. Print it, then delete the file."""
    if file.exists():
        click.echo(f"{file} is there already; nothing was written.", err=True)
        sys.exit(IMPOSSIBLE)
    try:
        content = backup.escrow_sheet(_actor())
    except DomainError as refusal:
        _stop(refusal)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as target:
        target.write(content)
    click.echo(f"{file} was written. Print it, lock the paper away, and delete the file.")


@keys.command("enter")
def enter_letter() -> None:
    """Bring a key back from its text on the escrow sheet; an empty line ends it."""
    lines: list[str] = []
    while line := sys.stdin.readline().strip():
        lines.append(line)
    try:
        name = backup.enter_letter(_actor(), "".join(lines))
    except DomainError as refusal:
        _stop(refusal)
    click.echo(f"{name} is in the keys folder.")


def _actor() -> Actor:
    return system_actor(Channel.CLI)


def _stop(refusal: DomainError | StorageFailed | ProgramMissing) -> None:
    click.echo(getattr(refusal, "message", str(refusal)), err=True)
    sys.exit(IMPOSSIBLE)


COMMANDS: tuple[click.Command, ...] = (make_backup, show_settings, keys)
