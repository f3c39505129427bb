"""Commands that bring a backup back: `flask clinic restore` and `flask clinic verify-backup`."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypedDict, Unpack

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import SQLAlchemyError

from app.backup.rules import has_passed
from app.backup.services.preview import Preview, preview_set
from app.backup.services.requests import use_code
from app.backup.services.restore import (
    Restored,
    bring_back_files,
    drop_replaced,
    finish_restore,
    found_set,
    restore_set,
    verify_set,
    without_accounts,
)
from app.infra.storage import StorageFailed
from app.kernel.actor import Channel, system_actor
from app.kernel.errors import DomainError

BROKEN, IMPOSSIBLE = 1, 2


class Options(TypedDict):
    """What the command line says."""

    set_name: str | None
    place: str | None
    code: str | None
    preview: bool
    files_only: bool
    empty_machine: bool
    asked_by: str
    approved_by: str
    reason: str
    accepted: Sequence[str]
    finish: bool
    drop_previous: bool


@click.command("verify-backup")
@click.argument("set_name", metavar="SET")
@click.option("--from", "place", required=True, help="The folder or place where the set lies.")
@with_appcontext
def verify_backup(set_name: str, place: str) -> None:
    """Restore a set into a scratch database and check everything (BAK-02).

    Ends with 1 when a check fails, with 2 when the set cannot be opened at all.
    """
    with _refusals_end_here():
        checks = verify_set(found_set(place, set_name), tell=_tell)
    for check in checks:
        click.echo(f"{'ok    ' if check.passed else 'FAILED'} {check.name}: {check.sentence}")
    if not has_passed(checks):
        click.echo(f"{set_name} must not be relied on.")
        sys.exit(BROKEN)
    click.echo(f"{set_name} can be restored.")


@click.command("restore")
@click.argument("set_name", metavar="SET", required=False)
@click.option("--from", "place", help="The folder or place where the set lies.")
@click.option("--code", help="The code of the person who approved the request.")
@click.option("--preview", is_flag=True, help="Say what would happen; change nothing.")
@click.option("--files-only", is_flag=True, help="Bring back files that are missing, no rows.")
@click.option("--empty-machine", is_flag=True, help="There is no clinic here yet, so no accounts.")
@click.option("--asked-by", default="", help="On an empty machine: who wants the restore.")
@click.option("--approved-by", default="", help="On an empty machine: who agrees.")
@click.option("--reason", default="The clinic's server was lost.", show_default=True)
@click.option("--accept", "accepted", multiple=True, help="A check that may fail, by its name.")
@click.option("--finish", is_flag=True, help="Only finish a restore that was interrupted.")
@click.option("--drop-previous", is_flag=True, help="Remove what earlier restores replaced.")
@with_appcontext
def restore(**options: Unpack[Options]) -> None:
    """Replace the clinic's database and files by those of a backup (BAK-04).

    Needs a code from the page Backups > Restore, or --empty-machine where nothing is replaced.
    """
    with _refusals_end_here():
        if _is_finished_now():
            return
        if options["drop_previous"]:
            _drop_previous()
        elif not options["finish"]:
            _restore(options)


def finish_interrupted() -> None:
    """Before a deployment: a restore that was killed while places changed keeps the site shut."""
    with _refusals_end_here():
        _is_finished_now()


def _is_finished_now() -> bool:
    is_finished = finish_restore(system_actor(Channel.CLI))
    if is_finished:
        click.echo("The restore that was interrupted is finished now. The clinic is open.")
    return is_finished


def _restore(options: Options) -> None:
    set_name, where = options["set_name"], options["place"]
    if not set_name or not where:
        raise click.UsageError("Name the set and the place: restore SET --from PLACE")
    place = found_set(where, set_name)
    if options["preview"]:
        _show(preview_set(place))
        return
    actor = system_actor(Channel.CLI)
    if options["empty_machine"]:
        authority = without_accounts(options["asked_by"], options["approved_by"], options["reason"])
    elif options["code"]:
        authority = use_code(actor, set_name=set_name, code=options["code"])
    else:
        raise click.UsageError("Give --code, or --empty-machine where there is no clinic yet.")
    if options["files_only"]:
        count = bring_back_files(actor, place, authority, tell=_tell)
        click.echo(f"{count:,} files came back; those that were there stayed as they are.")
        return
    accepted = options["accepted"]
    _say(restore_set(actor, place, authority, accepted=accepted, tell=_tell))


def _show(preview: Preview) -> None:
    manifest = preview.manifest
    click.echo(f"{manifest.set_name} was made {manifest.made_at:%Y-%m-%d %H:%M} UTC,")
    click.echo(f"by release {manifest.product_version} with the schema {manifest.schema_revision}.")
    click.echo(
        f"What was entered in the {preview.age.total_seconds() / 3600:,.1f} h since is lost."
    )
    click.echo(f"{manifest.file_count:,} files; {manifest.size:,} bytes, sealed.")
    for table in preview.changed:
        click.echo(f"{table.name}: {table.now:,} rows now, {table.then:,} then")
    if not preview.changed:
        click.echo("Every table would keep its number of rows.")
    if preview.refusal:
        click.echo(preview.refusal, err=True)
        sys.exit(IMPOSSIBLE)
    if preview.needs_migration:
        click.echo("Its older schema is brought up to date on the way.")
    click.echo("Nothing was changed.")


def _say(done: Restored) -> None:
    click.echo(f"The clinic is as it was at {done.manifest.made_at:%Y-%m-%d %H:%M} UTC.")
    if done.before:
        click.echo(f"What was replaced is kept as the database {done.before}.")
    if done.held_back_mails:
        click.echo(f"{done.held_back_mails} e-mails wait among the dead letters for a decision.")
    if done.trail_problem:
        click.echo(f"The audit trail could not be sealed: {done.trail_problem}")
    click.echo("Everybody must sign in again. Now run `flask clinic deploy`.")


def _drop_previous() -> None:
    names = drop_replaced(system_actor(Channel.CLI))
    for name in names:
        click.echo(f"{name} was removed.")
    if not names:
        click.echo("There is nothing to remove.")


def _tell(step: str) -> None:
    click.echo(f"... {step}", err=True)


@contextmanager
def _refusals_end_here() -> Iterator[None]:
    """A refusal is a sentence and the exit code 2, never a traceback."""
    try:
        yield
    except (DomainError, StorageFailed) as refusal:
        click.echo(str(refusal), err=True)
        sys.exit(IMPOSSIBLE)
    except SQLAlchemyError as error:
        click.echo(f"The database did not answer ({type(error).__name__}).", err=True)
        click.echo("docs/operations/disaster-recovery.md tells what to do without it.", err=True)
        sys.exit(IMPOSSIBLE)


COMMANDS: tuple[click.Command, ...] = (restore, verify_backup)
