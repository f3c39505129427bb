"""`python -m app.selftest races`: prints a verdict, ends with 1 when a race went wrong."""

import sys

import click

from app.selftest.races import run_all
from app.selftest.sample import open_clinic
from app.selftest.scratch import scratch_site


@click.command()
@click.argument("what", type=click.Choice(["races"]))
def main(what: str) -> None:
    """Try on this database server whether any time can be given twice."""
    click.echo("A scratch clinic is opened in a database of its own; your data is not touched.")
    with scratch_site() as (_, url):
        verdicts = run_all(url, open_clinic())
    for verdict in verdicts:
        click.echo(f"{'OK   ' if verdict.is_good else 'WRONG'} {verdict.name}: {verdict.sentence}")
    if all(verdict.is_good for verdict in verdicts):
        click.echo("Verdict: this system does not double-book. Nobody was promised a taken time.")
        return
    click.echo("Verdict: something is wrong. Please stop online booking and report this output.")
    sys.exit(1)


if __name__ == "__main__":
    main()
