"""The command for an outage: `flask clinic paper`, and what makes lost numbers known again."""

import sys
from datetime import datetime
from pathlib import Path

import click
from flask.cli import with_appcontext

from app.kernel.actor import Channel, system_actor
from app.kernel.errors import DomainError
from app.operations.services import paper as with_alerts
from app.visits.services import printing
from app.visits.services.paper import adopt_numbers


@click.command("paper")
@click.option(
    "--date", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day; today if left out."
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="The folder for the PDF; this one if left out.",
)
@click.option("--forms", type=int, default=printing.FORMS, show_default=True, help="Blank forms.")
@with_appcontext
def paper(day: datetime | None, out: Path, forms: int) -> None:
    """Print today's lists, alerts and blank numbered forms as one PDF.

    Needs the database, but not the web site, the queue or the network.
    """
    try:
        printed = with_alerts.print_paper(
            system_actor(Channel.CLI), on_date=day.date() if day else None, forms=forms
        )
        file = printing.keep_file(out, printed)
    except DomainError as refusal:
        click.echo(refusal.message, err=True)
        sys.exit(1)
    except OSError as error:
        click.echo(f"The PDF could not be written: {error.strerror}.", err=True)
        sys.exit(1)
    click.echo(f"{file}")
    if printed.numbers:
        click.echo(
            f"Forms {printed.numbers}. Print the file once: no number may be on paper twice."
        )


@click.command("paper-numbers")
@click.option("--up-to", required=True, help="The highest number on paper, such as P-000240.")
@with_appcontext
def paper_numbers(up_to: str) -> None:
    """Make forms known that were printed before a restore, which lost the record of them."""
    try:
        numbers = adopt_numbers(system_actor(Channel.CLI), up_to=up_to)
    except DomainError as refusal:
        click.echo(refusal.message, err=True)
        sys.exit(1)
    click.echo(f"{numbers} can be entered now.")


COMMANDS: tuple[click.Command, ...] = (paper, paper_numbers)
