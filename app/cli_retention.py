"""Commands around retention: `flask clinic retention verify` and `reapply`."""

import sys
from pathlib import Path
from typing import NoReturn

import click
from flask.cli import AppGroup, with_appcontext

from app.kernel.actor import Channel, system_actor
from app.kernel.errors import DomainError
from app.retention import services

LOOK, IMPOSSIBLE = 1, 2
retention = AppGroup("retention", help="Certificates of disposal.")


@retention.command("verify")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--public-key", default="", help="Whose signature; ours if left out.")
@with_appcontext
def verify(file: Path, public_key: str) -> None:
    """Check that a certificate (the file ending in .json) was signed by us and never changed."""
    try:
        facts = services.verified_certificate(file, by=public_key)
    except DomainError as refusal:
        _stop(refusal, LOOK)
    people = facts["people"]
    click.echo(
        f"Genuine: list {facts['list']}, {people['disposed']} people disposed of,"
        f" {people['left_out']} left out, {facts['finished_at']}."
    )


@retention.command("reapply")
@click.argument("places", nargs=-1, type=click.Path(exists=True, path_type=Path))
@with_appcontext
def reapply(places: tuple[Path, ...]) -> None:
    """After a restore: dispose again of everybody whom the certificates name.

    PLACES are certificates, or folders of them; without any the clinic's own. Ends with 1 when
    a person must look at some records, with 2 when a certificate is not genuine.
    """
    try:
        done = services.reapply_disposals(system_actor(Channel.CLI), places=places)
    except DomainError as refusal:
        _stop(refusal, IMPOSSIBLE)
    click.echo(f"{done.certificates} certificates, {done.people} people disposed of again.")
    for keys, sentence in (
        (done.held, "is under a hold in this database: lift it, then run this again"),
        (done.unlike, "belongs to somebody else than the certificate says: it was left alone"),
    ):
        for key in keys:
            click.echo(f"Record {key} {sentence}.")
    sys.exit(LOOK if done.held or done.unlike else 0)


def _stop(refusal: DomainError, code: int) -> NoReturn:
    click.echo(refusal.message, err=True)
    sys.exit(code)


COMMANDS: tuple[click.Command, ...] = (retention,)
