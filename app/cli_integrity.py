"""Commands around proofs: `flask clinic prove`, `verify-audit`, `verify-report`, `keys create`."""

import sys
from pathlib import Path

import click
from flask.cli import AppGroup, with_appcontext

from app.integrity import services as integrity
from app.integrity.queries import RunView
from app.integrity.rules import RunStatus
from app.kernel.actor import Actor, Channel, system_actor
from app.kernel.errors import DomainError
from app.security import services as security
from app.security.rules import Head
from app.security.services import ChainReport

BROKEN, IMPOSSIBLE = 1, 2


@click.command("prove")
@with_appcontext
def prove() -> None:
    """Check every rule about the data and the audit trail, and write a signed report.

    Ends with 1 when something does not hold, with 2 when the proof could not be made.
    """
    try:
        run = integrity.run_proof(_actor())
    except DomainError as refusal:
        _stop(refusal)
    _print_result(run)
    sys.exit(0 if run.status is RunStatus.PASSED else BROKEN)


def _print_result(run: RunView) -> None:
    for line in run.broken:
        click.echo(f"BROKEN {line['id']} ({line['rule']}): {line['sentence']}")
        if line["problem"]:
            click.echo(f"  {line['problem']}")
        for row in line["rows"]:
            click.echo(f"  {row}")
        if line["count"] > len(line["rows"]):
            click.echo(f"  and {line['count'] - len(line['rows'])} more")
    _print_problems(run.audit_problems, run.audit_problem_count)
    click.echo(f"{run.checks_total - run.breach_count} of {run.checks_total} rules hold.")
    click.echo(f"The audit trail has {run.audit_events} sealed lines; head {run.audit_head}.")
    click.echo(f"Report: {integrity.reports_folder() / run.report}.pdf and .json")


def _print_problems(problems: list[str] | tuple[str, ...], count: int) -> None:
    for problem in problems:
        click.echo(f"AUDIT {problem}")
    if count > len(problems):
        click.echo(f"AUDIT and {count - len(problems)} more problems")


@click.command("verify-audit")
@click.option("--head", "heads", multiple=True, help="A head from a letter or report, 12:ab34...")
@with_appcontext
def verify_audit(heads: tuple[str, ...]) -> None:
    """Walk along the chain of the audit trail. Ends with 1 when something was changed."""
    try:
        found = security.verify_audit(_actor(), heads=[Head.of(text) for text in heads])
    except DomainError as refusal:
        _stop(refusal)
    _print_chain(found)
    sys.exit(0 if found.holds else BROKEN)


def _print_chain(found: ChainReport) -> None:
    _print_problems(found.problems, found.problem_count)
    click.echo(f"{found.sealed} sealed lines; head {found.head or 'none'}.")
    click.echo("The audit trail is whole." if found.holds else "The audit trail was changed.")


@click.command("accept-audit")
@click.option("--reason", required=True, help="Why the trail may differ from what was noted.")
@with_appcontext
def accept_audit(reason: str) -> None:
    """Take the audit trail as it is for the right one, after a restore or an investigation."""
    try:
        head = security.accept_chain(_actor(), reason=reason)
    except DomainError as refusal:
        _stop(refusal)
    click.echo(f"From now on the trail is measured against {head}.")


@click.command("verify-report")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--public-key", default="", help="Whose signature; ours if left out.")
@with_appcontext
def verify_report(file: Path, public_key: str) -> None:
    """Check that a report was signed by us and never changed; its PDF and JSON side by side."""
    try:
        genuine = integrity.verify_report(file, by=public_key)
    except DomainError as refusal:
        click.echo(refusal.message, err=True)
        sys.exit(BROKEN)
    files = "JSON and PDF" if genuine.has_pdf else "JSON"
    click.echo(
        f"Genuine ({files}): proof {genuine.run_id} {genuine.status} at {genuine.finished_at}."
    )


keys = AppGroup("keys", help="Keys that lie outside of the database.")


@keys.command("create")
def create_keys() -> None:
    """Make the keys of a new installation; those that exist are never replaced."""
    made = {
        "The key of the audit trail": security.create_audit_key(),
        "The key that signs reports": integrity.create_report_key(),
    }
    for what, is_new in made.items():
        click.echo(f"{what} {'was made' if is_new else 'is there already'}.")
    click.echo(f"Reports can be checked with the public key {integrity.public_key()}")


@keys.command("rotate")
@click.option("--reason", required=True, help="Why the audit trail gets a new key; no names.")
def rotate_keys(reason: str) -> None:
    """Seal the audit trail with a new key from now on; the older ones still verify (AUD-02)."""
    try:
        name = security.change_audit_key(_actor(), reason=reason)
    except DomainError as refusal:
        _stop(refusal)
    click.echo(f"From now on the key {name} seals the audit trail. Print a new sheet:")
    click.echo("flask clinic backup-keys sheet escrow.pdf")
    click.echo("With several machines, copy audit.json to the others before they work on.")


def _actor() -> Actor:
    return system_actor(Channel.CLI)


def _stop(refusal: DomainError) -> None:
    click.echo(refusal.message, err=True)
    sys.exit(IMPOSSIBLE)


COMMANDS: tuple[click.Command, ...] = (
    prove,
    verify_audit,
    accept_audit,
    verify_report,
    keys,
)
