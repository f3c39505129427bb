"""Commands around an installation: `create-admin`, `db-account`, `check-deployment`."""

import sys

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_migrate import upgrade
from psycopg2 import errorcodes
from sqlalchemy.exc import ProgrammingError

from app.deployment.checks import Severity, findings
from app.deployment.looking import look
from app.infra.db import sqlstate
from app.kernel.actor import Channel, system_actor
from app.kernel.errors import DomainError
from app.security import rules
from app.security import services as security
from app.security.errors import UnknownRole


@click.command("create-admin")
@click.option("--id", "university_id", prompt="University ID", help="For example STAFF001.")
@click.option("--first-name", prompt="First name")
@click.option("--last-name", prompt="Last name")
@click.option("--email", prompt="E-mail")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@click.option("--force-by", metavar="NAME", help="Make one more admin, in the name of NAME.")
@with_appcontext
def create_admin(password_stdin: bool, force_by: str | None, **names: str) -> None:
    """Open the first account of a new installation: an admin's.

    Asks for what is not given. Refuses when there is an admin already; they make the others.
    """
    password = _typed_password(from_input=password_stdin)
    try:
        security.check_password(password, forbidden_words=_own_words(names))
        security.open_first_admin(
            system_actor(Channel.CLI),
            password_hash=current_app.extensions["appbuilder"].sm.hash_password(password),
            forced_by=force_by,
            **names,
        )
    except UnknownRole:
        click.echo("This database has no roles yet. Run `flask clinic deploy` first.", err=True)
        sys.exit(1)
    except DomainError as refusal:
        click.echo(refusal.message, err=True)
        sys.exit(1)
    click.echo(f"The account {names['university_id']} was made. Sign in with it now.")


@click.command("db-account")
@with_appcontext
def db_account() -> None:
    """Give the site's own account its rights in the database, and no more (AUD-02).

    Every deployment and restore does it by itself. Safe to repeat.
    """
    if not current_app.config["SETTINGS"].has_two_accounts:
        click.echo("The site runs with the account that owns the database; nothing to give.")
        return
    count = renew_site_account()
    click.echo(f"The site's account has its rights; {count} changes were needed.")


def migrate() -> None:
    """Bring the schema to this release, with the owner's account."""
    try:
        upgrade()
    except ProgrammingError as error:
        if sqlstate(error) != errorcodes.INSUFFICIENT_PRIVILEGE:
            raise
        click.echo(
            "This account of the database may not change the schema. Set DATABASE_OWNER_URL for "
            "this command: docs/operations/deploy.md.",
            err=True,
        )
        sys.exit(1)


def renew_site_account() -> int:
    """Say what was done, and how much; ends the command with a sentence when it cannot be."""
    try:
        done = security.renew_site_account()
    except DomainError as refusal:
        click.echo(refusal.message, err=True)
        sys.exit(1)
    for line in done:
        click.echo(line)
    return len(done)


@click.command("check-deployment")
@click.option("--machines", default=1, show_default=True, help="Machines with a web server.")
@click.option("--workers", default=1, show_default=True, help="Workers on all machines together.")
@click.option("--offline", is_flag=True, help="Do not ask PUBLIC_URL for its certificate.")
@with_appcontext
def check_deployment(machines: int, workers: int, offline: bool) -> None:
    """Look over this installation and say in plain words what is wrong with it.

    Changes nothing. Ends with 1 when something is wrong; advice alone is no failure.
    """
    found = findings(look(machines=machines, workers=workers, asks_outside=not offline))
    for one in found:
        click.echo(f"{one.severity:<6} {one.code}: {one.sentence}")
    wrong = sum(one.severity is Severity.WRONG for one in found)
    if wrong:
        click.echo(f"{wrong} wrong. Patients should not be served like this.", err=True)
        sys.exit(1)
    click.echo("Nothing is wrong." if found else "Everything is as it should be.")


def _typed_password(*, from_input: bool) -> str:
    """From a pipe, or typed twice without being shown. Never an argument: others see those."""
    if from_input:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt="The same again"))


def _own_words(names: dict[str, str]) -> tuple[str, ...]:
    return (*rules.words_of(*names.values()), current_app.config["INSTITUTION_SHORT_NAME"])


COMMANDS: tuple[click.Command, ...] = (create_admin, db_account, check_deployment)
