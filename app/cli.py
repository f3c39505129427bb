"""Flask commands; each is thin like a view. `flask clinic --help` lists them."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from flask_appbuilder.security.manager import BaseSecurityManager
from werkzeug.security import check_password_hash

from app import (
    cli_backup,
    cli_deployment,
    cli_integrity,
    cli_paper,
    cli_recovery,
    cli_restore,
    cli_retention,
    registry,
    tables,
)
from app.backup import services as backup
from app.demo.loading import Door, accounts_of_demo, load_demo
from app.infra import locks
from app.infra.dictionary import data_dictionary
from app.infra.local.folders import kept_secret
from app.kernel.actor import Channel, system_actor
from app.kernel.errors import DomainError
from app.patients import queries as patients_queries
from app.patients import services as patients
from app.patients.rules import ImportChoice
from app.security import queries as security_queries
from app.security import services as security
from config.reference import configuration_page

DATA_DICTIONARY = Path(__file__).parents[1] / "docs/data-dictionary.md"
CONFIGURATION = Path(__file__).parents[1] / "docs/operations/configuration.md"
FIRST_BACKUP_AFTER = timedelta(seconds=20)
clinic = AppGroup("clinic", help="Run the clinic's system.")


@clinic.command("deploy")
def deploy() -> None:
    """Bring the database to this release: migrate, then seed new default permissions."""
    cli_restore.finish_interrupted()
    cli_deployment.migrate()
    cli_deployment.renew_site_account()
    _refuse_demo_accounts_in_production()
    count = _sync_roles(())
    click.echo(f"Database is up to date; {count} default permissions were added.")


@clinic.command("sync-roles")
@click.option("--restore", multiple=True, help="A role to bring back to its defaults.")
def sync_roles(restore: tuple[str, ...]) -> None:
    """Apply default permissions that were never applied before."""
    click.echo(f"{_sync_roles(restore)} default permissions were added.")


def _sync_roles(restore: tuple[str, ...]) -> int:
    appbuilder = current_app.extensions["appbuilder"]
    # FAB commits row by row, so two deployments at once would meet in the same rows.
    with locks.alone(locks.LockSpace.ROLES):
        BaseSecurityManager.create_db(appbuilder.sm)
        appbuilder.add_permissions(update_perms=True)
        return security.sync_roles(
            system_actor(Channel.CLI), permissions=registry.PERMISSIONS, restore=restore
        )


def _refuse_demo_accounts_in_production() -> None:
    """AUT-07: a site that serves patients has no account with a known password."""
    if current_app.config["SETTINGS"].is_production and security_queries.has_demo_accounts():
        click.echo("This database has demo accounts. Production must not run on it.", err=True)
        sys.exit(1)


@clinic.command("demo")
def demo() -> None:
    """Fill the database with a sample clinic; run again, it changes nothing."""
    settings = current_app.config["SETTINGS"]
    if settings.is_production:
        click.echo("Production must not have demo accounts (AUT-07).", err=True)
        sys.exit(1)
    password = kept_secret(settings.home / "demo-password", settings.demo_password, length=16)
    manager = current_app.extensions["appbuilder"].sm
    door = Door(hash_of=manager.hash_password, is_right=check_password_hash, password=password)
    loaded = load_demo(system_actor(Channel.CLI), door)
    if loaded.visits:
        click.echo(f"{loaded.visits} visits were made.", err=True)
        _ask_for_first_backup()
    for line in accounts_of_demo(settings.mail_domain):
        click.echo(line)


def _ask_for_first_backup() -> None:
    """So that an admin soon finds a proven set; the worker makes it when the start is over."""
    try:
        backup.request_backup(system_actor(Channel.CLI), after=FIRST_BACKUP_AFTER)
    except DomainError as refusal:  # keys that cannot be read: the page says so, the demo goes on
        click.echo(f"No backup was asked for. {refusal.message}", err=True)


@clinic.command("import-patients")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--apply", "stores", is_flag=True, help="Store the valid rows after the dry run.")
def import_patients(file: Path, stores: bool) -> None:
    """Look through a CSV file of patients and, with --apply, store its valid rows."""
    actor = system_actor(Channel.CLI)
    run_id = patients.upload_file(actor, file_name=file.name, content=file.read_bytes())
    patients.continue_import(actor, run_id=run_id)
    for problem in patients_queries.import_problems(run_id):
        click.echo(f"line {problem.line}, {problem.column or 'row'}: {problem.sentence}")
    if stores:
        patients.start_import(actor, run_id=run_id, choice=ImportChoice.VALID_ROWS)
        patients.continue_import(actor, run_id=run_id)
    click.echo(patients_queries.import_summary(run_id))


@clinic.command("self-test")
@click.argument("what", type=click.Choice(["races"]))
def self_test(what: str) -> None:
    """Prove on this database server that no time is given twice; prints a verdict."""
    # A process of its own: it builds sites on a scratch database, which this one must not touch.
    answer = subprocess.run([sys.executable, "-m", "app.selftest", what], check=False)  # noqa: S603
    sys.exit(answer.returncode)


@clinic.command("docs")
def docs() -> None:
    """Write the generated pages of docs/ anew."""
    DATA_DICTIONARY.write_text(data_dictionary(tables.Base.metadata), encoding="utf-8")
    CONFIGURATION.write_text(configuration_page(), encoding="utf-8")
    click.echo(f"{DATA_DICTIONARY.name} and {CONFIGURATION.name} were written.")


def init_commands(app: Flask) -> None:
    """Make the commands known to Flask."""
    for topic in (
        cli_backup,
        cli_integrity,
        cli_deployment,
        cli_recovery,
        cli_restore,
        cli_paper,
        cli_retention,
    ):
        for command in topic.COMMANDS:
            clinic.add_command(command)
    app.cli.add_command(clinic)
